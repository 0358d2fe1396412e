internal import Dispatch
internal import Synchronization

/// Connections of one configuration: opened when needed, reused last in first out, replaced when broken.
final class ConnectionPool: Sendable {
    private struct Guarded {
        var state: PoolState<Connection>
        var signals: [Int: DispatchSemaphore] = [:]
    }
    private let configuration: DatabaseConfiguration
    private let guarded: Mutex<Guarded>

    init(_ configuration: DatabaseConfiguration) {
        self.configuration = configuration
        guarded = Mutex(Guarded(state: PoolState(size: configuration.poolSize)))
    }

    var inUse: Int { guarded.withLock { $0.state.inUse } }
    var waiting: Int { guarded.withLock { $0.state.waitingCount } }

    /// A live connection, or why there is none within the checkout timeout.
    func checkout() throws(StorageError) -> Connection {
        let (action, signal) = guarded.withLock { guarded in
            let action = guarded.state.checkout()
            guard case .wait(let ticket) = action else { return (action, nil as DispatchSemaphore?) }
            let signal = DispatchSemaphore(value: 0)
            guarded.signals[ticket] = signal
            return (action, signal)
        }
        switch action {
        case .closed: throw .closed
        case .granted(let grant): return try realise(grant)
        case .wait(let ticket):
            let milliseconds = Int(configuration.checkoutTimeout.seconds * 1000)
            _ = signal?.wait(timeout: .now() + .milliseconds(milliseconds))
            let (grant, isClosed) = guarded.withLock { guarded in
                guarded.signals[ticket] = nil
                return (guarded.state.redeem(ticket), guarded.state.isClosed)
            }
            if let grant { return try realise(grant) }
            if isClosed { throw .closed }
            throw .checkoutTimedOut(
                poolSize: configuration.poolSize, seconds: configuration.checkoutTimeout.seconds)
        }
    }

    private func realise(_ grant: PoolState<Connection>.Grant) throws(StorageError) -> Connection {
        if case .use(let connection) = grant, connection.isAlive() { return connection }
        do throws(StorageError) {
            return try Connection(configuration)
        } catch {
            lose()
            throw error
        }
    }

    /// Takes a connection back; one that is broken or still in a transaction is dropped.
    func giveBack(_ connection: Connection) {
        if connection.isInTransaction { connection.rollback() }
        if connection.isBroken { return lose() }
        let signal = guarded.withLock { guarded in
            let (wake, _) = guarded.state.giveBack(connection)
            return wake.flatMap { guarded.signals[$0] }
        }
        signal?.signal()
    }

    private func lose() {
        let signal = guarded.withLock { guarded in guarded.state.lose().flatMap { guarded.signals[$0] } }
        signal?.signal()
    }

    func close() {
        let signals = guarded.withLock { guarded in
            guarded.state.close().wake.compactMap { guarded.signals[$0] }
        }
        for signal in signals { signal.signal() }
    }
}
