import Foundation
import Glibc
import Observability
import Synchronization
import Testing

@testable import Web

@Suite("Bodies, limits and stopping")
struct BodyTests {
    private static func counting(_ maxBody: Int) -> Route {
        Route(.post, "/v1/count", roles: .everyone, summary: "", maxBody: maxBody) { request in
            var count = 0
            for try await chunk in request.body { count += chunk.count }
            let total = count
            return .json { json in json.member("count", total) }
        }
    }

    @Test("a body over the limit is 413, declared or chunked; at the limit it is taken")
    func limit() async throws {
        try await TestServer.with([Self.counting(100_000)]) { test in
            let token = try test.token(.operator)
            for (size, status) in [(0, 200), (100_000, 200), (100_001, 413), (5_000_000, 413)] {
                let reply = try await test.ask("POST", "/v1/count", body: [UInt8](repeating: 65, count: size))
                #expect(reply.status == status, "\(size) declared")
            }
            for (size, status) in [(0, 200), (100_000, 200), (100_001, 413), (300_000, 413)] {
                let reply = try await onThread("client") {
                    let client = try RawClient(port: test.port)
                    try client.send(
                        "POST /v1/count HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nTransfer-Encoding: chunked\r\n\r\n"
                    )
                    var left = size
                    while left > 0 {
                        let part = min(left, 40_000)
                        try client.send("\(String(part, radix: 16))\r\n")
                        try client.send([UInt8](repeating: 65, count: part))
                        try client.send("\r\n")
                        left -= part
                    }
                    try client.send("0\r\n\r\n")
                    return try client.reply()
                }
                #expect(reply.status == status, "\(size) chunked")
            }
        }
    }

    /// A body in chunks of `part` bytes whose bytes tell their place.
    private static func chunked(_ size: Int, part: Int) -> [UInt8] {
        var sent: [UInt8] = []
        for start in stride(from: 0, to: size, by: part) {
            let end = min(start + part, size)
            sent += "\(String(end - start, radix: 16))\r\n".utf8
            sent += (start..<end).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            sent += "\r\n".utf8
        }
        return sent + "0\r\n\r\n".utf8
    }

    /// Counts bytes that are not what their place says, pausing now and then so that the pipe runs full.
    private static let comparing = Route(
        .post, "/v1/compare", roles: .everyone, summary: "", maxBody: 1 << 30
    ) { request in
        var (place, wrong) = (0, 0)
        for try await chunk in request.body {
            for byte in chunk {
                if byte != UInt8(truncatingIfNeeded: place &* 31 >> 3) { wrong += 1 }
                place += 1
            }
            if place % 7 == 0 { await Task.yield() }
        }
        let answer = (place, wrong)
        return .json { json in
            json.member("count", answer.0)
            json.member("wrong", answer.1)
        }
    }

