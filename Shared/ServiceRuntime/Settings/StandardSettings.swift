import Web

/// The settings that every service has. The names are those of the deployment files.
public enum StandardSettings {
    public static let databaseURL = Setting.text(
        "DATABASE_URL", required: true, secret: true,
        help: "Where the service's database is: postgresql://user:password@host:port/database.")
    public static let databasePoolSize = Setting.integer(
        "DATABASE_POOL_SIZE", default: 8, in: 2...200, help: "Connections to the database at once.")
    public static let kafkaBootstrapServers = Setting.text(
        "KAFKA_BOOTSTRAP_SERVERS", required: true, help: "Brokers to ask first: host:port, separated by commas.")
    public static let kafkaProperties = Setting<[String: String]>(
        "KAFKA_PROPERTIES", default: "", secret: true,
        help: "Further librdkafka properties: name=value, separated by semicolons (security.protocol, sasl.username …)."
    ) { text throws(SettingRule) in
        var properties: [String: String] = [:]
        for part in text.split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { throw SettingRule("must be name=value, separated by semicolons") }
            properties[pair[0].trimmed] = pair[1].trimmed
        }
        return properties
    }
    public static let kafkaSessionTimeout = Setting.integer(
        "KAFKA_SESSION_TIMEOUT_MS", default: 6_000, in: 4_000...300_000,
        help: "Milliseconds after which the group takes a silent instance for dead.")
    public static let batchSize = Setting.integer(
        "BATCH_SIZE", default: 2_000, in: 1...20_000, help: "Messages of one batch at most.")
    public static let developmentMode = Setting.flag(
        "DEVELOPMENT_MODE", default: false,
        help: "Allows what is for trying out only: made keys, the development issuer, TEST certificates.")
    public static let keySetFile = Setting.text(
        "JWKS_FILE", required: true,
        help: "The key set that bearer tokens are verified with; made in development mode when it is not there.")
    public static let tokenIssuer = Setting.text(
        "TOKEN_ISSUER", default: "tiemchung", help: "The issuer that tokens must name.")
    public static let tokenAudience = Setting.text(
        "TOKEN_AUDIENCE", default: "tiemchung", help: "The audience that tokens must name.")
    public static let instanceName = Setting.text(
        "INSTANCE_NAME", help: "Tells several instances of a service apart in logs and at the broker.")
    public static let logLevel = Setting.choice(
        "LOG_LEVEL", default: LogLevelName.info, help: "The least serious level that is logged.")
    public static let httpConnections = Setting.integer(
        "HTTP_CONNECTION_LIMIT", default: 1_024, in: 8...100_000, help: "Open HTTP connections at once.")
    public static let tlsCertificate = Setting.text(
        "HTTP_TLS_CERTIFICATE", help: "Certificate chain for HTTPS, PEM; empty for plain HTTP behind a proxy.")
    public static let tlsKey = Setting.text(
        "HTTP_TLS_KEY", secret: true, help: "Private key for HTTPS, PEM.")
    public static let startWait = Setting.integer(
        "START_WAIT_SECONDS", default: 0, in: 0...3_600,
        help: "How long a start waits for database and broker before it gives up.")
    public static let stopGrace = Setting.integer(
        "STOP_GRACE_SECONDS", default: 8, in: 1...600,
        help: "How long a stop lets requests and the relay finish, each.")
    public static let holdBackOutboxBytes = Setting.integer(
        "HOLD_BACK_OUTBOX_BYTES", default: 32_000_000, in: 100_000...10_000_000_000,
        help: "Unpublished bytes from which on entries are held back.")
    public static let holdBackPartitionBytes = Setting.integer(
        "HOLD_BACK_PARTITION_BYTES", default: 2_500_000, in: 100_000...10_000_000_000,
        help:
            "Bytes of one partition that readers may be behind before entries are held back; the embedded broker keeps 5 MB."
    )

    static func httpListen(port: Int) -> Setting<ListenAddress> {
        .address("HTTP_LISTEN", default: "127.0.0.1:\(port)", help: "Where the HTTP interface listens.")
    }

    static func operationsListen(port: Int) -> Setting<ListenAddress> {
        .address(
            "OPERATIONS_LISTEN", default: "127.0.0.1:\(port)", help: "Where /livez, /readyz and /metrics are answered.")
    }
}

/// The values of `LOG_LEVEL`.
public enum LogLevelName: String, Sendable, CaseIterable {
    case debug, info, warning, error
}

extension Substring {
    var trimmed: String { String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }
}
