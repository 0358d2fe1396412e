internal import Dispatch
internal import Foundation
public import Observability
internal import RecordModel
internal import Synchronization

/// Publishes committed events of one instance and forgets them when the broker has acknowledged them.
///
///     commit ──▶ memory ──▶ publisher ──▶ acknowledged ──▶ deleted from the table, in groups
///        └─ too much for memory, or the commit's answer was lost ──▶ read from the table
///
/// An instance's rows carry a number whose advisory lock its relay holds. Rows whose lock is free (of an instance that
/// died) are taken over, here and at every start. So a row is published at least once, by whatever happens; doubles are
/// possible after a fault and change nothing at the consumers, which order by version.
///
/// How it fails: without the database, memory goes on being published and deletions wait; without the broker, memory
/// fills up to its limit and the rest stays in the table. Commits never wait for the relay.
public final class OutboxRelay: OutboxSink {
    public struct Settings: Sendable {
        /// Bytes of committed rows held in memory.
        public var memoryBytes = 64_000_000
        /// Bytes handed to the publisher and not yet acknowledged.
        public var inFlightBytes = 16_000_000
        /// How long acknowledged rows are collected before they are deleted together.
        public var deleteDelay: Duration = .milliseconds(150)
        /// How often rows of dead instances, and own rows that memory missed, are looked for.
        public var scanInterval: Duration = .seconds(3)
        /// How long a row that could not be published waits.
        public var retryDelay: Duration = .seconds(1)
        public init() {}
    }

    private let database: Database
    private let publisher: any EventPublisher
    private let settings: Settings
    private let log: Log
    private let number: Mutex<Int32>
    private let state: Mutex<RelayState>
    private let wake = Wake()
    private let ended = DispatchSemaphore(value: 0)
    private let stopping = Mutex<ContinuousClock.Instant?>(nil)
    private let retryAt = Mutex<ContinuousClock.Instant?>(nil)
    private let published: Counter
    private let failed: Counter

    public init(
        database: Database, publisher: any EventPublisher, settings: Settings = Settings(), log: Log
    ) {
        self.database = database
        self.publisher = publisher
        self.settings = settings
        self.log = log
        number = Mutex(Int32.random(in: 1...Int32.max))
        state = Mutex(
            RelayState(limits: .init(memory: settings.memoryBytes, inFlight: settings.inFlightBytes)))
        published = MetricsRegistry.shared.counter("outbox_published_total", help: "Events acknowledged by the broker.")
        failed = MetricsRegistry.shared.counter(
            "outbox_publish_failures_total", help: "Outbox rows that could not be published and are tried again.")
    }

