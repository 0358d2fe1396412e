import Dispatch
import Observability
import RecordModel
import ServiceRuntime
import Storage
import Synchronization

/// Opens day runs and works them off, one at a time, on one instance at a time.
///
/// A run is a row with a row for each of its lanes; whoever holds the advisory lock works it off, the lanes side by
/// side, each chunk by chunk: while one waits for the database, another signs. When the worker dies, the rows stay open
/// and any instance goes on with them: at its start, or when somebody asks for a run.
final class DayRuns: Sendable {
    private let database: Database
    private let chunk: RunChunk
    private let lanes: Int
    private let clock: any WallClock
    private let log: Log
    private let issued: Counter
    private let seconds: Histogram
    private let wanted = DispatchSemaphore(value: 0)
    private let mostUnpublished: Int

    /// The advisory lock of the worker, within the service's schema.
    static let lock: Int64 = 0x7469_656d_6368_756e

    /// - Parameters:
    ///   - lanes: of the runs opened here, from 1.
    ///   - mostUnpublished: bytes in the outbox above which the next chunk waits.
    init(
        database: Database, chunk: RunChunk, lanes: Int, clock: any WallClock, log: Log, metrics: MetricsRegistry,
        mostUnpublished: Int = 12_000_000
    ) {
        self.mostUnpublished = mostUnpublished
        self.database = database
        self.chunk = chunk
        self.lanes = max(1, lanes)
        self.clock = clock
        self.log = log
        issued = metrics.counter("issuance_passports_issued_total", help: "Passports issued.")
        seconds = metrics.histogram(
            "issuance_chunk_seconds", help: "Time of one chunk of a day run.", buckets: Histogram.seconds)
    }

    /// Opens a run, or gives the one that is open.
    func open(by subject: String, in tx: Transaction) throws -> (run: DayRun, isNew: Bool) {
        while true {
            let opened = try tx.run(
                OpenRun(openedBy: subject, openedAt: clock.now(), lanes: Self.ranges(lanes)))
            if let run = try tx.run(CurrentRun()).first { return (run, !opened.isEmpty) }
            // None here: it was finished between the two statements, so one can be opened now.
        }
    }

    /// The keys of persons in so many ranges: keys are hashes, so the ranges are about equally full.
    static func ranges(_ count: Int) -> [(after: PersonKey, until: PersonKey)] {
        let width = UInt64.max / UInt64(count)
        return (0..<count).map { number in
            let after = number == 0 ? PersonKey(high: 0, low: 0) : PersonKey(high: width * UInt64(number), low: .max)
            let until = number == count - 1 ? UInt64.max : width * UInt64(number + 1)
            return (after, PersonKey(high: until, low: .max))
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
            let persons = try workOffLanes(try guardian.run(OpenLanes()), until: stop)
            try guardian.run(FinishRun(at: clock.now()))
            guard try guardian.run(CurrentRun()).isEmpty else { return false }
            log.info("day run finished", ["persons": .int(persons)])
            return true
        }
    }

    /// Works off lanes side by side. Gives the persons done; throws the first error when every lane has ended.
    private func workOffLanes(_ lanes: [Int], until stop: StopSignal) throws -> Int {
        let results = Mutex<[Result<Int, any Error>]>([])
        DispatchQueue.concurrentPerform(iterations: lanes.count) { index in
            let result = Result { try workOffLane(lanes[index], until: stop) }
            results.withLock { $0.append(result) }
        }
        return try results.withLock { $0 }.reduce(0) { try $0 + $1.get() }
    }

    private func waitsForBroker() throws -> Bool {
        try database.withConnection { session in try OutboxDepth.read(session).bytes > mostUnpublished }
    }

    private func workOffLane(_ lane: Int, until stop: StopSignal) throws -> Int {
        var persons = 0
        while !stop.isGiven {
            // A bulk act waits for the broker: what is committed and not published stands in memory.
            if try waitsForBroker() {
                stop.wait(seconds: 0.02)
                continue
            }
            let started = ContinuousClock.now
            let outcome = try database.transaction { tx in try chunk.run(lane: lane, in: tx) }
            let taken = (ContinuousClock.now - started).components
            seconds.observe(seconds: Double(taken.seconds) + Double(taken.attoseconds) / 1e18)
            issued.add(outcome.issued)
            persons += outcome.persons
            if outcome.isFinished { break }
        }
        return persons
    }

    /// Advisory locks are the whole database's: other schemas' runs have other numbers.
    private var lockNumber: Int64 {
        database.configuration.schema.utf8.reduce(DayRuns.lock) { ($0 &* 31) &+ Int64($1) }
    }
}
