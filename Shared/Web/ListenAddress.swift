import Glibc

/// Where a server listens: `127.0.0.1:8101`, `[::1]:8101`, `0.0.0.0:8101`. Port 0 takes a free one.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    public let host: String
    public let port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, the host a numeric IPv4 or bracketed IPv6 address; nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard ListenAddress.family(host) != nil else { return nil }
        self.init(host: host, port: port)
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    static func family(_ host: String) -> Int32? {
        var space = in6_addr()
        for family in [AF_INET, AF_INET6] where inet_pton(family, host, &space) == 1 { return family }
        return nil
    }
}

/// The server cannot listen.
public struct ListenError: Error, CustomStringConvertible, Sendable {
    public let address: ListenAddress
    /// Whether another process has the port.
    public let isPortTaken: Bool
    let reason: String

    public var description: String {
        isPortTaken
            ? "cannot listen on \(address): another process has this port; stop it or choose another address"
            : "cannot listen on \(address): \(reason)"
    }
}

/// A listening, non-blocking socket and the port that it has.
func listeningSocket(_ address: ListenAddress) throws(ListenError) -> (socket: Int32, port: UInt16) {
    func failure(_ code: Int32) -> ListenError {
        ListenError(address: address, isPortTaken: code == EADDRINUSE, reason: String(cString: strerror(code)))
    }
    let family = ListenAddress.family(address.host) ?? AF_INET
    let handle = Glibc.socket(
        family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard handle >= 0 else { throw failure(errno) }
    var on: Int32 = 1
    setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    var storage = sockaddr_storage()
    let length = withUnsafeMutablePointer(to: &storage) { storage -> socklen_t in
        let raw = UnsafeMutableRawPointer(storage)
        if family == AF_INET {
            let inet = raw.assumingMemoryBound(to: sockaddr_in.self)
            inet.pointee.sin_family = sa_family_t(AF_INET)
            inet.pointee.sin_port = address.port.bigEndian
            inet_pton(AF_INET, address.host, &inet.pointee.sin_addr)
            return socklen_t(MemoryLayout<sockaddr_in>.size)
        }
        let inet = raw.assumingMemoryBound(to: sockaddr_in6.self)
        inet.pointee.sin6_family = sa_family_t(AF_INET6)
        inet.pointee.sin6_port = address.port.bigEndian
        inet_pton(AF_INET6, address.host, &inet.pointee.sin6_addr)
        return socklen_t(MemoryLayout<sockaddr_in6>.size)
    }
    let bound = withUnsafePointer(to: storage) { storage in
        storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(handle, $0, length) }
    }
    guard bound == 0, Glibc.listen(handle, 511) == 0 else {
        let code = errno
        close(handle)
        throw failure(code)
    }
    var taken = sockaddr_storage()
    var takenLength = socklen_t(MemoryLayout<sockaddr_storage>.size)
    withUnsafeMutablePointer(to: &taken) { taken in
        _ = taken.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(handle, $0, &takenLength) }
    }
    // The port stands at the same place in both families.
    let port = withUnsafePointer(to: taken) { taken in
        taken.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt16(bigEndian: $0.pointee.sin_port) }
    }
    return (handle, port)
}
