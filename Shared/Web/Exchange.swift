import CMicroHTTPD
import CWebShims
import Dispatch
import Observability
import Synchronization

/// One request and its response.
///
/// `access`, `completed` and the content reader run on the connection's own libmicrohttpd thread, one at a time; their
/// variables are confined to it. The handler's task talks to them through the two channels and the outcome alone.
final class Exchange: @unchecked Sendable {
    private enum Outcome {
        case pending(wake: (@Sendable () -> Void)?)
        case ready(Response)
    }

    /// Bytes of a refused body that are read and dropped, so that the client sees the answer instead of a reset.
    private static let drained = 256 << 10

    private let core: ServerCore
    private let connection: OpaquePointer
    private let watched: ConnectionWatch.Connection?
    private let trace: TraceContext
    private let started = DispatchTime.now()
    private let upload: ByteChannel
    private let download: ByteChannel
    private let outcome = Mutex(Outcome.pending(wake: nil))
    private let task = Mutex<Task<Void, Never>?>(nil)

    // Confined to the connection's thread.
    private var match: Router.Match?
    private var refusal: Response?
    private var received = 0
    private var uploadEnded = false
    private var status: Int?
    private var pause: Pause?
    private let isHead: Bool

    init(core: ServerCore, connection: OpaquePointer, isHead: Bool, trace: TraceContext) {
        self.core = core
        self.connection = connection
        self.isHead = isHead
        self.trace = trace
        watched = web_connection_context(connection).map {
            Unmanaged<ConnectionWatch.Connection>.fromOpaque($0).takeUnretainedValue()
        }
        upload = ByteChannel(capacity: core.configuration.bodyBuffer)
        download = ByteChannel(capacity: core.configuration.bodyBuffer)
    }

    // MARK: The head

    /// The head has arrived: route, token and declared length are checked, and the handler's task starts.
    func begin(method: String, path: String, headers: NamedValues, query: NamedValues?) -> MHD_Result {
        guard core.began(self) else {
            return queue(Problem.unavailable("the service is stopping").response(traceID: trace.traceID))
        }
        let declared = headers["content-length"].flatMap { Int($0) }
        let hasBody = headers["transfer-encoding"] != nil || (declared ?? 0) > 0
        do throws(Problem) {
            let match = try core.router.find(method: method, path: path)
            self.match = match
            let principal = try core.admit(match, authorization: headers["authorization"], trace: trace)
            guard let query else { throw .badRequest("the query is not percent-encoded UTF-8") }
            if headers["transfer-encoding"] != nil, headers["content-length"] != nil {
                throw .badRequest("content-length beside transfer-encoding")
            }
            if let declared, declared > match.route.maxBody { throw .bodyTooLarge(limit: match.route.maxBody) }
            start(match, principal, path: path, headers: headers, query: query)
        } catch {
            core.logRefusal(error, route: match?.route, trace: trace)
            let response = error.response(traceID: trace.traceID)
            // An answer before the body closes the connection. A short body is rather read to its end first.
            if hasBody, declared.map({ $0 > Self.drained }) ?? true { return queue(response) }
            refusal = response
        }
        let mebibytes = Double(((declared ?? match?.route.maxBody ?? 0) >> 20) + 1)
        watched?.limit(seconds: hasBody ? core.configuration.bodySecondsPerMebibyte * mebibytes : nil)
        return .YES
    }

    private func start(
        _ match: Router.Match, _ principal: Principal?, path: String, headers: NamedValues, query: NamedValues
    ) {
        let request = Request(
            method: match.route.method, path: path, route: match.route.pattern.text, pathParameters: match.parameters,
            query: query, headers: headers, trace: trace, body: RequestBody(channel: upload), caller: principal)
        let work = Task { [self] in await run(match.route, request) }
        task.withLock { $0 = work }
    }

    private func run(_ route: Route, _ request: Request) async {
        let response: Response
        do {
            response = try await route.handler(request)
        } catch {
            response = core.response(to: error, route: route, trace: trace)
        }
        upload.abandon()
        answer(response)
        guard !isHead else { return }
        do {
            switch response.body {
            case .bytes: return
            case .stream(let write):
                let writer = BodyWriter(channel: download)
                try await write(writer)
                try await writer.flush()
            case .blocking(let write):
                let writer = BlockingBodyWriter(channel: download)
                try await onThread("response-body") {
                    try write(writer)
                    try writer.flush()
                }
            }
            download.finish()
        } catch {
            if !(error is ReaderGone), !(error is CancellationError) {
                core.log.error(
                    "response broken off",
                    [
                        "route": .string(route.pattern.text), "error": .error(error),
                        "trace_id": .string(trace.traceID),
                    ])
            }
            download.fail(error)
        }
    }

