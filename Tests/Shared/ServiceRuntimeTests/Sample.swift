import Foundation
import FoundationNetworking
import Messaging
import Observability
import RecordModel
import Storage
import Synchronization
import TestSupport
import Testing
import Web

@testable import ServiceRuntime

/// Writes each message's bytes into a table; refuses those that start with "bad" until it has been fixed.
final class SampleHandler: BatchHandler {
    let isFixed = Atomic<Bool>(false)

    func handle(_ batch: [InboundMessage], in transaction: Transaction) throws -> [Rejection] {
        var rejections: [Rejection] = []
        for (index, message) in batch.enumerated() {
            let text = String(decoding: message.value, as: UTF8.self)
            if text.hasPrefix("bad"), !isFixed.load(ordering: .relaxed) {
                rejections.append(Rejection(index: index, errorClass: "bad", reason: "value: must not start so"))
            } else {
                try transaction.execute("INSERT INTO note (text) VALUES ($1)", [.text(text)])
            }
        }
        return rejections
    }
}

/// A small service, its broker and its schema.
struct Sample {
    static let greeting = Setting.text("GREETING", required: true, help: "What it says.")

    let handler = SampleHandler()
    let broker: EmbeddedBroker
    let schema = "sample\(UInt32.random(in: 0...UInt32.max))"
    let directory = FileManager.default.temporaryDirectory.path + "/sample-\(UUID().uuidString)"
    var url: String

    static let migration = Migration(
        number: 101, name: "note",
        sql: "CREATE TABLE note (id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL)")

    init(url: String? = nil) throws {
        self.url = try url ?? TestPostgres.shared().url
        broker = try EmbeddedBroker(log: TestPostgres.log)
    }

    func definition(topics: [Topic] = [.submissions]) -> ServiceDefinition {
        let handler = handler
        return ServiceDefinition(
            name: "sample", schema: schema, version: "1.2.3", summary: "Keeps notes.", port: 8_190,
            settings: [Self.greeting], migrations: [Self.migration], topicsConsumed: topics,
            check: { configuration in
                configuration[Self.greeting] == "rude" ? [SettingProblem("GREETING", "must be polite")] : []
            },
            subcommands: [
                Subcommand("shout", summary: "Says it louder.", settings: [Self.greeting]) { configuration, _ in
                    if configuration[Self.greeting] == "fail" { throw DependencyUnavailable("no voice") }
                }
            ],
            compose: { context in
                let greeting = context.configuration[Self.greeting]
                return ServiceParts(
                    handler: handler,
                    routes: [
                        Route(.get, "/v1/greeting", roles: .everyone, summary: "Greets.", response: "Greeting") { _ in
                            .text(greeting)
                        },
                        Route(.post, "/v1/entries", roles: .everyone, summary: "An entry.") { _ in
                            try context.pressure.admit()
                            return .empty()
                        },
                    ],
                    announce: { announcer in
                        announcer.expect(3)
                        for index in 0..<3 {
                            try announcer.emit { transaction in
                                try transaction.emit(
                                    OutgoingEvent(
                                        topic: Topic.unitChanged.name, key: [UInt8(index)], value: [1], id: "\(index)",
                                        type: "tiemchung.intake.v1.UnitChanged", source: "sample",
                                        time: context.clock.now(), subject: "\(index)"))
                            }
                        }
                    },
                    counts: { transaction in
                        [("notes", try transaction.query("SELECT count(*) FROM note") { $0.int8(0) }[0])]
                    })
            })
    }

    var environment: [String: String] {
        [
            "DATABASE_URL": url, "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrapServers, "GREETING": "xin chào",
            "HTTP_LISTEN": "127.0.0.1:0", "OPERATIONS_LISTEN": "127.0.0.1:0", "DEVELOPMENT_MODE": "true",
            "JWKS_FILE": directory + "/jwks.json", "KAFKA_SESSION_TIMEOUT_MS": "4000", "STOP_GRACE_SECONDS": "3",
        ]
    }

    func configuration(_ changes: [String: String] = [:]) throws -> Configuration {
        let command = ServiceCommand(definition(), arguments: [], environment: [:])
        return try SettingsResolver(
            command.settings, environment: environment.merging(changes) { $1 }, readFile: { _ in nil }
        ).resolve(arguments: [])
    }

    /// Runs one command of the executable and gives its exit code and all it said.
    func command(
        _ arguments: [String], _ changes: [String: String] = [:], topics: [Topic] = [.submissions]
    ) async -> (ExitCode, String) {
        let text = Mutex("")
        let command = ServiceCommand(
            definition(topics: topics), arguments: arguments, environment: environment.merging(changes) { $1 },
            secretsDirectory: "/nowhere", output: { part in text.withLock { $0 += part } },
            complain: { part in text.withLock { $0 += part } },
            sink: { line in
                text.withLock { $0 += String(decoding: line, as: UTF8.self) }
            })
        let code = await command.execute()
        return (code, text.withLock { $0 })
    }

    func migrate() async throws {
        let (code, text) = await command(["migrate"])
        guard code == .success else { throw DependencyUnavailable(text) }
    }

    func token(_ role: Role) throws -> String {
        try DevelopmentIssuer(directory: directory, developmentMode: true)
            .issue(role: role, unit: "", now: Instant.now().microseconds / 1_000_000)
    }

    /// A JSON answer of the running service.
    func ask(
        _ service: RunningService, _ method: String, _ path: String, as role: Role = .operator, body: String? = nil
    ) async throws -> (status: Int, body: String) {
        var request = URLRequest(url: URL(string: "http://127.0.0.1:\(service.httpPort)\(path)")!)
        request.httpMethod = method
        request.setValue("Bearer \(try token(role))", forHTTPHeaderField: "Authorization")
        request.httpBody = body.map { Data($0.utf8) }
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }
}
