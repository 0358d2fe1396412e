import Foundation
import RecordModel
import Storage
import Synchronization

/// Copies rows into a generation's table over several connections at once, while the caller reads on.
///
/// Memory is bounded: so many chunks wait at most, then `add` waits. The first error of a copier ends all of them and is
/// thrown by the next `add` or by `finish`.
final class RegisterCopy: Sendable {
    private struct State {
        var waiting: [[RegisterRow]] = []
        var isFinished = false
        var running: Int
        var error: (any Error)?
    }

    private let database: Database
    private let statement: String
    private let most: Int
    private let state: Mutex<State>
    /// Given to with every change; whoever waits looks again.
    private let changed = NSCondition()

    /// - Parameters:
    ///   - threads: connections that copy at the same time.
    ///   - most: chunks that wait at most.
    init(database: Database, generation: Int32, threads: Int, most: Int) {
        self.database = database
        self.most = most
        statement = """
            COPY \(RegisterTables.table(of: generation)) (personal_id, old_id, date_of_birth, line, female, full_name,
                residence_commune) FROM STDIN (FORMAT binary)
            """
        state = Mutex(State(running: threads))
        for number in 1...threads {
            let thread = Thread { [self] in copyUntilFinished() }
            thread.name = "register-copy-\(number)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    /// Hands rows over; waits while too many wait.
    func add(_ rows: [RegisterRow]) throws {
        try wait { state -> Void? in
            if let error = state.error { throw error }
            guard state.waiting.count < most else { return nil }
            state.waiting.append(rows)
            return ()
        }
    }

    /// Waits until everything is in the table.
    func finish() throws {
        try wait { state -> Void? in
            state.isFinished = true
            guard state.running == 0 else { return nil }
            if let error = state.error { throw error }
            return ()
        }
    }

    /// Lets go of what waits and waits until nothing is written any more.
    func abandon() {
        try? wait { state -> Void? in
            state.isFinished = true
            state.waiting = []
            return state.running == 0 ? () : nil
        }
    }

    /// Tries until there is a result; tries again after each change.
    private func wait<R>(_ attempt: (inout State) throws -> R?) throws -> R {
        changed.lock()
        defer { changed.unlock() }
        while true {
            let result = try state.withLock { state in try attempt(&state) }
            changed.broadcast()
            if let result { return result }
            changed.wait()
        }
    }

    private func copyUntilFinished() {
        var failure: (any Error)?
        do {
            try database.withConnection { connection in
                while let rows = next() { try copy(rows, on: connection) }
            }
        } catch {
            failure = error
        }
        try? wait { state -> Void? in
            state.running -= 1
            state.error = state.error ?? failure
            if failure != nil { state.waiting = [] }
            return ()
        }
    }

    /// The next chunk; nil when there will be none.
    private func next() -> [RegisterRow]? {
        let next: [RegisterRow]?? = try? wait { state -> [RegisterRow]?? in
            if state.error != nil { return .some(nil) }
            if !state.waiting.isEmpty { return .some(state.waiting.removeFirst()) }
            return state.isFinished ? .some(nil) : nil
        }
        return next ?? nil
    }

    private func copy(_ rows: [RegisterRow], on connection: Connection) throws {
        try connection.copyIn(statement) { writer in
            for row in rows {
                try writer.row(columns: 7)
                writer.int8(row.personalID)
                writer.int4(row.oldID)
                writer.date(row.birthDate)
                writer.int4(Int32(clamping: row.line))
                writer.bool(row.sex == .female)
                writer.text(row.name)
                writer.text(row.residenceCommune)
            }
        }
    }
}
