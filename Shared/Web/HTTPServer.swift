// HTTP for one process: libmicrohttpd's threads read and write sockets, Swift tasks do the work.
//
// The way of a request: the head arrives → `Router` finds the route → `Authenticator` and the route's roles are checked →
// the handler's task starts and reads the body while it arrives → the response is queued and sent, or written while it is
// sent. Whoever waits is suspended (`MHD_suspend_connection`) and resumed exactly once; no thread is blocked.
//
// How it fails: a request beyond a limit gets its problem (400, 401, 403, 404, 405, 413) or, when it comes too slowly, a
// closed connection; an error that a handler throws becomes a 500 problem with a trace id, and one log line; a client that
// goes away cancels the handler's task. `start` throws `ListenError` when the port is taken.
// Stopping: `stop` takes no new connection, lets exchanges finish within the grace time, cuts what is left.
// Who may touch it: services only through Route, Request, Response and Problem; libmicrohttpd is not seen outside.
import CMicroHTTPD
import CWebShims
public import Observability
import Synchronization

/// Limits and address of a server.
public struct HTTPServerConfiguration: Sendable {
    public var address: ListenAddress
    /// Threads that read and write sockets.
    public var threads = 2
    /// Open connections in all.
    public var connectionLimit = 1_024
    /// Open connections of one client address. Behind a proxy all clients have one.
    public var connectionsPerAddress = 1_024
    /// Seconds without any traffic after which a connection is closed.
    public var inactivitySeconds = 30
    /// Seconds within which a request's head must be complete.
    public var headSeconds = 20.0
    /// Seconds within which a body must be complete, for each started MiB of it; so one slow client holds a connection no
    /// longer than its upload is worth.
    public var bodySecondsPerMebibyte = 30.0
    /// Bytes for the request line, headers and buffers of one connection.
    public var connectionMemory = 64 << 10
    /// Bytes of one body that may wait between the network and the handler, each way.
    public var bodyBuffer = 256 << 10
    /// Certificate and key for TLS, PEM; nil for plain HTTP behind a proxy.
    public var tls: (certificate: String, key: String)?

    public init(address: ListenAddress) { self.address = address }
}

/// A running server.
public final class HTTPServer: Sendable {
    /// The port it listens on: the configured one, or the one that was free.
    public let port: UInt16
    let core: ServerCore
    private let daemon: DaemonHandle

    /// Starts a server.
    /// - Parameters:
    ///   - routes: the routing table.
    ///   - authenticator: verifies tokens; nil when every route is open.
    ///   - log: one line for each refusal and failure.
    ///   - metrics: where requests are counted.
    ///   - problem: turns errors of the service's own into problems; nil becomes 500.
    /// - Throws: `ListenError`.
    public init(
        _ configuration: HTTPServerConfiguration, routes: [Route], authenticator: (any Authenticator)?, log: Log,
        metrics: MetricsRegistry = .shared,
        problem: @escaping @Sendable (any Error) -> Problem? = { _ in nil }
    ) throws(ListenError) {
        precondition(
            authenticator != nil || routes.allSatisfy { $0.roles == nil },
            "routes with roles need an authenticator")
        let core = ServerCore(configuration, routes, authenticator, log, metrics, problem)
        let (socket, port) = try listeningSocket(configuration.address)
        guard let daemon = DaemonHandle(core: core, socket: socket) else {
            throw ListenError(
                address: configuration.address, isPortTaken: false, reason: "libmicrohttpd refused to start")
        }
        self.port = port
        self.core = core
        self.daemon = daemon
    }

    /// Requests that are being answered.
    public var exchangesInFlight: Int { core.inFlight }

    /// Stops: no new connection, exchanges may finish within `graceSeconds`, then they are cut. Safe to call twice.
    public func stop(graceSeconds: Double = 10) async {
        guard daemon.quiesce() else { return }
        // An exchange that begins later must not be suspended: stopping the daemon then would abort the process.
        core.refuseNew()
        if await !core.waitUntilIdle(seconds: graceSeconds) {
            core.cutAll()
            _ = await core.waitUntilIdle(seconds: 2)
        }
        // What was cut is never suspended again; a client too slow to take its answer is disconnected here.
        await daemon.stop()
    }
}

/// Owns the C daemon; all its callbacks reach the core, which the handle keeps alive.
private final class DaemonHandle: @unchecked Sendable {
    private enum Phase { case running, quiesced, stopped }

    private let daemon: OpaquePointer
    private let core: ServerCore
    private let phase = Mutex(Phase.running)

    init?(core: ServerCore, socket: Int32) {
        let configuration = core.configuration
        var options = web_daemon_options()
        options.listen_socket = socket
        options.threads = UInt32(max(1, configuration.threads))
        options.connection_limit = UInt32(configuration.connectionLimit)
        options.per_address_limit = UInt32(configuration.connectionsPerAddress)
        options.inactivity_seconds = UInt32(configuration.inactivitySeconds)
        options.connection_memory = configuration.connectionMemory
        let context = Unmanaged.passUnretained(core).toOpaque()
        func start(_ certificate: UnsafePointer<CChar>?, _ key: UnsafePointer<CChar>?) -> OpaquePointer? {
            options.certificate_pem = certificate
            options.key_pem = key
            return web_start_daemon(&options, accessCallback, completedCallback, connectionCallback, context)
        }
        let started =
            if let tls = configuration.tls {
                tls.certificate.withCString { certificate in tls.key.withCString { start(certificate, $0) } }
            } else {
                start(nil, nil)
            }
        guard let started else {
            closeSocket(socket)
            return nil
        }
        daemon = started
        self.core = core
    }

    /// Takes no new connection; false when that was done before.
    func quiesce() -> Bool {
        let first = phase.withLock { phase -> Bool in
            guard phase == .running else { return false }
            phase = .quiesced
            return true
        }
        if first {
            let socket = MHD_quiesce_daemon(daemon)
            if socket >= 0 { closeSocket(socket) }
        }
        return first
    }

    /// Joins the daemon's threads. No exchange may be suspended.
    func stop() async {
        let first = phase.withLock { phase -> Bool in
            guard phase == .quiesced else { return false }
            phase = .stopped
            return true
        }
        guard first else { return }
        try? await onThread("http-stop") { [self] in MHD_stop_daemon(daemon) }
    }
}
