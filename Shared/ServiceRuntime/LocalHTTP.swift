import Glibc
import Web

/// The smallest HTTP client there is: one GET to a server of our own machine, for `healthcheck`.
enum LocalHTTP {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter seconds: how long connecting, writing and each read may take.
    /// - Returns: status and body. Blocks.
    static func get(_ address: ListenAddress, _ path: String, seconds: Int) throws -> (status: Int, body: String) {
        let handle = try connect(address, seconds)
        defer { close(handle) }
        let request = Array("GET \(path) HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        guard request.withUnsafeBytes({ send(handle, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }) == request.count
        else { throw Failure(description: "the request could not be sent to \(address)") }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while answer.count < 1 << 20 {
            let count = buffer.withUnsafeMutableBytes { recv(handle, $0.baseAddress, $0.count, 0) }
            if count < 0 { throw Failure(description: "no answer from \(address) within \(seconds) s") }
            if count == 0 { break }
            answer += buffer[..<count]
        }
        let text = String(decoding: answer, as: UTF8.self)
        let line = text.prefix { $0 != "\r\n" && $0 != "\n" }.split(separator: " ")
        guard line.count >= 2, line[0].hasPrefix("HTTP/"), let status = Int(line[1]) else {
            throw Failure(description: "\(address) does not answer in HTTP")
        }
        let separator: [Character] = ["\r\n", "\r\n"]
        let characters = Array(text)
        let start = characters.indices.first {
            $0 + 1 < characters.count && characters[$0] == separator[0] && characters[$0 + 1] == separator[1]
        }
        return (status, start.map { String(characters[($0 + 2)...]) } ?? "")
    }

    private static func connect(_ address: ListenAddress, _ seconds: Int) throws -> Int32 {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, String(address.port), &hints, &found) == 0, let found else {
            throw Failure(description: "\(address) is not an address")
        }
        defer { freeaddrinfo(found) }
        let handle = socket(found.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard handle >= 0 else { throw Failure(description: "no socket: \(String(cString: strerror(errno)))") }
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(handle, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard Glibc.connect(handle, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
            let reason = String(cString: strerror(errno))
            close(handle)
            throw Failure(description: "nobody answers at \(address): \(reason)")
        }
        return handle
    }
}
