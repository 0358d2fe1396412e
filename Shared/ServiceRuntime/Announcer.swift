public import Storage
import Synchronization

/// Lets a service emit its current facts again, batch by batch, no faster than they are published and read.
///
/// An announcement changes nothing where the facts are known: same ids, same versions. It is for projections that were
/// lost, and for a broker that was wiped.
public final class Announcer: Sendable {
    /// How far an announcement is.
    public struct Progress: Sendable, Equatable {
        public var isRunning = false
        public var emitted = 0
        /// Facts in all, where the service has said so.
        public var total: Int?
        /// Why the next batch waits; nil when it does not.
        public var heldBack: String?
        /// How the last one ended: `nil` while running or before the first, else `done`, `stopped` or the error.
        public var ended: String?
    }

    private let database: Database
    private let stop: StopSignal
    private let held: @Sendable () -> String?
    private let state = Mutex(Progress())

    /// - Parameter held: why to wait before the next batch; nil when there is room.
    init(database: Database, stop: StopSignal, held: @escaping @Sendable () -> String?) {
        self.database = database
        self.stop = stop
        self.held = held
    }

    /// Runs one transaction that emits a batch of facts (a few thousand). Waits first while the outbox is full.
    ///
    /// Transient database errors are retried. Use keyset pagination: remember the last key, ask for the next rows.
    /// - Returns: what the closure returns, for example the last key, or nil when there is no more.
    /// - Throws: `AnnouncementStopped` when the service is stopping; what the closure throws.
    public func emit<R>(_ batch: (Transaction) throws -> R) throws -> R {
        while let reason = held() {
            state.withLock { $0.heldBack = reason }
            if stop.wait(seconds: 0.1) { throw AnnouncementStopped() }
        }
        state.withLock { $0.heldBack = nil }
        var pause = 0.1
        while true {
            if stop.isGiven { throw AnnouncementStopped() }
            do {
                let (result, count) = try database.transaction { transaction in
                    (try batch(transaction), transaction.emittedCount)
                }
                state.withLock { $0.emitted += count }
                return result
            } catch let error as StorageError where error.isTransient {
                if stop.wait(seconds: pause) { throw AnnouncementStopped() }
                pause = min(pause * 2, 5)
            }
        }
    }

    /// Says how many facts there are in all, for the progress shown.
    public func expect(_ total: Int) { state.withLock { $0.total = total } }

    public var progress: Progress { state.withLock { $0 } }

    /// Begins; false when one is running.
    func begin() -> Bool {
        state.withLock { state in
            guard !state.isRunning else { return false }
            state = Progress(isRunning: true)
            return true
        }
    }

    func end(_ how: String) {
        state.withLock { state in
            state.isRunning = false
            state.ended = how
        }
    }
}

/// The service is stopping; the announcement is to be started again afterwards.
public struct AnnouncementStopped: Error, CustomStringConvertible, Sendable {
    public var description: String { "the announcement was stopped with the service; start it again" }
}
