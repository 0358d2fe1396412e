import Dispatch
import Glibc
import Synchronization

/// Closes connections that send too slowly.
///
/// libmicrohttpd's own limit counts from the last byte, so one byte now and then keeps a connection for ever. Here each
/// connection has one deadline: for the request's head, then for its body. Answering has none: libmicrohttpd's limit on
/// inactivity is enough there.
final class ConnectionWatch: Sendable {
    /// One open connection.
    final class Connection: Sendable {
        fileprivate let socket: Int32
        /// Monotonic nanoseconds; 0 for none.
        fileprivate let deadline = Atomic<UInt64>(0)
        fileprivate let expired = Atomic<Bool>(false)

        fileprivate init(socket: Int32) { self.socket = socket }

        /// The next phase must be over in so many seconds; nil lifts the limit.
        func limit(seconds: Double?) {
            let value = seconds.map { DispatchTime.now().uptimeNanoseconds + UInt64($0 * 1e9) } ?? 0
            deadline.store(value, ordering: .relaxed)
        }

        /// Whether the watch has closed it.
        var isExpired: Bool { expired.load(ordering: .relaxed) }
    }

    private let connections = Mutex<[ObjectIdentifier: Connection]>([:])
    nonisolated(unsafe) private let timer: any DispatchSourceTimer

    init() {
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "tiemchung.web.slow-clients"))
        timer.schedule(deadline: .now() + .milliseconds(250), repeating: .milliseconds(250))
        timer.setEventHandler { [weak self] in self?.sweep() }
        timer.resume()
    }

    deinit { timer.cancel() }

    func opened(socket: Int32, headSeconds: Double) -> Connection {
        let connection = Connection(socket: socket)
        connection.limit(seconds: headSeconds)
        connections.withLock { $0[ObjectIdentifier(connection)] = connection }
        return connection
    }

    /// Called before the socket is closed, so that a sweep never meets a reused number.
    func closed(_ connection: Connection) {
        _ = connections.withLock { $0.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    var count: Int { connections.withLock { $0.count } }

    private func sweep() {
        let now = DispatchTime.now().uptimeNanoseconds
        connections.withLock { connections in
            for connection in connections.values {
                let deadline = connection.deadline.load(ordering: .relaxed)
                guard deadline != 0, deadline < now else { continue }
                connection.deadline.store(0, ordering: .relaxed)
                connection.expired.store(true, ordering: .relaxed)
                shutdown(connection.socket, Int32(SHUT_RD))
            }
        }
    }
}
