import Foundation
import Messaging
import Observability
import RecordModel
import Storage
import Synchronization
import Web

/// A service in one process, from its start to its stop.
///
/// Start: operations port → database and schema → topics → parts → producer, relay → HTTP → consumer, tasks, monitor.
/// Stop, in the reverse order: readiness off → HTTP (no new request, finish those there) → consumer (finish the batch,
/// commit, leave the group) → tasks → relay (publish what is there) → producer (flush) → pool → operations port.
final class RunningService: Sendable {
    let httpPort: UInt16
    let operationsPort: UInt16
    let health: Health
    private let context: ServiceContext
    private let operations: HTTPServer
    private let http: HTTPServer
    private let consumer: ConsumerLoop?
    private let relay: OutboxRelay
    private let producer: Producer
    private let threads: ServiceThreads

    /// Starts everything, or throws what is missing with cause and remedy; nothing is left running then.
    static func start(
        _ definition: ServiceDefinition, _ configuration: Configuration, log: Log,
        metrics: MetricsRegistry = .shared, clock: any WallClock = SystemClock()
    ) async throws -> RunningService {
        let health = Health()
        let authenticator = try Self.authenticator(configuration, clock, log)
        let operations = try HTTPServer(
            HTTPServerConfiguration(
                address: configuration[StandardSettings.operationsListen(port: definition.port + 1_000)]),
            routes: HealthRoutes.routes(health, metrics: metrics), authenticator: nil, log: log, metrics: metrics)
        do {
            return try await RunningService(
                definition, configuration, log: log, metrics: metrics, clock: clock, health: health,
                authenticator: authenticator, operations: operations)
        } catch {
            await operations.stop(graceSeconds: 1)
            throw error
        }
    }

    private init(
        _ definition: ServiceDefinition, _ configuration: Configuration, log: Log, metrics: MetricsRegistry,
        clock: any WallClock, health: Health, authenticator: any Authenticator, operations: HTTPServer
    ) async throws {
        let context = ServiceContext(
            service: definition.name, configuration: configuration,
            database: Database(Self.database(definition, configuration), log: log), log: log, metrics: metrics,
            clock: clock)
        let kafka = Self.kafka(definition, configuration)
        try await onThread("start") { try Self.checkDependencies(definition, context, kafka) }
        let parts = try definition.compose(context)
        if let prepare = parts.prepare { try await onThread("prepare", prepare) }

        let producer = try Producer(kafka, log: log)
        let relay = OutboxRelay(database: context.database, publisher: producer, log: log)
        let gate = EntryGate(
            service: definition.name, kafka: kafka, relay: relay, configuration: configuration, log: log)
        let threads = ServiceThreads(log: log, health: health)
        let announcements = Announcements(
            Announcer(database: context.database, stop: threads.stop, held: gate.measure), parts.announce, log: log)
        var options = ConsumerOptions(batchSize: configuration[StandardSettings.batchSize])
        options.sessionTimeoutMilliseconds = configuration[StandardSettings.kafkaSessionTimeout]
        let consumer = parts.handler.map { handler in
            ConsumerLoop(
                configuration: kafka, topics: definition.topicsConsumed, handler: handler, database: context.database,
                options: options, log: log)
        }
        let operatorRoutes = OperatorRoutes(
            definition: definition, context: context, parts: parts,
            running: .init(health: health, consumer: consumer, announcements: announcements))
        http = try HTTPServer(
            Self.http(definition, configuration), routes: parts.routes + operatorRoutes.routes,
            authenticator: authenticator, log: log, metrics: metrics, problem: { Self.problem(for: $0) })
        relay.start()
        do {
            try consumer?.start()
        } catch {
            await http.stop(graceSeconds: 1)
            relay.stop(timeout: .seconds(1))
            producer.close(timeout: .seconds(1))
            throw error
        }
        let monitor = ServiceMonitor(context, parts, consumer: consumer, relay: relay, gate: gate, health: health)
        threads.run(BackgroundTask("monitor", run: monitor.run))
        for task in parts.backgroundTasks { threads.run(task) }

        self.context = context
        self.health = health
        self.operations = operations
        self.consumer = consumer
        self.relay = relay
        self.producer = producer
        self.threads = threads
        httpPort = http.port
        operationsPort = operations.port
        health.enter(.running)
        log.info(
            "service started",
            [
                "version": .string(definition.version), "http_port": .int(Int(httpPort)),
                "operations_port": .int(Int(operationsPort)),
                "development_mode": .bool(configuration[StandardSettings.developmentMode]),
            ])
    }

    /// Stops in order; returns when everything has ended or its time was over.
    /// - Returns: whether everything that was accepted has been published; what is left is published by the next start.
    @discardableResult
    func stop() async -> Bool {
        let grace = context.configuration[StandardSettings.stopGrace]
        health.enter(.stopping)
        context.log.info("service stopping")
        // Announcements and tasks learn it first: they may hold requests open. Their time runs from now on.
        threads.stop.give()
        let tasksUntil = ContinuousClock.now + .seconds(grace)
        await http.stop(graceSeconds: Double(grace))
        let (consumer, relay, producer, threads) = (consumer, relay, producer, threads)
        let isEmpty = try? await onThread("stop") {
            consumer?.stop()
            threads.join(until: tasksUntil)
            let isEmpty = relay.stop(timeout: .seconds(grace))
            // Where the relay could not publish everything, the broker is away: the outbox keeps it.
            producer.close(timeout: isEmpty ? .seconds(grace) : .seconds(1))
            return isEmpty
        }
        context.database.close()
        await operations.stop(graceSeconds: 1)
        context.log.info("service stopped", ["outbox_empty": .bool(isEmpty ?? false)])
        return isEmpty ?? false
    }

