import Glibc
import Web

/// An HTTP client on a bare socket, so that tests can send slowly, in pieces, wrongly, or not at all. Blocks: use it within
/// `onThread`.
final class RawClient {
    struct Reply: Sendable {
        let status: Int
        let headers: [String: String]
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct Cut: Error {}

    private let handle: Int32
    private var buffer: [UInt8] = []

    init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Cut() }
    }

    deinit { close(handle) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(handle, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Cut() }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends as much as the other side takes without waiting.
    func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
        max(
            0,
            bytes.withUnsafeBytes {
                Glibc.send(handle, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            })
    }

    /// Waits until the socket takes or has something, at most so many milliseconds.
    func isReady(_ events: Int32, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: handle, events: Int16(events), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }

    /// Whether the other side has closed the connection; waits for that or for bytes.
    func isClosed() -> Bool {
        var byte: UInt8 = 0
        return recv(handle, &byte, 1, 0) <= 0 && errno != EAGAIN
    }

    private func more() throws {
        var part = [UInt8](repeating: 0, count: 16_384)
        let count = part.withUnsafeMutableBytes { recv(handle, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { throw Cut() }
        buffer += part[..<count]
    }

    private func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 1)
                return line.hasSuffix("\r") ? String(line.dropLast()) : line
            }
            try more()
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try more() }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    /// Reads one response.
    /// - Throws: `Cut` when the connection ends before the response does.
    func reply(isHead: Bool = false) throws -> Reply {
        var status = 0
        var headers: [String: String] = [:]
        repeat {
            status = Int(try line().split(separator: " ")[1]) ?? 0
            headers = [:]
            while true {
                let text = try line()
                guard !text.isEmpty, let colon = text.firstIndex(of: ":") else { break }
                headers[text[..<colon].lowercased()] = String(text[text.index(after: colon)...].drop { $0 == " " })
            }
        } while status == 100
        var body: [UInt8] = []
        if isHead || status == 204 {
        } else if headers["transfer-encoding"] == "chunked" {
            while true {
                let size = Int(try line(), radix: 16) ?? 0
                body += try take(size)
                _ = try line()
                if size == 0 { break }
            }
        } else if let length = headers["content-length"].flatMap({ Int($0) }) {
            body = try take(length)
        }
        return Reply(status: status, headers: headers, body: body)
    }

    /// Reads what is there, at least one byte; the count, 0 at the end.
    func readSome() -> Int {
        var part = [UInt8](repeating: 0, count: 1 << 20)
        return max(0, part.withUnsafeMutableBytes { recv(handle, $0.baseAddress, $0.count, 0) })
    }

    /// One request on a connection of its own.
    static func ask(
        _ port: UInt16, _ method: String, _ target: String, token: String? = nil, headers: [String] = [],
        body: [UInt8]? = nil
    ) async throws -> Reply {
        try await onThread("client") {
            let client = try RawClient(port: port)
            var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
            if let token { head += "Authorization: Bearer \(token)\r\n" }
            if let body { head += "Content-Length: \(body.count)\r\n" }
            for header in headers { head += header + "\r\n" }
            try client.send(head + "\r\n")
            if let body { try? client.send(body) }
            return try client.reply(isHead: method == "HEAD")
        }
    }
}
