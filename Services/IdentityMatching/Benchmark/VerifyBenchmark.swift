import Dispatch
import RecordModel
import Storage
import Synchronization

/// Measures VERIFY over a generation that is loaded: how many records a second, and against what the database alone does.
///
/// Three things are timed in one run, in turns, on the same records against the same persons:
///
/// - *verify*: typed items to answers, by the code that the stream and the walks use, several workers beside each other,
///   each batch read, looked up, decided, explained and keyed;
/// - *bare*: one set-wise statement in the database over the same records, already read and normalised and standing in a
///   table beside a copy of the register with normalised names, which only counts those whose four items agree. Nothing is
///   sent or fetched, nothing is explained; the planner may use as many processes as it likes;
/// - *looked up*: what verify asks of the database alone, by the same workers in the same batches, the numbers already read
///   and in order.
///
/// Making the tables of the bare statement is not timed; they are dropped at the end. Nothing else is written.
struct VerifyBenchmark: Sendable {
    let database: Database
    let answering: Answering
    let clock: any WallClock
    /// Records a batch.
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
        var secondsToVerify = Double.infinity
        var secondsOfBareQuery = Double.infinity
        var secondsToLookUp = Double.infinity

        func perSecond(_ seconds: Double) -> Double { Double(records) / max(seconds, 1e-9) }
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
        let batches = stride(from: 0, to: records.count, by: batch).map {
            Array(records[$0..<min($0 + batch, records.count)])
        }
        let asked = batches.map { part in
            var verify = Verify(rules: standing.rules)
            return AskedNumbers(part.map { verify.read($0).askedNumber })
        }
        for _ in 0..<rounds {
            let (verifying, right) = try timed { try verify(batches, by: standing) }
            report.secondsToVerify = min(report.secondsToVerify, verifying)
            report.right = right
            let (counting, bareRight) = try timed { try bare.run() }
            report.secondsOfBareQuery = min(report.secondsOfBareQuery, counting)
            report.bareRight = bareRight
            let (lookingUp, _) = try timed { try lookUp(asked, of: standing) }
            report.secondsToLookUp = min(report.secondsToLookUp, lookingUp)
        }
        return report
    }

    private func timed<R>(_ body: () throws -> R) rethrows -> (seconds: Double, R) {
        let clock = ContinuousClock()
        let start = clock.now
        let result = try body()
        return (start.duration(to: clock.now) / .seconds(1), result)
    }

    /// How many are right.
    private func verify(_ batches: [[TypedItems]], by standing: StandingRegister) throws -> Int {
        let right = Atomic<Int>(0)
        try spread(over: batches.count) { index, session in
            let answers = try answering.answer(batches[index], by: standing, at: clock.now(), in: session)
            right.add(answers.reduce(0) { $0 + ($1.outcome == .right ? 1 : 0) }, ordering: .relaxed)
        }
        return right.load(ordering: .relaxed)
    }

    private func lookUp(_ asked: [AskedNumbers], of standing: StandingRegister) throws {
        try spread(over: asked.count) { index, session in
            _ = try answering.register.persons(holding: asked[index], of: standing, in: session)
        }
    }

    /// Each batch in a transaction of its own, over the workers.
    private func spread(over batches: Int, _ body: @Sendable (Int, Transaction) throws -> Void) throws {
        let next = Atomic<Int>(0)
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            do {
                while true {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < batches else { return }
                    try database.transaction { try body(index, $0) }
                }
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
