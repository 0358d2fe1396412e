public import Messaging
public import Observability
public import RecordModel
public import Storage
public import Web

/// What a service is, as data: everything that `ServiceMain.run` needs to make it run.
public struct ServiceDefinition: Sendable {
    /// The service's name, its consumer group and its executable: `identity-matching`.
    public let name: String
    /// Its schema in the database: `matching`.
    public let schema: String
    public let version: String
    /// One line for `--help` and the OpenAPI document.
    public let summary: String
    /// The default port of the HTTP interface; the operations port is a thousand above.
    public let port: Int
    /// Settings beside `StandardSettings`.
    public let settings: [any SettingDeclaration]
    /// The service's own migrations, numbered from 101; those of outbox and parking come with Storage.
    public let migrations: [Migration]
    public let topicsConsumed: [Topic]
    /// Rules over several settings, and pieces that must be there in production (keys, trust anchors): every problem.
    public let check: @Sendable (Configuration) -> [SettingProblem]
    /// Puts the service together. Must not touch the database or the broker: it also runs for `openapi`, where
    /// `context.isDescribing` is true and nothing is configured.
    public let compose: @Sendable (ServiceContext) throws -> ServiceParts
    public let subcommands: [Subcommand]

    public init(
        name: String, schema: String, version: String, summary: String, port: Int,
        settings: [any SettingDeclaration] = [], migrations: [Migration], topicsConsumed: [Topic],
        check: @escaping @Sendable (Configuration) -> [SettingProblem] = { _ in [] }, subcommands: [Subcommand] = [],
        compose: @escaping @Sendable (ServiceContext) throws -> ServiceParts
    ) {
        self.name = name
        self.schema = schema
        self.version = version
        self.summary = summary
        self.port = port
        self.settings = settings
        self.migrations = migrations
        self.topicsConsumed = topicsConsumed
        self.check = check
        self.subcommands = subcommands
        self.compose = compose
    }
}

/// What a service is put together with.
public struct ServiceContext: Sendable {
    /// The service's name.
    public let service: String
    public let configuration: Configuration
    public let database: Database
    public let log: Log
    public let metrics: MetricsRegistry
    public let clock: any WallClock
    /// Whether entries must be held back at the moment.
    public let pressure: Pressure
    /// Whether this is only to learn the routes: settings have placeholder values, files and keys are not there.
    public let isDescribing: Bool

    /// Whether demo keys, made certificates and the like are allowed.
    public var isDevelopment: Bool { configuration[StandardSettings.developmentMode] }

    public init(
        service: String, configuration: Configuration, database: Database, log: Log,
        metrics: MetricsRegistry = .shared, clock: any WallClock = SystemClock(), pressure: Pressure = Pressure(),
        isDescribing: Bool = false
    ) {
        self.service = service
        self.configuration = configuration
        self.database = database
        self.log = log
        self.metrics = metrics
        self.clock = clock
        self.pressure = pressure
        self.isDescribing = isDescribing
    }
}

/// What a service consists of.
public struct ServiceParts: Sendable {
    /// Handles the consumed topics; nil for a service that consumes nothing.
    public var handler: (any BatchHandler)?
    public var routes: [Route]
    /// Runs once before anything is consumed or answered, when the database is there and at the expected version.
    /// Throw `ConfigurationRefused` or `DependencyUnavailable` to refuse the start with a clear line.
    public var prepare: (@Sendable () throws -> Void)?
    /// Emits all current facts of the service again, batch by batch.
    public var announce: (@Sendable (Announcer) throws -> Void)?
    /// Counts for the status page.
    public var counts: (@Sendable (Transaction) throws -> [(String, Int64)])?
    /// Reasons of the service's own why it is not ready; empty when it is. Asked about once a second; must be quick.
    public var notReady: (@Sendable () -> [String])?
    /// Work on threads of their own, until the stop signal.
    public var backgroundTasks: [BackgroundTask]

    public init(
        handler: (any BatchHandler)? = nil, routes: [Route] = [], prepare: (@Sendable () throws -> Void)? = nil,
        announce: (@Sendable (Announcer) throws -> Void)? = nil,
        counts: (@Sendable (Transaction) throws -> [(String, Int64)])? = nil,
        notReady: (@Sendable () -> [String])? = nil, backgroundTasks: [BackgroundTask] = []
    ) {
        self.handler = handler
        self.routes = routes
        self.prepare = prepare
        self.announce = announce
        self.counts = counts
        self.notReady = notReady
        self.backgroundTasks = backgroundTasks
    }
}

/// Work that goes on beside handling messages, on a thread of its own, which may block.
///
/// The closure returns when the signal says stop; it waits with `StopSignal.wait`, never by sleeping. An error that it
/// throws is logged, and the closure is called again after a pause.
public struct BackgroundTask: Sendable {
    public let name: String
    public let run: @Sendable (StopSignal) throws -> Void

    public init(_ name: String, run: @escaping @Sendable (StopSignal) throws -> Void) {
        self.name = name
        self.run = run
    }
}

/// A command of an executable beside `run`, `migrate`, `healthcheck` and `openapi`. It has neither database nor broker
/// unless it opens them itself.
public struct Subcommand: Sendable {
    public let name: String
    public let summary: String
    public let settings: [any SettingDeclaration]
    public let run: @Sendable (Configuration, Log) async throws -> Void

    public init(
        _ name: String, summary: String, settings: [any SettingDeclaration],
        run: @escaping @Sendable (Configuration, Log) async throws -> Void
    ) {
        self.name = name
        self.summary = summary
        self.settings = settings
        self.run = run
    }
}
