import Observability
import RecordModel
import ServiceRuntime
import Storage

/// Walks through what is to be verified again, a few blocks at a time, beside the live stream.
///
/// Each chunk is a transaction of its own that remembers the place: after a crash it goes on there. It waits while the
/// outbox is full or a reader is far behind. Of several instances one is at it at a time.
struct Reverifier: Sendable {
    let database: Database
    let answering: Answering
    let clock: any WallClock
    let log: Log
    /// Why to wait, or nil.
    let heldBack: @Sendable () -> Bool
    /// Blocks of 8 kB a chunk: about two thousand rows.
    var blocksAtOnce: Int64 = 64

    enum Step: Equatable {
        /// Nothing is to be done here.
        case idle
        case heldBack
        case advanced
    }

    /// Verifies one chunk again. Blocks.
    func step() throws -> Step {
        if heldBack() { return .heldBack }
        return try database.transaction { session in
            guard let standing = try answering.register.standing(in: session),
                let run = try ReverificationRun.current(in: session)
            else { return .idle }
            if run.isRewritten {
                try run.startAgain(in: session)
                return .advanced
            }
            let end = min(run.nextBlock + blocksAtOnce, run.blocks)
            let changed = try verify(run, blocks: run.nextBlock..<max(end, run.nextBlock), by: standing, in: session)
            try run.advance(
                to: end, verified: changed.verified, changed: changed.changed, at: clock.now(), in: session)
            return .advanced
        }
    }

    private func verify(
        _ run: ReverificationRun, blocks: Range<Int64>, by standing: StandingRegister, in session: Transaction
    ) throws -> (verified: Int, changed: Int) {
        var records = try run.records(inBlocks: blocks, session: session)
        if records.isEmpty { return (0, 0) }
        let answers = try answering.answer(records.map(\.typed), by: standing, at: clock.now(), in: session)
        for index in records.indices {
            let isWithdrawn = records[index].answer.traits.contains(.withdrawn)
            records[index].answer = answers[index].marking(withdrawn: isWithdrawn)
        }
        let changes = try VerdictStore.storeAgain(records, restate: run.restate, in: session)
        for change in changes {
            records[change.index].wasLinked = change.wasLinked
            records[change.index].wasFound = change.wasFound
            try session.emit(records[change.index].events(source: VerificationHandler.source))
        }
        return (records.count, changes.count)
    }

    /// Goes on until the service stops.
    func run(until stop: StopSignal) throws {
        while !stop.isGiven {
            switch try step() {
            case .idle: if stop.wait(seconds: 0.5) { return }
            case .heldBack: if stop.wait(seconds: 0.05) { return }
            case .advanced: continue
            }
        }
    }
}
