import Glibc

/// A bare HTTP client over a socket: a test says itself what it sends, and may hang up in the middle.
struct PlainClient {
    var port: UInt16
    var token: String

    struct Reply {
        var status: Int
        var head: String
        var body: String
    }

    struct Failure: Error {}

    /// Sends a request; nil if the connection is closed behind the body.
    ///
    /// - Parameters:
    ///   - declared: the length that the head tells, where it is not the body's.
    ///   - beforeHangingUp: runs when a part of the declared body has been sent, before the connection is closed.
    @discardableResult
    func ask(
        _ method: String, _ path: String, type: String = "", body: [UInt8] = [], declared: Int? = nil,
        beforeHangingUp: () throws -> Void = {}
    ) throws -> Reply? {
        let socket = try connected()
        defer { close(socket) }
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        head += "Authorization: Bearer \(token)\r\n"
        if !type.isEmpty { head += "Content-Type: \(type)\r\n" }
        if !body.isEmpty || declared != nil { head += "Content-Length: \(declared ?? body.count)\r\n" }
        send(Array((head + "\r\n").utf8) + body, over: socket)
        if let declared, declared > body.count {
            try beforeHangingUp()
            shutdown(socket, Int32(SHUT_RDWR))
            return nil
        }
        return try reply(from: socket)
    }

    private func connected() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 { throw Failure() }
        return descriptor
    }

    private func send(_ bytes: [UInt8], over socket: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    private func reply(from socket: Int32) throws -> Reply {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 { break }
            bytes += buffer[..<count]
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { throw Failure() }
        let head = String(text[..<end.lowerBound])
        guard let status = head.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { throw Failure() }
        var body = String(text[end.upperBound...])
        if head.lowercased().contains("transfer-encoding: chunked") { body = Self.unchunked(body) }
        return Reply(status: status, head: head, body: body)
    }

    private static func unchunked(_ body: String) -> String {
        var rest = Array(body.utf8)[...]
        var out: [UInt8] = []
        while let lineEnd = rest.firstIndex(of: 0x0A) {
            let size = String(decoding: rest[..<lineEnd], as: UTF8.self).filter { $0 != "\r" && $0 != "\r\n" }
            guard let count = Int(size, radix: 16), count > 0 else { break }
            out += rest[(lineEnd + 1)..<(lineEnd + 1 + count)]
            rest = rest[(lineEnd + 1 + count + 2)...]
        }
        return String(decoding: out, as: UTF8.self)
    }
}

extension String {
    /// The first place of a text in this one (the standard library has it for collections of one element only).
    func range(of part: String) -> Range<Index>? {
        let bytes = Array(utf8)
        let wanted = Array(part.utf8)
        guard bytes.count >= wanted.count else { return nil }
        for start in 0...(bytes.count - wanted.count) where bytes[start..<(start + wanted.count)].elementsEqual(wanted)
        {
            let lower = utf8.index(startIndex, offsetBy: start)
            return lower..<utf8.index(lower, offsetBy: wanted.count)
        }
        return nil
    }
}
