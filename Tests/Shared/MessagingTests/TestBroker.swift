import Foundation
import Glibc
import Observability
import RecordModel
import Synchronization
import TestSupport
import Testing

@testable import Messaging

/// What the conformance suite runs against.
enum BrokerKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case embedded
    case kafka

    var testDescription: String { self == .embedded ? "embedded broker" : "Apache Kafka" }

    /// Apache Kafka only where there is one: TIEMCHUNG_TEST_KAFKA_HOME, else ../shared/kafka beside the package.
    static let available: [BrokerKind] = KafkaServer.home == nil ? [.embedded] : [.embedded, .kafka]
}

/// A broker for one test.
protocol TestBroker: Sendable {
    var bootstrapServers: String { get }
    func create(_ topics: [Topic]) throws
    func goDown() throws
    func comeUp() throws
}

extension TestBroker {
    func configuration(_ name: String, group: String = "") -> KafkaConfiguration {
        KafkaConfiguration(bootstrapServers: bootstrapServers, clientID: name, groupID: group)
    }
}

/// Runs a test on a broker, on a thread of its own: tests wait for signals and must not occupy the shared threads.
/// The embedded broker is the test's own; Apache Kafka is shared, one test after the other.
func onBroker(_ kind: BrokerKind, _ body: @escaping @Sendable (any TestBroker) throws -> Void) async throws {
    try await onThread {
        switch kind {
        case .embedded:
            let broker = try EmbeddedTestBroker()
            defer { broker.broker.close() }
            try body(broker)
        case .kafka:
            try KafkaServer.oneAtATime.withLock { _ in try body(try KafkaServer.shared.get()) }
        }
    }
}

func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    let result: Result<Void, any Error> = await withCheckedContinuation { continuation in
        let thread = Thread { continuation.resume(returning: Result { try body() }) }
        thread.stackSize = 4 << 20
        thread.start()
    }
    try result.get()
}

final class EmbeddedTestBroker: TestBroker {
    let broker: EmbeddedBroker

    init() throws { broker = try EmbeddedBroker(topics: [], log: testLog) }

    var bootstrapServers: String { broker.bootstrapServers }
    func create(_ topics: [Topic]) throws {
        for topic in topics { try broker.create(topic.name, partitions: topic.partitions) }
    }
    func goDown() { broker.goDown() }
    func comeUp() { broker.comeUp() }
}

/// Apache Kafka in a temporary directory, ended with this process.
final class KafkaServer: TestBroker {
    struct Failure: Error { let text: String }

    static let oneAtATime = Mutex(())
    static let shared = Result { try KafkaServer() }

    static let home: String? = {
        let named = ProcessInfo.processInfo.environment["TIEMCHUNG_TEST_KAFKA_HOME"]
        if named == "" { return nil }
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        let candidate = named ?? package + "/../shared/kafka"
        return FileManager.default.isExecutableFile(atPath: candidate + "/kafka") ? candidate : nil
    }()

    private let directory: String
    private let port: Int
    let bootstrapServers: String
    private let watcher: Process

    init() throws {
        directory = NSTemporaryDirectory() + "tiemchung-kafka-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try "group.min.session.timeout.ms=1000\nauto.create.topics.enable=false\n"
            .write(toFile: directory + "/extra.properties", atomically: true, encoding: .utf8)
        // The controller takes the next port.
        port = try TestPostgres.freePort()
        bootstrapServers = "127.0.0.1:\(port)"
        watcher = Process()
        watcher.executableURL = URL(fileURLWithPath: "/bin/sh")
        watcher.arguments = [
            "-c",
            "trap '' INT TERM HUP; cat >/dev/null; '\(Self.home ?? "")/kafka' kill '\(directory)'; rm -rf '\(directory)'",
        ]
        let pipe = Pipe()
        watcher.standardInput = pipe
        watcher.standardOutput = FileHandle.nullDevice
        watcher.standardError = FileHandle.nullDevice
        try watcher.run()
        _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        try run("start", directory, "\(port)")
    }

    private func run(_ arguments: String...) throws {
        guard try spawnAndWait([(Self.home ?? "") + "/kafka"] + arguments) == 0 else {
            let log = (try? String(contentsOfFile: directory + "/log", encoding: .utf8)) ?? ""
            throw Failure(text: "kafka \(arguments) failed: \(log.suffix(2_000))")
        }
    }

    func create(_ topics: [Topic]) throws {
        try TopicAdministration(configuration("topics"), log: testLog).create(topics)
    }
    func goDown() throws { try run("kill", directory) }
    func comeUp() throws { try run("start", directory, "\(port)") }
}

/// Runs a command without input and output. Foundation's `Process` would wait for the broker that the command leaves
/// behind, since that inherits the socket by which `Process` learns of the end.
private func spawnAndWait(_ command: [String]) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Nor may it inherit what tests beside this one wait on.
    for descriptor in 3..<1_024 { posix_spawn_file_actions_addclose(&actions, Int32(descriptor)) }
    for descriptor in 0...2 { posix_spawn_file_actions_addopen(&actions, Int32(descriptor), "/dev/null", O_RDWR, 0) }
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    let answer = posix_spawn(&process, command[0], &actions, nil, &arguments, environ)
    guard answer == 0 else { throw KafkaServer.Failure(text: "\(command[0]) cannot be started: \(answer)") }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
}

let testLog = Log(
    service: "messaging-test",
    level: ProcessInfo.processInfo.environment["TIEMCHUNG_TEST_LOG"].flatMap { LogLevel(label: $0) } ?? .error)

/// A topic with 12 partitions that no other test uses.
func freshTopic() -> Topic { Topic.submissions.parked(of: "t\(UInt64.random(in: 0...UInt64.max))") }
func freshGroup() -> String { "g\(UInt64.random(in: 0...UInt64.max))" }