    // MARK: Parts of the start

    /// Database there, schema at the expected version, topics there; waits for them if the configuration says so.
    private static func checkDependencies(
        _ definition: ServiceDefinition, _ context: ServiceContext, _ kafka: KafkaConfiguration
    ) throws {
        let wait = context.configuration[StandardSettings.startWait]
        let deadline = ContinuousClock.now + .seconds(wait)
        let pause = StopSignal()
        let checks: [() throws -> Void] = [
            { try context.database.check() },
            { try definition.migrator(context.database, log: context.log).verify() },
            {
                do {
                    try TopicAdministration(kafka, log: context.log).verifyExist(
                        definition.topicsConsumed + definition.topicsWritten, timeout: .seconds(10))
                } catch let error as KafkaError {
                    throw DependencyUnavailable(
                        "no broker answers at \(kafka.bootstrapServers): start it or correct KAFKA_BOOTSTRAP_SERVERS (\(error))"
                    )
                }
            },
        ]
        for check in checks {
            while true {
                do {
                    try check()
                    break
                } catch {
                    guard ExitCode(of: error) == .unavailable, ContinuousClock.now < deadline else { throw error }
                    context.log.warning("waiting to start", ["error": .error(error)])
                    pause.wait(seconds: 1)
                }
            }
        }
    }

    private static func authenticator(
        _ configuration: Configuration, _ clock: any WallClock, _ log: Log
    ) throws -> any Authenticator {
        let path = configuration[StandardSettings.keySetFile]
        let (issuer, audience) = (
            configuration[StandardSettings.tokenIssuer], configuration[StandardSettings.tokenAudience]
        )
        if configuration[StandardSettings.developmentMode], !FileManager.default.fileExists(atPath: path),
            path.hasSuffix("/" + DevelopmentIssuer.keySetFile)
        {
            _ = try DevelopmentIssuer(
                directory: String(path.dropLast(DevelopmentIssuer.keySetFile.utf8.count + 1)), developmentMode: true,
                issuer: issuer, audience: audience)
        }
        return try KeySetAuthenticator(
            path: path, issuer: issuer, audience: audience, now: { clock.now().microseconds / 1_000_000 },
            onReload: { failure in
                if let failure {
                    log.warning("the changed key set is not used", ["error": .string(failure)])
                } else {
                    log.info("the key set was read again")
                }
            })
    }

    static func database(_ definition: ServiceDefinition, _ configuration: Configuration) -> DatabaseConfiguration {
        DatabaseConfiguration(
            url: configuration[StandardSettings.databaseURL], schema: definition.schema,
            applicationName: definition.name, poolSize: configuration[StandardSettings.databasePoolSize])
    }

    private static func kafka(_ definition: ServiceDefinition, _ configuration: Configuration) -> KafkaConfiguration {
        let instance = configuration[StandardSettings.instanceName]
        return KafkaConfiguration(
            bootstrapServers: configuration[StandardSettings.kafkaBootstrapServers],
            clientID: instance.isEmpty ? definition.name : "\(definition.name)-\(instance)", groupID: definition.name,
            extra: configuration[StandardSettings.kafkaProperties])
    }

    private static func http(_ definition: ServiceDefinition, _ configuration: Configuration) -> HTTPServerConfiguration
    {
        var http = HTTPServerConfiguration(address: configuration[StandardSettings.httpListen(port: definition.port)])
        http.connectionLimit = configuration[StandardSettings.httpConnections]
        http.connectionsPerAddress = http.connectionLimit
        let certificate = configuration[StandardSettings.tlsCertificate]
        if !certificate.isEmpty { http.tls = (certificate, configuration[StandardSettings.tlsKey]) }
        return http
    }

    /// What clients see of errors of the modules below.
    static func problem(for error: any Error) -> Problem? {
        switch error {
        case let error as StorageError where error.isTransient:
            .unavailable("the database is not available at the moment")
        case StorageError.unavailable: .unavailable("the database is not available at the moment")
        // "Not in the state for it", raised by a service's own statement, which says what is to be done.
        case StorageError.refused(let refusal) where refusal.state == "55000": .unavailable(refusal.message)
        case StorageError.closed: .unavailable("the service is stopping")
        default: nil
        }
    }
}

extension ServiceDefinition {
    /// The topics that this service writes.
    var topicsWritten: [Topic] { Topic.all.filter { $0.writers.contains(name) } }

    /// All migrations of the schema: the infrastructure's and the service's.
    func migrator(_ database: Database, log: Log) -> Migrator {
        Migrator(
            database: database, schema: schema,
            migrations: InfrastructureMigrations.all + ParkingMigrations.all + migrations, log: log)
    }
}
