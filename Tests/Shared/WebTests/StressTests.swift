import Foundation
import Observability
import Testing

@testable import Web

@Suite("Many clients at once")
struct StressTests {
    private static let part = [UInt8](repeating: 70, count: 20_000)

    static let routes = [
        Route(.get, "/v1/small", roles: .everyone, summary: "") { _ in .text("ok") },
        Route(.post, "/v1/echo", roles: .everyone, summary: "", maxBody: 1 << 20) { request in
            .bytes(try await request.bytes(), contentType: "application/octet-stream")
        },
        Route(.get, "/v1/stream", roles: .everyone, summary: "") { _ in
            .stream("text/plain") { writer in for _ in 0..<10 { try await writer.write(part) } }
        },
        Route(.get, "/v1/thread", roles: .everyone, summary: "") { _ in
            .blockingStream("text/plain") { writer in for _ in 0..<10 { try writer.write(part) } }
        },
        Route(.post, "/v1/ignoring", roles: .everyone, summary: "", maxBody: 1 << 20) { _ in .text("ignored") },
        Route(.get, "/v1/failing", roles: .everyone, summary: "") { _ in throw Problem.conflict("no") },
    ]

    /// One request on a kept connection: what to send, the status to expect, the length of the answer's body if it is fixed.
    static func request(_ kind: Int, _ token: String) -> (text: String, status: Int, length: Int?) {
        let head = "HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
        let body = String(repeating: "x", count: 70_000)
        switch kind % 8 {
        case 0: return ("GET /v1/small \(head)\r\n", 200, 2)
        case 1: return ("POST /v1/echo \(head)Content-Length: 70000\r\n\r\n\(body)", 200, 70_000)
        case 2: return ("GET /v1/stream \(head)\r\n", 200, 200_000)
        case 3: return ("GET /v1/thread \(head)\r\n", 200, 200_000)
        case 4: return ("POST /v1/ignoring \(head)Content-Length: 70000\r\n\r\n\(body)", 200, 7)
        case 5: return ("GET /v1/failing \(head)\r\n", 409, nil)
        case 6: return ("GET /v1/nowhere \(head)\r\n", 404, nil)
        default: return ("POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 401, nil)
        }
    }

    @Test("kept connections with every kind of request, clients that leave in the middle, and no exchange left behind")
    func mixed() async throws {
        let test = try TestServer.start(Self.routes)
        let token = try test.token(.operator)
        let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
            for worker in 0..<16 {
                group.addTask { [port = test.port] in
                    try await onThread("client") { try Self.work(worker, port, token) }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(wrong == 0)
        await test.server.stop(graceSeconds: 10)
        #expect(test.server.exchangesInFlight == 0)
        #expect(!test.lines.all.contains { $0.contains("error") })
        try? FileManager.default.removeItem(atPath: test.directory)
    }

    @Test("stopping at any moment of any kind of request ends soon and leaves nothing", arguments: 0..<8)
    func stopping(kind: Int) async throws {
        for cut in [100, 40_000, 1_000_000] {
            let test = try TestServer.start(Self.routes)
            let token = try test.token(.operator)
            let port = test.port
            try await onThread("clients") {
                for _ in 0..<10 {
                    let client = try RawClient(port: port)
                    try client.send(Array(Self.request(kind, token).text.utf8.prefix(cut)))
                }
            }
            let started = ContinuousClock.now
            await test.server.stop(graceSeconds: 5)
            #expect(started.duration(to: .now) < .seconds(4))
            #expect(test.server.exchangesInFlight == 0)
            try? FileManager.default.removeItem(atPath: test.directory)
        }
    }

    /// One client's requests; gives how many answers were wrong.
    private static func work(_ worker: Int, _ port: UInt16, _ token: String) throws -> Int {
        var wrong = 0
        var client = try RawClient(port: port)
        for index in 0..<60 {
            let (text, status, length) = request(worker + index, token)
            if index % 10 == 9 {
                // Leaves in the middle of the request or before the answer.
                try client.send(Array(text.utf8.prefix(index % 20 == 9 ? 40_000 : 100)))
                client = try RawClient(port: port)
                continue
            }
            try client.send(text)
            let reply = try client.reply()
            if reply.status != status || (length ?? reply.body.count) != reply.body.count { wrong += 1 }
        }
        return wrong
    }
}
