import Glibc
import RecordModel
import ServiceRuntime

enum SnapshotKind {}
/// A load's own mark.
typealias SnapshotID = Identifier<SnapshotKind>

/// Index files by name, and the lock that keeps two instances of a host from building the same one.
enum IndexFiles {
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// Names a generation by number and by its load, so that a restored database never meets another load's file.
    static func path(in directory: String, generation: Int32, snapshot: SnapshotID) -> String {
        "\(directory)/register-\(generation)-\(snapshot).index"
    }

    /// What can lie at a path: the index, its lock, and the half of one whose builder died.
    static func all(of path: String) -> [String] { [path, path + ".lock", path + ".building"] }

    /// Makes the directory with those above it; readable for this user alone, since the files hold persons.
    static func makeDirectory(_ directory: String) throws {
        var path = directory.hasPrefix("/") ? "" : "."
        for part in directory.split(separator: "/") {
            path += "/" + part
            if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw failure("cannot make \(path)") }
        }
        guard unsafe access(directory, W_OK | X_OK) == 0 else { throw failure("cannot write into \(directory)") }
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    static func remove(_ path: String) { unsafe unlink(path) }

    /// Bytes; 0 where there is no file.
    static func size(_ path: String) -> Int {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Does something while this process holds the lock beside a file: waits until it is free, or the stop signal is given.
    /// The lock ends with the process, however it ends.
    static func withLock<R>(on path: String, until stop: StopSignal, _ body: () throws -> R) throws -> R {
        let descriptor = unsafe open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot make a lock file") }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw failure("cannot lock") }
            if stop.wait(seconds: 0.2) { throw Failure("the service stops while another instance builds") }
        }
        return try body()
    }

    private static func failure(_ what: String) -> Failure {
        let number = errno
        return Failure("\(what): \(unsafe String(cString: strerror(number)))")
    }
}
