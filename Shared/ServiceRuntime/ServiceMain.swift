// ServiceRuntime: what makes an executable a service.
//
//   ServiceDefinition (data) ─▶ ServiceMain.run ─▶ settings ─▶ subcommand ─▶ exit code
//                                                   run: RunningService, until SIGTERM or SIGINT
//                                                   migrate · healthcheck · openapi · the service's own
//
// How it fails: a start that cannot succeed ends with one clear line that names cause and remedy, and an exit code:
// 78 configuration, 69 something needed is not there, 70 an error of ours. A running service never ends by itself:
// a database or broker that goes away makes it unready, and it goes on when they are back. SIGTERM ends it with 0.
// Who may touch it: services declare themselves through ServiceDefinition; nothing here knows what a dose is.
import Dispatch
import Foundation
import Observability
import RecordModel
import Storage
import Synchronization
import Web

/// The entry point of every service.
public enum ServiceMain {
    /// Does what the command line says and ends the process.
    public static func run(_ definition: ServiceDefinition) async {
        signal(SIGPIPE, SIG_IGN)
        let command = ServiceCommand(
            definition, arguments: Array(CommandLine.arguments.dropFirst()),
            environment: ProcessInfo.processInfo.environment)
        exit(await command.execute().rawValue)
    }
}

/// One call of a service's executable.
struct ServiceCommand {
    private let definition: ServiceDefinition
    private let arguments: [String]
    private let environment: [String: String]
    private let secretsDirectory: String
    private let output: (String) -> Void
    private let complain: (String) -> Void
    private let sink: Log.Sink

