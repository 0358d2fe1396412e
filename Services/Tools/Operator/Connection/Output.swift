/// Where results go: standard output, or files that appear under their name only when they are complete.
import Foundation
import Glibc

struct OutputUnwritable: Error, CustomStringConvertible {
    let path: String
    var description: String { "không ghi được / cannot write \(path): \(String(cString: strerror(errno)))" }
}

enum Output {
    /// Writes everything, however large.
    static func write(_ bytes: some Collection<UInt8>, to descriptor: Int32 = 1) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw OutputUnwritable(path: "-") }
            rest = rest.dropFirst(count)
        }
    }

    static func line(_ text: String) throws { try write(Array(text.utf8) + [0x0A]) }

    static func note(_ text: String) { try? write(Array(text.utf8) + [0x0A], to: 2) }
}

/// A file that is written beside its name and gets it at the end; `-` is standard output.
final class FileSink: ByteSink {
    private let path: String
    private var descriptor: Int32 = -1
    private var draft: String { path + ".part" }
    private var isStandardOutput: Bool { path == "-" }
    private var written = 0

    init(_ path: String) { self.path = path }

    func restart() throws {
        if isStandardOutput {
            // What has been printed cannot be taken back.
            guard written == 0 else { throw OutputUnwritable(path: "-") }
            return
        }
        if descriptor >= 0 { close(descriptor) }
        // Renamed over a device, the file would stand in its place.
        var there = stat()
        if lstat(path, &there) == 0, there.st_mode & S_IFMT != S_IFREG { throw OutputUnwritable(path: path) }
        descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw OutputUnwritable(path: path) }
    }

    func take(_ data: Data) throws {
        written += data.count
        try Output.write(data, to: isStandardOutput ? 1 : descriptor)
    }

    /// Gives the file its name.
    func finish() throws {
        guard !isStandardOutput else { return }
        close(descriptor)
        descriptor = -1
        guard rename(draft, path) == 0 else { throw OutputUnwritable(path: path) }
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
            unlink(draft)
        }
    }
}
