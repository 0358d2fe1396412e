public import Glibc
import Synchronization

/// A process that tests start, with nothing inherited but its standard streams: a server that outlives a test must not
/// hold the test's pipes open. Waiting blocks the thread and needs no run loop.
public final class ChildProcess: Sendable {
    public enum Input: Sendable { case nothing, pipe }
    public let identifier: pid_t
    private let input: Mutex<Int32>

    /// - Parameters:
    ///   - command: the executable's path and its arguments.
    ///   - output: the file that takes standard output and standard error.
    public init(_ command: [String], input: Input = .nothing, output: String) throws {
        var ends: [Int32] = [-1, -1]
        if input == .pipe { guard pipe(&ends) == 0 else { throw ChildProcess.failure("a pipe") } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if input == .pipe {
            posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        if input == .pipe { _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC) }
        var arguments: [UnsafeMutablePointer<CChar>?] = (ChildProcess.closing + command).map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var identifier: pid_t = 0
        let result = posix_spawn(&identifier, ChildProcess.closing[0], &actions, nil, arguments, environ)
        if input == .pipe { close(ends[0]) }
        guard result == 0 else {
            if input == .pipe { close(ends[1]) }
            throw ChildProcess.failure(command[0])
        }
        self.identifier = identifier
        self.input = Mutex(ends[1])
    }

    /// Closes every descriptor but the standard ones before the command runs, also those that other threads opened
    /// meanwhile.
    private static let closing = [
        "/bin/bash", "-c",
        """
        cd /; for path in /proc/$$/fd/*; do number=${path##*/}
        if [ "$number" -gt 2 ]; then eval "exec $number>&-"; fi; done; exec "$@"
        """, "bash",
    ]

    /// Ends the process's standard input.
    public func closeInput() {
        input.withLock { input in
            if input >= 0 { close(input) }
            input = -1
        }
    }

    /// Waits for the end; gives the exit code, or 128 plus the signal. Once only.
    public func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0 { guard errno == EINTR else { return -1 } }
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }

    private static func failure(_ what: String) -> TestPostgres.Failure {
        TestPostgres.Failure(description: "\(what) could not be started")
    }
}
