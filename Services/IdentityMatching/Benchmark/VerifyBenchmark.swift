import Dispatch
import RecordModel
import Storage
import Synchronization

/// Measures VERIFY over a generation that is loaded: how many records a second, and against what the database alone does.
///
/// Two things are timed in one run, on the same records against the same persons:
///
/// - *verify*: typed items to answers, by the code that the stream and the walks use, several workers beside each other,
///   each batch read, normalised, looked up, decided and keyed;
/// - *bare*: one set-wise statement in the database over the same records, already read and normalised and standing in a
///   table beside a copy of the register with normalised names, which only counts those whose four items agree.
///
/// Making the tables of the bare statement is not timed; they are dropped at the end. Nothing else is written.
struct VerifyBenchmark: Sendable {
    let database: Database
    let answering: Answering
    let clock: any WallClock
    /// Records a batch: what a walk takes at once.
    var batch = 20_000
    var workers = 2
    /// Of each, the quickest counts.
    var rounds = 3

    struct Report: Sendable {
        var records = 0
        var persons = 0
        var right = 0
        /// What the bare statement found right: the same number, or the measurement is of two different things.
        var bareRight = 0
        var secondsToVerify = 0.0
        var secondsOfBareQuery = 0.0

        var recordsPerSecond: Double { Double(records) / max(secondsToVerify, 1e-9) }
        var bareRecordsPerSecond: Double { Double(records) / max(secondsOfBareQuery, 1e-9) }
        /// Against the bare statement: 1 is as fast as it.
        var ratio: Double { secondsOfBareQuery / max(secondsToVerify, 1e-9) }
    }

    enum Failure: Error, CustomStringConvertible {
        case noRegister

        var description: String { "no register generation is active: load and activate one first" }
    }

    /// Verifies the records against the active generation and times it. Blocks.
    /// - Throws: `Failure`, `StorageError`.
    func run(_ records: [TypedItems]) throws -> Report {
        let found = try database.transaction { try answering.register.standing(in: $0) }
        guard let standing = found else { throw Failure.noRegister }
        let bare = BareQuery(database: database, standing: standing)
        var report = Report()
        report.records = records.count
        report.persons = try bare.prepare(records)
        defer { try? bare.remove() }
        report.secondsToVerify = .infinity
        report.secondsOfBareQuery = .infinity
        for _ in 0..<rounds {
            let (verifying, right) = try timed { try verify(records, by: standing) }
            report.secondsToVerify = min(report.secondsToVerify, verifying)
            report.right = right
            let (counting, bareRight) = try timed { try bare.run() }
            report.secondsOfBareQuery = min(report.secondsOfBareQuery, counting)
            report.bareRight = bareRight
        }
        return report
    }

    private func timed<R>(_ body: () throws -> R) rethrows -> (seconds: Double, R) {
        let clock = ContinuousClock()
        let start = clock.now
        let result = try body()
        let taken = start.duration(to: clock.now).components
        return (Double(taken.seconds) + Double(taken.attoseconds) * 1e-18, result)
    }

    /// How many are right.
    private func verify(_ records: [TypedItems], by standing: StandingRegister) throws -> Int {
        let next = Atomic<Int>(0)
        let right = Atomic<Int>(0)
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            do {
                while true {
                    let start = next.add(batch, ordering: .relaxed).oldValue
                    guard start < records.count else { return }
                    let part = Array(records[start..<min(start + batch, records.count)])
                    let answers = try database.transaction { session in
                        try answering.answer(part, by: standing, at: clock.now(), in: session)
                    }
                    let count = answers.reduce(0) { $0 + ($1.outcome == .right ? 1 : 0) }
                    right.add(count, ordering: .relaxed)
                }
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return right.load(ordering: .relaxed)
    }
}
