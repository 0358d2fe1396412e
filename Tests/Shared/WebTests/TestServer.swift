import Cryptography
import Foundation
import Observability
import Synchronization
import Testing

@testable import Web

/// A server with a development issuer, on a free port.
struct TestServer: Sendable {
    let server: HTTPServer
    let issuer: DevelopmentIssuer
    let clock: TestClock
    let directory: String
    let metrics: MetricsRegistry
    let lines: LogLines

    var port: UInt16 { server.port }

    static func start(
        _ routes: [Route], configure: (inout HTTPServerConfiguration) -> Void = { _ in },
        problem: @escaping @Sendable (any Error) -> Problem? = { _ in nil }
    ) throws -> TestServer {
        let directory = FileManager.default.temporaryDirectory.path + "/web-\(UUID().uuidString)"
        let issuer = try DevelopmentIssuer(directory: directory, developmentMode: true)
        let clock = TestClock()
        let lines = LogLines()
        let metrics = MetricsRegistry()
        var configuration = HTTPServerConfiguration(address: ListenAddress(host: "127.0.0.1", port: 0))
        configure(&configuration)
        let server = try HTTPServer(
            configuration, routes: routes,
            authenticator: KeySetAuthenticator(
                path: directory + "/jwks.json", issuer: "tiemchung", audience: "tiemchung",
                now: { clock.seconds }),
            log: Log(service: "test", level: .debug, sink: lines.sink), metrics: metrics, problem: problem)
        return TestServer(
            server: server, issuer: issuer, clock: clock, directory: directory, metrics: metrics, lines: lines)
    }

    /// Starts a server, runs the body, stops the server.
    static func with<R>(
        _ routes: [Route], configure: (inout HTTPServerConfiguration) -> Void = { _ in },
        problem: @escaping @Sendable (any Error) -> Problem? = { _ in nil }, _ body: (TestServer) async throws -> R
    ) async throws -> R {
        let test = try start(routes, configure: configure, problem: problem)
        let result: Result<R, any Error>
        do { result = .success(try await body(test)) } catch { result = .failure(error) }
        await test.server.stop(graceSeconds: 2)
        try? FileManager.default.removeItem(atPath: test.directory)
        return try result.get()
    }

    func token(_ role: Role, unit: String = "79001") throws -> String {
        try issuer.issue(role: role, unit: unit, now: clock.seconds)
    }

    func ask(
        _ method: String, _ target: String, as role: Role? = .operator, headers: [String] = [], body: [UInt8]? = nil
    ) async throws -> RawClient.Reply {
        try await RawClient.ask(
            port, method, target, token: role.map { try token($0) }, headers: headers, body: body)
    }
}

/// A clock that stands still until it is set.
final class TestClock: Sendable {
    private let value = Mutex<Int64>(1_650_000_000)

    var seconds: Int64 {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}

/// Collects log lines.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var sink: Log.Sink { { line in self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } } }
    var all: [String] { lines.withLock { $0 } }
}

extension RawClient.Reply {
    /// The body as a JSON object.
    func object() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
    }
}

/// A signal between tasks of a test: set once, waited for by anybody.
final class Signal: Sendable {
    private struct State {
        var isSet = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func set() {
        let waiters = state.withLock { state in
            state.isSet = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isSet = state.withLock { state in
                if !state.isSet { state.waiters.append(continuation) }
                return state.isSet
            }
            if isSet { continuation.resume() }
        }
    }
}