    @Test(
        "a chunked body arrives whole and in order, in chunks of every size, several at once; the server stops cleanly")
    func chunkedBodies() async throws {
        try await TestServer.with([Self.comparing, Self.counting(1_000_000)]) { test in
            let token = try test.token(.operator)
            let head = "HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nTransfer-Encoding: chunked\r\n\r\n"
            let size = 3_000_000
            try await withThrowingTaskGroup(of: RawClient.Reply.self) { group in
                for part in [701, 8_192, 65_536, 400_000] {
                    let body = Self.chunked(size, part: part)
                    group.addTask {
                        try await onThread("client") {
                            let client = try RawClient(port: test.port)
                            try client.send("POST /v1/compare \(head)")
                            try client.send(body)
                            return try client.reply()
                        }
                    }
                }
                for try await reply in group { #expect(reply.text == "{\"count\":\(size),\"wrong\":0}") }
            }
            // Too large: an answer, not a cut connection, and the server goes on.
            let body = Self.chunked(1_800_000, part: 9_000)
            let status = try await onThread("client") {
                let client = try RawClient(port: test.port)
                try client.send("POST /v1/count \(head)")
                try client.send(body)
                return try client.reply().status
            }
            #expect(status == 413)
            let after = try await test.ask("POST", "/v1/count", body: [1, 2, 3])
            #expect(after.text == "{\"count\":3}")
        }
    }

    @Test("a request with both lengths is refused, and a refused small body leaves the connection usable")
    func framing() async throws {
        try await TestServer.with([Self.counting(1_000)]) { test in
            let token = try test.token(.operator)
            let both = try await onThread("client") {
                let client = try RawClient(port: test.port)
                try client.send(
                    "POST /v1/count HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nContent-Length: 3\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
                return try client.reply().status
            }
            #expect(both == 400)
            let statuses = try await onThread("client") {
                let client = try RawClient(port: test.port)
                var statuses: [Int] = []
                for authorization in ["", "Authorization: Bearer x\r\n", "Authorization: Bearer \(token)\r\n"] {
                    try client.send(
                        "POST /v1/count HTTP/1.1\r\nHost: a\r\n\(authorization)Content-Length: 3\r\n\r\nabc")
                    statuses.append(try client.reply().status)
                }
                return statuses
            }
            #expect(statuses == [401, 401, 200])
        }
    }

    @Test("200 MB stream through a handler in bounded memory, and the reader's pace holds the sender back")
    func streamingIn() async throws {
        let gate = Signal()
        let received = Atomic<Int>(0)
        let routes = [
            Self.counting(1 << 30),
            Route(.post, "/v1/slow", roles: .everyone, summary: "", maxBody: 1 << 30) { request in
                await gate.wait()
                for try await chunk in request.body { received.wrappingAdd(chunk.count, ordering: .relaxed) }
                return .empty()
            },
            Route(.post, "/v1/blocking", roles: .everyone, summary: "", maxBody: 1 << 30) { request in
                let count = try await request.body.blocking { body in
                    var count = 0
                    while let chunk = try body.next() { count += chunk.count }
                    return count
                }
                return .json { json in json.member("count", count) }
            },
        ]
        try await TestServer.with(routes) { test in
            let token = try test.token(.operator)
            for path in ["/v1/count", "/v1/blocking"] {
                let before = residentBytes()
                let reply = try await onThread("client") {
                    let client = try RawClient(port: test.port)
                    let size = 200 << 20
                    try client.send(
                        "POST \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nContent-Length: \(size)\r\n\r\n"
                    )
                    let part = [UInt8](repeating: 66, count: 1 << 20)
                    for _ in 0..<200 { try client.send(part) }
                    return try client.reply()
                }
                #expect(reply.text == "{\"count\":\(200 << 20)}")
                #expect(residentBytes() - before < 60 << 20)
            }
            // Nobody reads: the sender gets rid of what fits into socket buffers and the pipe, and no more.
            let taken = try await onThread("client") {
                let client = try RawClient(port: test.port)
                let size = 64 << 20
                try client.send(
                    "POST /v1/slow HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nContent-Length: \(size)\r\n\r\n"
                )
                let part = [UInt8](repeating: 67, count: 64 << 10)
                var taken = 0
                while taken < size, client.isReady(POLLOUT, milliseconds: 300) {
                    taken += client.sendWithoutWaiting(Array(part.prefix(size - taken)))
                }
                gate.set()
                let before = taken
                while taken < size {
                    let rest = Array(part.prefix(size - taken))
                    try client.send(rest)
                    taken += rest.count
                }
                _ = try client.reply()
                return before
            }
            #expect(taken < 32 << 20)
            #expect(received.load(ordering: .relaxed) == 64 << 20)
        }
    }

    @Test("a streamed response is written no faster than it is read; an error cuts it instead of ending it")
    func streamingOut() async throws {
        struct Odd: Error {}
        let written = Atomic<Int>(0)
        let part = [UInt8](repeating: 68, count: 10_000)
        let routes = [
            Route(.get, "/v1/task", roles: .everyone, summary: "") { _ in
                .stream("text/plain") { writer in
                    for _ in 0..<6_000 {
                        try await writer.write(part)
                        written.wrappingAdd(part.count, ordering: .relaxed)
                    }
                }
            },
            Route(.get, "/v1/thread", roles: .everyone, summary: "") { _ in
                .csv(filename: "a\"\r\nb.csv") { writer in for _ in 0..<2_000 { try writer.write(part) } }
            },
            Route(.get, "/v1/broken", roles: .everyone, summary: "") { _ in
                .blockingStream("text/plain") { writer in
                    try writer.write("a part")
                    try writer.flush()
                    throw Odd()
                }
            },
            Route(.get, "/v1/nothing", roles: .everyone, summary: "") { _ in .ndjson { _ in } },
        ]
        try await TestServer.with(routes) { test in
            let token = try test.token(.operator)
            // The writer is never further ahead of the reader than pipe and socket buffers hold.
            let (read, ahead) = try await onThread("client") {
                let client = try RawClient(port: test.port, receiveBuffer: 32_768)
                try client.send("GET /v1/task HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n\r\n")
                var read = 0
                var ahead = 0
                while true {
                    let count = client.readSome()
                    if count == 0 { return (read, ahead) }
                    read += count
                    ahead = max(ahead, written.load(ordering: .relaxed) - read)
                }
            }
            #expect(read > 60_000_000)
            #expect(ahead < 16_000_000)
            let thread = try await test.ask("GET", "/v1/thread")
            #expect(thread.body.count == 20_000_000)
            #expect(thread.headers["content-disposition"] == "attachment; filename=\"ab.csv\"")
            #expect(thread.headers["content-type"] == "text/csv; charset=utf-8")
            await #expect(throws: RawClient.Cut.self) { try await test.ask("GET", "/v1/broken") }
            let nothing = try await test.ask("GET", "/v1/nothing")
            #expect(nothing.status == 200 && nothing.body.isEmpty)
            #expect(try await test.ask("HEAD", "/v1/task").status == 200)
        }
    }

    @Test("a client that goes away in the middle ends the handler, in both directions")
    func clientGone() async throws {
        let started = Signal()
        let upload = Signal()
        let download = Signal()
        let failures = Mutex<[String]>([])
        let routes = [
            Route(.post, "/v1/up", roles: .everyone, summary: "", maxBody: 1 << 30) { request in
                do {
                    for try await _ in request.body { started.set() }
                } catch {
                    failures.withLock { $0.append("\(type(of: error))") }
                    upload.set()
                    throw error
                }
                return .empty()
            },
            Route(.get, "/v1/down", roles: .everyone, summary: "") { _ in
                .blockingStream("text/plain") { writer in
                    defer { download.set() }
                    while true { try writer.write([UInt8](repeating: 69, count: 100_000)) }
                }
            },
        ]
        try await TestServer.with(routes) { test in
            let token = try test.token(.operator)
            do {
                let client = try RawClient(port: test.port)
                try client.send(
                    "POST /v1/up HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nContent-Length: 1000\r\n\r\nabc"
                )
                await started.wait()
            }
            await upload.wait()
            #expect(failures.withLock { $0 } == ["BodyCut"])
            do {
                let client = try RawClient(port: test.port)
                try client.send("GET /v1/down HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n\r\n")
            }
            await download.wait()
        }
    }

    @Test("slow clients are disconnected: in the head, in the body byte by byte, and idle ones")
    func slow() async throws {
        let configure: (inout HTTPServerConfiguration) -> Void = { configuration in
            configuration.headSeconds = 0.5
            configuration.bodySecondsPerMebibyte = 0.5
            configuration.inactivitySeconds = 1
        }
        try await TestServer.with([Self.counting(1_000)], configure: configure) { test in
            let token = try test.token(.operator)
            for start in [
                "", "POST /v1/cou",
                "POST /v1/count HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nContent-Length: 900\r\n\r\n",
            ] {
                try await onThread("client") {
                    let client = try RawClient(port: test.port)
                    try client.send(start)
                    // One byte now and then is traffic, and yet not enough.
                    for _ in 0..<100 where !start.isEmpty {
                        guard client.sendWithoutWaiting([65]) == 1 else { break }
                        if client.isReady(POLLIN, milliseconds: 50) { break }
                    }
                    #expect(client.isClosed())
                }
            }
            #expect(try await test.ask("POST", "/v1/count", body: [1]).status == 200)
        }
    }

    @Test("a connection beyond the limit waits until there is room")
    func connections() async throws {
        let configure: (inout HTTPServerConfiguration) -> Void = { configuration in
            configuration.connectionLimit = 8
            configuration.threads = 1
        }
        try await TestServer.with([Self.counting(10)], configure: configure) { test in
            let status = try await onThread("client") {
                var held = try (0..<8).map { _ in try RawClient(port: test.port) }
                // A request each, so that the server has taken them.
                for client in held {
                    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    _ = try client.reply()
                }
                let extra = try RawClient(port: test.port)
                try extra.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(!extra.isReady(POLLIN, milliseconds: 300))
                held.removeAll()
                return try extra.reply().status
            }
            #expect(status == 404)
        }
    }

    @Test("a taken port is named with its remedy")
    func portTaken() async throws {
        try await TestServer.with([Self.counting(10)]) { test in
            let address = ListenAddress(host: "127.0.0.1", port: test.port)
            let error = #expect(throws: ListenError.self) {
                try HTTPServer(
                    HTTPServerConfiguration(address: address), routes: [], authenticator: nil,
                    log: Log(service: "test", level: .error), metrics: MetricsRegistry())
            }
            #expect(error?.isPortTaken == true)
            #expect(error?.description.contains("another process has this port") == true)
        }
    }

    @Test("stopping lets a running exchange finish and refuses new ones; what takes too long is cut with 503")
    func stopping() async throws {
        let started = Signal()
        let go = Signal()
        let never = Signal()
        let routes = [
            Route(.get, "/v1/finishing", roles: .everyone, summary: "") { _ in
                started.set()
                await go.wait()
                return .text("done")
            },
            Route(.get, "/v1/stuck", roles: .everyone, summary: "") { _ in
                started.set()
                await never.wait()
                return .text("never")
            },
        ]
        let test = try TestServer.start(routes)
        async let reply = test.ask("GET", "/v1/finishing")
        await started.wait()
        async let stopped: Void = test.server.stop(graceSeconds: 20)
        go.set()
        #expect(try await reply.text == "done")
        await stopped
        await #expect(throws: RawClient.Cut.self) { try await test.ask("GET", "/v1/finishing") }
        await test.server.stop()

        let other = try TestServer.start(routes)
        async let stuck = other.ask("GET", "/v1/stuck")
        while other.server.exchangesInFlight == 0 { await Task.yield() }
        await other.server.stop(graceSeconds: 0.2)
        #expect(try await stuck.status == 503)
        never.set()
    }
}

private func residentBytes() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return (Int(line.filter(\.isNumber)) ?? 0) * 1_024
}
