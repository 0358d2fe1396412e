/// A file that is written front to back and appears under its name only when it is complete.
import Glibc

struct FileFailure: Error, CustomStringConvertible {
    let path: String
    let action: String
    let reason: String
    var description: String { "\(path): không \(action) được / cannot \(action): \(reason)" }

    init(_ path: String, _ action: String) {
        self.path = path
        self.action = action
        reason = String(cString: strerror(errno))
    }
}

final class OutputFile {
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private(set) var written = 0

    init(_ path: String) throws {
        self.path = path
        descriptor = open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFailure(path, "write") }
        buffer.reserveCapacity(1 << 17)
    }

    func write(_ bytes: [UInt8]) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= 1 << 16 { try flush() }
    }

    private func flush() throws {
        var rest = buffer[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileFailure(path, "write") }
            written += count
            rest = rest.dropFirst(count)
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Writes what is left and gives the file its name.
    func finish() throws {
        try flush()
        close(descriptor)
        guard rename(path + ".part", path) == 0 else { throw FileFailure(path, "rename") }
    }
}