    private func answer(_ response: Response) {
        let wake = outcome.withLock { outcome -> (@Sendable () -> Void)? in
            guard case .pending(let wake) = outcome else { return nil }
            outcome = .ready(response)
            return wake
        }
        wake?()
    }

    // MARK: The body

    /// More of the body, or its end when there are no bytes.
    ///
    /// Of a chunked body libmicrohttpd offers one chunk after the other within one turn, also when the connection was
    /// suspended in between. What is not taken then is offered again once the connection is resumed.
    func proceed(_ data: UnsafePointer<CChar>?, _ count: UnsafeMutablePointer<Int>) -> MHD_Result {
        if let pause {
            guard pause.isOver else { return .YES }
            self.pause = nil
        }
        guard count.pointee > 0 else { return bodyComplete() }
        let chunk = UnsafeRawBufferPointer(start: data, count: count.pointee)
        received += chunk.count
        count.pointee = 0
        if watched?.isExpired == true { return .NO }
        let limit = match?.route.maxBody ?? 0
        if refusal != nil || upload.isAbandoned || received > limit {
            if received > limit { upload.fail(Problem.bodyTooLarge(limit: limit)) }
            // A chunked body cannot be answered before its end: as much again is read and dropped.
            return received > limit + max(limit, Self.drained) ? .NO : .YES
        }
        _ = upload.push(Array(chunk))
        if upload.isFull { suspend { upload.whenWritable($0) } }
        return .YES
    }

    private func bodyComplete() -> MHD_Result {
        if !uploadEnded {
            uploadEnded = true
            watched?.limit(seconds: nil)
            upload.finish()
        }
        if let refusal { return queue(refusal) }
        let ready = outcome.withLock { outcome -> Response? in
            if case .ready(let response) = outcome { response } else { nil }
        }
        if let ready { return queue(ready) }
        suspend { wake in
            outcome.withLock { outcome in
                guard case .pending = outcome else { return false }
                outcome = .pending(wake: wake)
                return true
            }
        }
        return .YES
    }

    /// Suspends the connection until the registered closure is called; not at all if there is nothing to wait for.
    private func suspend(_ register: (@escaping @Sendable () -> Void) -> Bool) {
        let pause = Pause(connection)
        self.pause = pause
        MHD_suspend_connection(connection)
        if !register({ pause.end() }) { pause.end() }
    }

    // MARK: The response

    private func queue(_ response: Response) -> MHD_Result {
        status = response.status
        let made: OpaquePointer? =
            switch response.body {
            case .bytes(let bytes):
                bytes.withUnsafeBytes { buffer in
                    MHD_create_response_from_buffer(
                        buffer.count, UnsafeMutableRawPointer(mutating: buffer.baseAddress), .RESPMEM_MUST_COPY)
                }
            case .stream, .blocking:
                MHD_create_response_from_callback(
                    UInt64.max, 32 << 10, readerCallback, Unmanaged.passRetained(self).toOpaque(), releaseCallback)
            }
        guard let made else { return .NO }
        defer { MHD_destroy_response(made) }
        for header in response.headers { MHD_add_response_header(made, header.name, header.value) }
        MHD_add_response_header(made, "traceparent", trace.traceparent)
        return MHD_queue_response(connection, UInt32(response.status), made)
    }

    /// Fills the buffer of a streamed response; suspends the connection while there is nothing.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        switch download.read(into: buffer) {
        case .bytes(let count): return count
        case .finished: return -1
        case .failed: return -2
        case .empty:
            suspend { download.whenReadable($0) }
            return 0
        }
    }

    // MARK: The end

    func completed(inFull: Bool) {
        if !inFull {
            upload.fail(BodyCut())
            task.withLock { $0 }?.cancel()
        }
        download.abandon()
        upload.abandon()
        watched?.limit(seconds: core.configuration.headSeconds + Double(core.configuration.inactivitySeconds))
        let elapsed = DispatchTime.now().uptimeNanoseconds - started.uptimeNanoseconds
        core.ended(self, match: match, status: inFull ? status : nil, seconds: Double(elapsed) / 1e9)
    }

    /// Ends the exchange from outside: the server is stopping and has waited long enough.
    func cut() {
        let problem = Problem.unavailable("the service is stopping")
        upload.fail(problem)
        upload.abandon()
        answer(problem.response(traceID: trace.traceID))
        download.fail(problem)
        task.withLock { $0 }?.cancel()
    }
}

/// A connection that is suspended until any thread ends the pause. A connection must not be suspended twice: that breaks
/// libmicrohttpd's lists.
private final class Pause: @unchecked Sendable {
    private let connection: OpaquePointer
    private let over = Mutex(false)

    init(_ connection: OpaquePointer) { self.connection = connection }

    /// False as long as the connection is suspended and nobody has begun to resume it.
    var isOver: Bool { over.withLock { $0 } }

    func end() {
        over.withLock { over in
            MHD_resume_connection(connection)
            over = true
        }
    }
}
