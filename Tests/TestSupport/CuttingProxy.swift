import Foundation
import Glibc
import Synchronization

/// A TCP proxy in front of PostgreSQL that ends a client's connection at its COMMIT: before the server sees it, or after
/// the server has answered it. So the client cannot know what happened.
public final class CuttingProxy: Sendable {
    public enum Cut: Sendable { case never, beforeCommit, afterCommit }
    public let port: Int
    private let target: Int
    private let listener: Int32
    private let cut = Mutex(Cut.never)

    public init(target: Int) throws {
        self.target = target
        port = try TestPostgres.freePort()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let bound = CuttingProxy.withAddress(port) { Glibc.bind(listener, $0, $1) }
        guard bound == 0, listen(listener, 16) == 0 else {
            throw TestPostgres.Failure(description: "proxy cannot listen")
        }
        Thread { [self] in accept() }.start()
    }

    /// The next COMMIT is cut so; afterwards connections pass again.
    public func cutNext(_ cut: Cut) { self.cut.withLock { $0 = cut } }

    public func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard CuttingProxy.withAddress(target, { connect(server, $0, $1) }) == 0 else {
                close(client)
                close(server)
                continue
            }
            Thread { [self] in pump(client, server) }.start()
        }
    }

    /// One thread a connection, so that a cut happens at exactly one place.
    private func pump(_ client: Int32, _ server: Int32) {
        defer {
            close(client)
            close(server)
        }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var cutsAnswer = false
        while true {
            var descriptors = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&descriptors, 2, -1) > 0 else { return }
            if descriptors[0].revents != 0 {
                let count = read(client, &buffer, buffer.count)
                guard count > 0 else { return }
                if buffer[..<count].contains(sequence: Array("COMMIT\0".utf8)) {
                    let cut = self.cut.withLock { cut in
                        defer { cut = .never }
                        return cut
                    }
                    if cut == .beforeCommit { return }
                    cutsAnswer = cut == .afterCommit
                }
                guard CuttingProxy.writeAll(server, buffer[..<count]) else { return }
            }
            if descriptors[1].revents != 0 {
                let count = read(server, &buffer, buffer.count)
                guard count > 0, !cutsAnswer, CuttingProxy.writeAll(client, buffer[..<count]) else { return }
            }
        }
    }

    private static func writeAll(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let count = send(descriptor, buffer.baseAddress! + sent, buffer.count - sent, Int32(MSG_NOSIGNAL))
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }
}

extension ArraySlice<UInt8> {
    fileprivate func contains(sequence: [UInt8]) -> Bool {
        guard count >= sequence.count else { return false }
        return (startIndex...(endIndex - sequence.count)).contains {
            self[$0..<($0 + sequence.count)].elementsEqual(sequence)
        }
    }
}
