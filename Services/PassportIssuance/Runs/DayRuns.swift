import Dispatch
import Observability
import RecordModel
import ServiceRuntime
import Storage

/// Opens day runs and works them off, one at a time, on one instance at a time.
///
/// A run is a row; whoever holds the advisory lock works it off, chunk by chunk. When the worker dies, the row stays
/// open and any instance goes on with it: at its start, or when somebody asks for a run.
final class DayRuns: Sendable {
    private let database: Database
    private let chunk: RunChunk
    private let clock: any WallClock
    private let log: Log
    private let issued: Counter
    private let seconds: Histogram
    private let wanted = DispatchSemaphore(value: 0)

    /// The advisory lock of the worker, within the service's schema.
    static let lock: Int64 = 0x7469_656d_6368_756e

    init(database: Database, chunk: RunChunk, clock: any WallClock, log: Log, metrics: MetricsRegistry) {
        self.database = database
        self.chunk = chunk
        self.clock = clock
        self.log = log
        issued = metrics.counter("issuance_passports_issued_total", help: "Passports issued.")
        seconds = metrics.histogram(
            "issuance_chunk_seconds", help: "Time of one chunk of a day run.", buckets: Histogram.seconds)
    }

    /// Opens a run, or gives the one that is open.
    func open(by subject: String, in tx: Transaction) throws -> (run: DayRun, isNew: Bool) {
        while true {
            if let run = try tx.run(OpenRun(openedBy: subject, openedAt: clock.now())).first { return (run, true) }
            // None here: it was finished between the two statements, so one can be opened now.
            if let run = try tx.run(CurrentRun()).first { return (run, false) }
        }
    }

    /// Wakes the worker.
    func wake() { wanted.signal() }

    /// Works off open runs until the stop signal: woken by `wake`, and looking by itself now and then, since another
    /// instance may have died over a run.
    func work(until stop: StopSignal) throws {
        while !stop.isGiven {
            try workOff(until: stop)
            var halfSeconds = 0
            while halfSeconds < 10, !stop.isGiven, wanted.wait(timeout: .now() + 0.5) == .timedOut { halfSeconds += 1 }
        }
    }

    /// Works off the open run, if there is one and no other instance is at it.
    /// - Returns: whether nothing is left to do.
    @discardableResult
    func workOff(until stop: StopSignal) throws -> Bool {
        try database.withConnection { guardian in
            let isFree = try guardian.query("SELECT pg_try_advisory_lock($1)", [.int8(lockNumber)]) { $0.bool(0) }
            guard isFree.first == true else { return false }
            defer { _ = try? guardian.query("SELECT pg_advisory_unlock($1)", [.int8(lockNumber)]) { $0.bool(0) } }
            guard try guardian.run(CurrentRun()).first != nil else { return true }
            log.info("day run under way")
            var persons = 0
            while !stop.isGiven {
                let started = ContinuousClock.now
                let outcome = try database.transaction { tx in try chunk.run(in: tx) }
                let taken = (ContinuousClock.now - started).components
                seconds.observe(seconds: Double(taken.seconds) + Double(taken.attoseconds) / 1e18)
                issued.add(outcome.issued)
                persons += outcome.persons
                guard !outcome.isFinished else {
                    log.info("day run finished", ["persons": .int(persons)])
                    return true
                }
            }
            return false
        }
    }

    /// Advisory locks are the whole database's: other schemas' runs have other numbers.
    private var lockNumber: Int64 {
        database.configuration.schema.utf8.reduce(DayRuns.lock) { ($0 &* 31) &+ Int64($1) }
    }
}
