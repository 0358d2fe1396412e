// A PostgreSQL server for tests: the one named by TIEMCHUNG_TEST_DATABASE_URL, else a cluster of its own in a temporary
// directory, started once in a test process, without fsync, and removed when the process ends, however it ends.
import Foundation
import Glibc
public import Observability
public import Storage
import Synchronization

/// A server that tests may use, and if it is their own, stop and start.
public final class TestPostgres: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The server that all tests of the process share; each test works in a schema of its own.
    public static func shared() throws -> TestPostgres { try sharedResult.get() }

    private static let sharedResult = Result<TestPostgres, any Error> {
        if let url = ProcessInfo.processInfo.environment["TIEMCHUNG_TEST_DATABASE_URL"], !url.isEmpty {
            return TestPostgres(url: url, directory: nil, port: 0)
        }
        return try TestPostgres.startOwn()
    }

    /// A superuser's address, with the password.
    public let url: String
    /// Nil for a server that is not ours.
    public let directory: String?
    public let port: Int
    private let watcher = Mutex<ChildProcess?>(nil)

    public static let password = "test-password"

    private init(url: String, directory: String?, port: Int) {
        self.url = url
        self.directory = directory
        self.port = port
    }

    /// Makes and starts a cluster of the caller's own, for tests that stop the server.
    public static func startOwn() throws -> TestPostgres {
        let directory = NSTemporaryDirectory() + "tiemchung-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let passwordFile = directory + "/password"
        try password.write(toFile: passwordFile, atomically: true, encoding: .utf8)
        if getuid() == 0 { _ = try run("/bin/chown", ["-R", "postgres", directory]) }
        let data = directory + "/data"
        try runPostgres(
            "initdb",
            [
                "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "--auth-local=trust",
                "--auth-host=scram-sha-256", "--pwfile=\(passwordFile)",
            ])
        let port = try freePort()
        let server = TestPostgres(
            url: "postgresql://postgres:\(password)@127.0.0.1:\(port)/postgres", directory: directory, port: port)
        try server.watch(data: data, directory: directory)
        try server.start()
        return server
    }

    /// Starts the server and waits until it answers.
    public func start() throws {
        guard let directory else { throw Failure(description: "this server is not the test's own") }
        let options =
            "-p \(port) -c listen_addresses=127.0.0.1 -c unix_socket_directories=\(directory) -c fsync=off "
            + "-c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB -c autovacuum_naptime=1min"
        try TestPostgres.runPostgres(
            "pg_ctl", ["-D", directory + "/data", "-l", directory + "/log", "-w", "-t", "60", "-o", options, "start"])
    }

    /// Stops the server: `fast` ends the sessions in order, `immediate` is a crash.
    public func stop(mode: String = "fast") throws {
        guard let directory else { throw Failure(description: "this server is not the test's own") }
        try TestPostgres.runPostgres("pg_ctl", ["-D", directory + "/data", "-w", "-m", mode, "stop"])
    }

    /// Ends and removes the test's own server.
    public func remove() {
        let process = watcher.withLock { watcher in
            defer { watcher = nil }
            return watcher
        }
        process?.closeInput()
        _ = process?.wait()
    }

    /// A database handle on a new schema, with the migrations applied; the schema stays until the server goes.
    public func makeDatabase(
        schema: String? = nil, migrations: [Migration] = InfrastructureMigrations.all, poolSize: Int = 4,
        checkoutTimeout: Duration = .seconds(10)
    ) throws -> Database {
        let schema = schema ?? "t\(UInt64.random(in: 0...UInt64.max))"
        let database = Database(
            DatabaseConfiguration(
                url: url, schema: schema, applicationName: "test \(schema)", poolSize: poolSize,
                checkoutTimeout: checkoutTimeout),
            log: TestPostgres.log)
        try Migrator(database: database, migrations: migrations).migrate()
        return database
    }

    /// Gives the closure a database handle on a new schema, and drops the schema afterwards.
    public func withDatabase<R>(
        migrations: [Migration] = InfrastructureMigrations.all, poolSize: Int = 4,
        _ body: (Database) async throws -> R
    ) async throws -> R {
        let database = try makeDatabase(migrations: migrations, poolSize: poolSize)
        defer { drop(database) }
        return try await body(database)
    }

    /// The blocking form.
    public func withDatabase<R>(
        migrations: [Migration] = InfrastructureMigrations.all, poolSize: Int = 4, _ body: (Database) throws -> R
    ) throws -> R {
        let database = try makeDatabase(migrations: migrations, poolSize: poolSize)
        defer { drop(database) }
        return try body(database)
    }

    private func drop(_ database: Database) {
        try? database.withConnection { try $0.script("DROP SCHEMA \"\(database.configuration.schema)\" CASCADE") }
        database.close()
    }

    /// A log that tests do not print.
    public static let log = Log(service: "test", level: .error)

    // MARK: Processes

    /// A shell that waits for this process's end (its standard input closes) and then removes the cluster.
    private func watch(data: String, directory: String) throws {
        let stop = TestPostgres.asPostgres("pg_ctl", ["-D", data, "-w", "-m", "immediate", "stop"])
            .map { "'\($0)'" }.joined(separator: " ")
        let script = "trap '' INT TERM HUP; cat >/dev/null; \(stop) >/dev/null 2>&1; rm -rf '\(directory)'"
        let process = try ChildProcess(["/bin/sh", "-c", script], input: .pipe, output: "/dev/null")
        watcher.withLock { $0 = process }
    }

    private static let binaries: String = {
        let candidates = (13...18).reversed().map { "/usr/lib/postgresql/\($0)/bin" } + ["/usr/local/bin", "/usr/bin"]
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") } ?? "/usr/bin"
    }()

    /// PostgreSQL refuses to run as root: then its own user runs it.
    private static func asPostgres(_ tool: String, _ arguments: [String]) -> [String] {
        let command = [binaries + "/" + tool] + arguments
        return getuid() == 0 ? ["/sbin/runuser", "-u", "postgres", "--"] + command : command
    }

    @discardableResult
    private static func runPostgres(_ tool: String, _ arguments: [String]) throws -> String {
        let command = asPostgres(tool, arguments)
        return try run(command[0], Array(command.dropFirst()))
    }

    private static func run(_ executable: String, _ arguments: [String]) throws -> String {
        // A file, not a pipe: the server that pg_ctl starts keeps its standard output.
        let output = NSTemporaryDirectory() + "tiemchung-out-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: output) }
        let status = try ChildProcess([executable] + arguments, input: .nothing, output: output).wait()
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        guard status == 0 else {
            throw Failure(description: "\(executable) \(arguments.joined(separator: " ")): \(text)")
        }
        return text
    }

    /// A TCP port of 127.0.0.1 that is free at this moment.
    public static func freePort() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port: Int? = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(socket, generic, length) == 0, getsockname(socket, generic, &length) == 0 else { return nil }
                return 0
            }
        }
        guard port != nil else { throw Failure(description: "no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