    /// Starts the relay's thread; from now on the database hands its committed events here.
    public func start() {
        database.attach(self)
        let thread = Thread { [self] in run() }
        thread.name = "outbox-relay"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Publishes what is there and ends, or ends when the time is up; what is left stays in the table for the next start.
    /// Gives whether nothing was left. Blocks.
    @discardableResult
    public func stop(timeout: Duration = .seconds(10)) -> Bool {
        stopping.withLock { $0 = .now + timeout }
        wake.signal()
        let limit = Int((timeout + .seconds(5)).seconds * 1000)
        guard ended.wait(timeout: .now() + .milliseconds(limit)) == .success else { return false }
        ended.signal()
        database.attach(nil)
        return state.withLock { $0.isIdle }
    }

    /// What memory knows of: cheap, without a question to the database. `OutboxDepth.read` counts the table.
    public var memory: (rows: Int, bytes: Int, isBehind: Bool) {
        state.withLock { ($0.queuedCount + $0.inFlightCount, $0.memoryBytes, $0.isBehind) }
    }

    // MARK: OutboxSink

    var owner: Int32 { number.withLock { $0 } }

    func committed(_ rows: [CommittedRow]) {
        state.withLock { $0.committed(rows) }
        wake.signal()
    }

    func commitOutcomeUnknown() {
        state.withLock { $0.fallBehind() }
        wake.signal()
    }

    // MARK: The thread

    private func run() {
        var table = RelayTable(database: database, log: log)
        var nextScan = ContinuousClock.now
        var deleteAt: ContinuousClock.Instant?
        /// After a failure the table is left alone until then.
        var tableRests = ContinuousClock.now
        while true {
            handOver()
            let deadline = stopping.withLock { $0 }
            let now = ContinuousClock.now
            let (hasAcknowledged, wantsTable) = state.withLock { (!$0.acknowledged.isEmpty, $0.wantsTable) }
            if hasAcknowledged && deleteAt == nil { deleteAt = deadline == nil ? now + settings.deleteDelay : now }
            let isTimeToDelete = deleteAt.map { $0 <= now || deadline != nil } ?? false
            if now >= tableRests, now >= nextScan || isTimeToDelete || wantsTable {
                if workOnTable(&table, scan: now >= nextScan) {
                    if now >= nextScan { nextScan = now + settings.scanInterval }
                    deleteAt = nil
                } else {
                    tableRests = .now + OutboxRelay.tableRest
                }
                handOver()
            }
            let (isIdle, isReadable) = state.withLock { ($0.isIdle, $0.wantsTable) }
            if let deadline, isIdle || ContinuousClock.now >= deadline { break }
            if isReadable && ContinuousClock.now >= tableRests { continue }
            let retry = retryAt.withLock { $0 }
            let tableTime = isReadable ? tableRests : max(tableRests, min(deleteAt ?? nextScan, nextScan))
            wake.wait(until: [tableTime, retry, deadline].compactMap { $0 }.min() ?? tableTime)
        }
        table.close(owner: owner)
        ended.signal()
    }

    private static let tableRest: Duration = .milliseconds(500)

    /// Hands rows to the publisher as far as the limit in flight allows.
    private func handOver() {
        let isPaused = retryAt.withLock { retryAt in
            guard let time = retryAt, time > .now else {
                retryAt = nil
                return false
            }
            return true
        }
        guard !isPaused else { return }
        while let row = state.withLock({ $0.next() }) {
            publisher.publish(row.events) { [self] result in finished(row, result) }
        }
    }

    private func finished(_ row: CommittedRow, _ result: Result<Void, any Error>) {
        switch result {
        case .success:
            published.add(row.events.count)
            state.withLock { $0.finished(row.id, succeeded: true) }
        case .failure(let error):
            failed.add(1)
            log.warning("an outbox row could not be published; it is tried again", ["error": .error(error)])
            retryAt.withLock { $0 = .now + settings.retryDelay }
            state.withLock { $0.finished(row.id, succeeded: false) }
        }
        wake.signal()
    }

    /// Deletes what is acknowledged, reads what memory missed, takes over the dead's rows. Gives whether the table could
    /// be reached.
    private func workOnTable(_ table: inout RelayTable, scan: Bool) -> Bool {
        let acknowledged = state.withLock { $0.takeAcknowledged() }
        do {
            let current = owner
            let locked = try table.connect(owner: current)
            if locked != current {
                number.withLock { $0 = locked }
                state.withLock { $0.fallBehind() }
            }
            if !acknowledged.isEmpty { try table.delete(acknowledged) }
        } catch {
            state.withLock { $0.notDeleted(acknowledged) }
            table.failed(error)
            return false
        }
        state.withLock { $0.deleted(acknowledged) }
        do {
            if scan {
                if try table.takeOver(owner: owner) > 0 { state.withLock { $0.fallBehind() } }
                let known = state.withLock { $0.knownIDs }
                if try table.hasOthers(owner: owner, than: known) { state.withLock { $0.fallBehind() } }
            }
            let (wants, known, generation) = state.withLock { ($0.wantsTable, $0.knownIDs, $0.generation) }
            if wants {
                let (rows, complete) = try table.read(owner: owner, except: known)
                state.withLock { $0.loaded(rows, complete: complete, since: generation) }
            }
            return true
        } catch {
            table.failed(error)
            return false
        }
    }
}

/// A signal that is not counted: waiting ends if it was given since the last wait.
private final class Wake: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let isSet = Mutex(false)

    func signal() {
        let first = isSet.withLock { isSet in
            defer { isSet = true }
            return !isSet
        }
        if first { semaphore.signal() }
    }

    func wait(until deadline: ContinuousClock.Instant) {
        let left = max(0, (deadline - .now).seconds)
        _ = semaphore.wait(timeout: .now() + .microseconds(Int(left * 1_000_000) + 200))
        let wasSet = isSet.withLock { isSet in
            defer { isSet = false }
            return isSet
        }
        // Timed out while a signal was being given: take its count too, so that the next wait really waits.
        if wasSet { _ = semaphore.wait(timeout: .now()) }
    }
}
