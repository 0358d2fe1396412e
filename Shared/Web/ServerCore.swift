import Cryptography
import Dispatch
import Glibc
import Observability
import Synchronization

/// What all exchanges of a server share.
final class ServerCore: Sendable {
    let configuration: HTTPServerConfiguration
    let router: Router
    let authenticator: (any Authenticator)?
    let log: Log
    let watch = ConnectionWatch()
    private let metrics: MetricsRegistry
    private let durations: [Histogram]
    private let problem: @Sendable (any Error) -> Problem?
    private let state = Mutex(State())

    private struct State {
        var exchanges: [ObjectIdentifier: Exchange] = [:]
        var idleWaiters: [Int: CheckedContinuation<Bool, Never>] = [:]
        var nextWaiter = 0
        var isStopping = false
    }

    init(
        _ configuration: HTTPServerConfiguration, _ routes: [Route], _ authenticator: (any Authenticator)?, _ log: Log,
        _ metrics: MetricsRegistry, _ problem: @escaping @Sendable (any Error) -> Problem?
    ) {
        self.configuration = configuration
        router = Router(routes)
        self.authenticator = authenticator
        self.log = log
        self.metrics = metrics
        self.problem = problem
        durations = routes.map { route in
            metrics.histogram(
                "http_request_duration_seconds", help: "Time from a request's head to its end.",
                labels: [("method", route.method.rawValue), ("route", route.pattern.text)])
        }
    }

    // MARK: Deciding

    /// Who is asking, if the route lets them in.
    func admit(_ match: Router.Match, authorization: String?, trace: TraceContext) throws(Problem) -> Principal? {
        guard let roles = match.route.roles else { return nil }
        guard let authenticator else { throw .internalError }
        guard let authorization else { throw .unauthenticated("a bearer token is required") }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw .unauthenticated("the authorization header must be: Bearer <token>")
        }
        let principal: Principal
        do {
            principal = try authenticator.authenticate(String(parts[1].trimmingSpaces()))
        } catch {
            throw .unauthenticated(error.rawValue)
        }
        guard roles.contains(principal.role) else {
            throw .forbidden("the role \(principal.role.rawValue) may not use this route")
        }
        return principal
    }

    /// What a client sees of an error, and what the log says about it.
    func response(to error: any Error, route: Route, trace: TraceContext) -> Response {
        if let problem = error as? Problem ?? problem(error) {
            if problem.status >= 500 {
                log.warning(
                    "request failed",
                    [
                        "route": .string(route.pattern.text), "status": .int(problem.status),
                        "problem": .string(problem.type), "trace_id": .string(trace.traceID),
                    ])
            }
            return problem.response(traceID: trace.traceID)
        }
        if error is BodyCut || error is CancellationError || error is ReaderGone {
            return Problem.badRequest("the request ended early").response(traceID: trace.traceID)
        }
        log.error(
            "request failed",
            [
                "route": .string(route.pattern.text), "error": .error(error),
                "error_type": .string("\(Swift.type(of: error))"), "trace_id": .string(trace.traceID),
            ])
        return Problem.internalError.response(traceID: trace.traceID)
    }

    func logRefusal(_ problem: Problem, route: Route?, trace: TraceContext) {
        log.info(
            "request refused",
            [
                "route": .string(route?.pattern.text ?? "none"), "status": .int(problem.status),
                "problem": .string(problem.type), "trace_id": .string(trace.traceID),
            ])
    }

    // MARK: Counting

    /// Counts an exchange; false when the server is stopping: then it must be refused and may not wait for anything.
    func began(_ exchange: Exchange) -> Bool {
        state.withLock { state in
            state.exchanges[ObjectIdentifier(exchange)] = exchange
            return !state.isStopping
        }
    }

    /// From now on new requests, on connections that are still open, are refused.
    func refuseNew() { state.withLock { $0.isStopping = true } }

    func ended(_ exchange: Exchange, match: Router.Match?, status: Int?, seconds: Double) {
        let pattern = match?.route.pattern.text ?? "none"
        let method = match?.route.method.rawValue ?? "none"
        metrics.counter(
            "http_requests_total", help: "Requests by route and status; status 0: the client went away first.",
            labels: [("method", method), ("route", pattern), ("status", String(status ?? 0))]
        ).add()
        if let match { durations[match.index].observe(seconds: seconds) }
        let waiters = state.withLock { state -> [CheckedContinuation<Bool, Never>] in
            state.exchanges.removeValue(forKey: ObjectIdentifier(exchange))
            guard state.exchanges.isEmpty else { return [] }
            defer { state.idleWaiters = [:] }
            return Array(state.idleWaiters.values)
        }
        for waiter in waiters { waiter.resume(returning: true) }
    }

    var inFlight: Int { state.withLock { $0.exchanges.count } }

    /// True once no exchange is in flight; false when that took too long.
    func waitUntilIdle(seconds: Double) async -> Bool {
        await withCheckedContinuation { continuation in
            let ticket = state.withLock { state -> Int? in
                guard !state.exchanges.isEmpty else { return nil }
                state.nextWaiter += 1
                state.idleWaiters[state.nextWaiter] = continuation
                return state.nextWaiter
            }
            guard let ticket else {
                continuation.resume(returning: true)
                return
            }
            DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [self] in
                state.withLock { $0.idleWaiters.removeValue(forKey: ticket) }?.resume(returning: false)
            }
        }
    }

    /// Ends every exchange: those without an answer get 503, those that are being written break off.
    func cutAll() {
        for exchange in state.withLock({ Array($0.exchanges.values) }) { exchange.cut() }
    }
}

func closeSocket(_ socket: Int32) { close(socket) }