    init(
        _ definition: ServiceDefinition, arguments: [String], environment: [String: String],
        secretsDirectory: String = "/run/secrets",
        output: @escaping (String) -> Void = { FileHandle.standardOutput.write(Data($0.utf8)) },
        complain: @escaping (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) },
        sink: @escaping Log.Sink = Log.standardError
    ) {
        self.definition = definition
        self.arguments = arguments
        self.environment = environment
        self.secretsDirectory = secretsDirectory
        self.output = output
        self.complain = complain
        self.sink = sink
    }

    private enum Verb: String, CaseIterable {
        case run, migrate, healthcheck, openapi

        var summary: String {
            switch self {
            case .run: "Runs the service until SIGTERM or SIGINT (the default)."
            case .migrate: "Brings the service's database schema to this version."
            case .healthcheck: "Asks /readyz of the running service; exit code 0 when it is ready."
            case .openapi: "Prints the OpenAPI document of the service's routes."
            }
        }
    }

    func execute() async -> ExitCode {
        var rest = arguments[...]
        let word = rest.first.map { $0.hasPrefix("-") } ?? true ? nil : rest.removeFirst()
        if let word, let extra = definition.subcommands.first(where: { $0.name == word }) {
            return await run(extra, Array(rest))
        }
        guard let verb = word.map(Verb.init(rawValue:)) ?? .run else {
            complain("\(definition.name): there is no command \(word ?? ""); see --help\n")
            return .usage
        }
        if rest.contains("--help") || rest.contains("-h") { return help() }
        if rest.contains("--version") {
            output("\(definition.name) \(definition.version)\n")
            return .success
        }
        if verb == .openapi { return openapi() }
        let isPrinting = rest.contains("--print-config")
        rest.removeAll { $0 == "--print-config" }
        do throws(ConfigurationRefused) {
            let configuration: Configuration
            var problems: [SettingProblem]
            (configuration, problems) = resolver(settings(for: verb)).examine(arguments: Array(rest))
            if !isPrinting, verb == .run {
                // All at once: what is wrong with single settings, and what only the service can tell.
                let found = Set(problems.map(\.setting))
                let further = definition.check(configuration) + Self.check(configuration)
                problems += further.filter { !found.contains($0.setting) }
            }
            guard problems.isEmpty else { throw ConfigurationRefused(problems) }
            if isPrinting {
                output(configuration.redacted())
                return .success
            }
            return await perform(verb, configuration)
        } catch {
            return refuse(error)
        }
    }

    private func resolve(
        _ settings: [any SettingDeclaration], _ arguments: [String]
    ) throws(ConfigurationRefused) -> Configuration {
        try resolver(settings).resolve(arguments: arguments)
    }

    private func resolver(_ settings: [any SettingDeclaration]) -> SettingsResolver {
        SettingsResolver(settings, environment: environment, secretsDirectory: secretsDirectory)
    }

    private func refuse(_ refused: ConfigurationRefused) -> ExitCode {
        for problem in refused.problems { complain("\(definition.name): configuration: \(problem)\n") }
        return .configuration
    }

    // MARK: Settings

    /// Every setting of the service.
    var settings: [any SettingDeclaration] {
        [
            StandardSettings.databaseURL, StandardSettings.databasePoolSize, StandardSettings.kafkaBootstrapServers,
            StandardSettings.kafkaProperties, StandardSettings.kafkaSessionTimeout, StandardSettings.batchSize,
            StandardSettings.httpListen(port: definition.port),
            StandardSettings.operationsListen(port: definition.port + 1_000), StandardSettings.httpConnections,
            StandardSettings.tlsCertificate, StandardSettings.tlsKey, StandardSettings.keySetFile,
            StandardSettings.tokenIssuer, StandardSettings.tokenAudience, StandardSettings.developmentMode,
            StandardSettings.instanceName, StandardSettings.logLevel, StandardSettings.startWait,
            StandardSettings.stopGrace, StandardSettings.holdBackOutboxBytes, StandardSettings.holdBackPartitionBytes,
        ] + definition.settings
    }

    private func settings(for verb: Verb) -> [any SettingDeclaration] {
        switch verb {
        case .run: settings
        // The other commands need few settings; what they do not need is read if it is there.
        case .migrate: relaxed(except: [StandardSettings.databaseURL.name])
        case .healthcheck, .openapi: relaxed(except: [])
        }
    }

    private func relaxed(except needed: Set<String>) -> [any SettingDeclaration] {
        settings.map { needed.contains($0.name) ? $0 : OptionalSetting(of: $0) }
    }

    private static func check(_ configuration: Configuration) -> [SettingProblem] {
        var problems: [SettingProblem] = []
        let hasCertificate = !configuration[StandardSettings.tlsCertificate].isEmpty
        if hasCertificate == configuration[StandardSettings.tlsKey].isEmpty {
            problems.append(
                SettingProblem("HTTP_TLS_KEY", "certificate and key belong together: set both or neither"))
        }
        // In development mode it may still be made.
        let keySet = configuration[StandardSettings.keySetFile]
        if !configuration[StandardSettings.developmentMode], !FileManager.default.isReadableFile(atPath: keySet) {
            problems.append(
                SettingProblem(
                    StandardSettings.keySetFile.name,
                    "cannot use the key set \(keySet): it is missing or cannot be read; name the identity provider's JWKS"
                ))
        }
        return problems
    }

    // MARK: Commands

    private func log(_ configuration: Configuration) -> Log {
        let level = LogLevel(label: configuration[StandardSettings.logLevel].rawValue) ?? .info
        let instance = configuration[StandardSettings.instanceName]
        let log = Log(service: definition.name, level: level, sink: sink)
        return instance.isEmpty ? log : log.with("instance", .string(instance))
    }

    private func perform(_ verb: Verb, _ configuration: Configuration) async -> ExitCode {
        let log = log(configuration)
        do {
            switch verb {
            case .run: try await runUntilSignalled(configuration, log)
            case .migrate: try await migrate(configuration, log)
            case .healthcheck: return await healthcheck(configuration)
            case .openapi: return openapi()
            }
            return .success
        } catch let refused as ConfigurationRefused {
            return refuse(refused)
        } catch {
            let code = ExitCode(of: error)
            log.error("stopped by an error", ["error": .error(error), "exit_code": .int(Int(code.rawValue))])
            return code
        }
    }

    private func runUntilSignalled(_ configuration: Configuration, _ log: Log) async throws {
        let signals = TerminationSignals()
        let service = try await RunningService.start(definition, configuration, log: log)
        signals.started()
        let name = await signals.first()
        log.info("signal received", ["signal": .string(name)])
        await service.stop()
    }

    private func migrate(_ configuration: Configuration, _ log: Log) async throws {
        let database = Database(RunningService.database(definition, configuration), log: log)
        defer { database.close() }
        let migrator = definition.migrator(database, log: log)
        let deadline = ContinuousClock.now + .seconds(configuration[StandardSettings.startWait])
        try await onThread("migrate") {
            while true {
                do {
                    let applied = try migrator.migrate()
                    log.info("migrated", ["applied": .int(applied.count)])
                    return
                } catch let error as StorageError where error.isTransient && ContinuousClock.now < deadline {
                    log.warning("waiting for the database", ["error": .error(error)])
                    StopSignal().wait(seconds: 1)
                }
            }
        }
    }

    private func healthcheck(_ configuration: Configuration) async -> ExitCode {
        let listen = configuration[StandardSettings.operationsListen(port: definition.port + 1_000)]
        let host = ["0.0.0.0": "127.0.0.1", "::": "::1"][listen.host] ?? listen.host
        do {
            let (status, body) = try await onThread("healthcheck") {
                try LocalHTTP.get(ListenAddress(host: host, port: listen.port), "/readyz", seconds: 5)
            }
            output(body + "\n")
            return status == 200 ? .success : .failure
        } catch {
            complain("\(definition.name): not running: \(error)\n")
            return .failure
        }
    }

    private func openapi() -> ExitCode {
        do {
            output(try definition.openAPIDocument().yaml)
            return .success
        } catch {
            complain("\(definition.name): the routes cannot be described: \(error)\n")
            return .internal
        }
    }

    private func run(_ extra: Subcommand, _ arguments: [String]) async -> ExitCode {
        let settings = extra.settings + [StandardSettings.logLevel]
        if arguments.contains("--help") || arguments.contains("-h") {
            output("\(definition.name) \(extra.name): \(extra.summary)\n\n" + Usage.settings(settings))
            return .success
        }
        let configuration: Configuration
        do throws(ConfigurationRefused) {
            configuration = try resolve(settings, arguments)
        } catch {
            return refuse(error)
        }
        do {
            let level = LogLevel(label: configuration[StandardSettings.logLevel].rawValue) ?? .info
            try await extra.run(configuration, Log(service: definition.name, level: level, sink: sink))
            return .success
        } catch let refused as ConfigurationRefused {
            return refuse(refused)
        } catch {
            complain("\(definition.name) \(extra.name): \(error)\n")
            return ExitCode(of: error)
        }
    }

    private func help() -> ExitCode {
        let commands =
            Verb.allCases.map { ($0.rawValue, $0.summary) } + definition.subcommands.map { ($0.name, $0.summary) }
        output(
            "\(definition.name) \(definition.version): \(definition.summary)\n\n"
                + "usage: \(definition.name) [command] [--setting value …] [--print-config | --help | --version]\n\n"
                + "commands\n" + Usage.list(commands) + "\n" + Usage.settings(settings))
        return .success
    }
}

/// A setting that may be absent for this command although the service needs it.
private struct OptionalSetting: SettingDeclaration {
    let name: String
    let help: String
    let isSecret: Bool
    let defaultText: String?
    let isRequired = false
    private let check: @Sendable (String) -> String?

    init(of declaration: any SettingDeclaration) {
        name = declaration.name
        help = declaration.help
        isSecret = declaration.isSecret
        defaultText = declaration.defaultText
        check = { declaration.problem(with: $0) }
    }

    func problem(with text: String) -> String? { check(text) }
}
