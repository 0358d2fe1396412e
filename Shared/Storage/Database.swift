internal import Glibc
public import Observability
internal import Synchronization

/// Where the database is and how it is used.
public struct DatabaseConfiguration: Sendable {
    /// A libpq address: `postgresql://user:password@host:port/database` or `key=value` pairs.
    public var url: String
    /// The schema that unqualified names mean.
    public var schema: String
    public var applicationName: String
    /// The most connections that are open at once, the relay's own not counted.
    public var poolSize: Int
    public var connectTimeout: Duration
    /// How long a checkout waits for a connection to come free.
    public var checkoutTimeout: Duration

    public init(
        url: String, schema: String, applicationName: String = "tiemchung", poolSize: Int = 8,
        connectTimeout: Duration = .seconds(5), checkoutTimeout: Duration = .seconds(10)
    ) {
        self.url = url
        self.schema = schema
        self.applicationName = applicationName
        self.poolSize = poolSize
        self.connectTimeout = connectTimeout
        self.checkoutTimeout = checkoutTimeout
    }
}

/// How a transaction runs.
public struct TransactionOptions: Sendable {
    public enum Isolation: String, Sendable {
        case readCommitted = "READ COMMITTED"
        case repeatableRead = "REPEATABLE READ"
        case serializable = "SERIALIZABLE"
    }
    public var isolation: Isolation
    public var isReadOnly: Bool
    /// Plans that do not look at the parameters: right for set-wise statements over keys, where planning a batch of
    /// thousands of values anew would cost more than running it.
    public var usesGenericPlans: Bool
    /// How often a transaction that met a serialization failure or a deadlock is run again.
    public var retries: Int

    public init(
        isolation: Isolation = .readCommitted, isReadOnly: Bool = false, usesGenericPlans: Bool = true,
        retries: Int = 10
    ) {
        self.isolation = isolation
        self.isReadOnly = isReadOnly
        self.usesGenericPlans = usesGenericPlans
        self.retries = retries
    }

    var clauses: String {
        (isolation == .readCommitted ? "" : " ISOLATION LEVEL \(isolation.rawValue)") + (isReadOnly ? " READ ONLY" : "")
    }
}

/// The database of a service: a pool of connections to one schema.
public final class Database: Sendable {
    public let configuration: DatabaseConfiguration
    let log: Log
    private let pool: ConnectionPool
    private let sink = Mutex<(any OutboxSink)?>(nil)
    let blocking: BlockingExecutor
    private let retries: Counter

    /// Opens nothing yet: the first use connects.
    public init(_ configuration: DatabaseConfiguration, log: Log) {
        self.configuration = configuration
        self.log = log
        pool = ConnectionPool(configuration)
        blocking = BlockingExecutor(threads: max(1, configuration.poolSize))
        retries = MetricsRegistry.shared.counter(
            "storage_transaction_retries_total",
            help: "Transactions run again after a serialization failure or deadlock.")
    }

    /// Connections in use and checkouts that wait.
    public var poolUse: (inUse: Int, waiting: Int) { (pool.inUse, pool.waiting) }

    /// Connects and asks the server for an answer; throws what is wrong.
    public func check() throws {
        try withConnection { connection in _ = try connection.query("SELECT 1") { $0.int4(0) } }
    }

    /// Runs the closure on a connection of the pool; each statement commits on its own.
    /// A connection that broke while it was idle is replaced before the closure runs.
    @discardableResult
    public func withConnection<R>(_ body: (Connection) throws -> R) throws -> R {
        let connection = try pool.checkout()
        defer { pool.giveBack(connection) }
        return try body(connection)
    }

    /// Runs the closure in a transaction: it commits when the closure returns and rolls back when it throws.
    ///
    /// The closure runs again after a serialization failure or a deadlock, so it must have no effect but on the
    /// transaction. Events that it emits are in the outbox with the same commit.
    /// - Throws: what the closure throws, or a `StorageError`; after `commitOutcomeUnknown` the work is to be repeated by the
    ///   caller, who finds what has already taken effect.
    @discardableResult
    public func transaction<R>(
        _ options: TransactionOptions = TransactionOptions(), _ body: (Transaction) throws -> R
    ) throws -> R {
        var attempt = 0
        while true {
            do {
                return try transactOnce(options, body)
            } catch let error as StorageError where error.isSerializationFailure && attempt < options.retries {
                attempt += 1
                retries.add(1)
                let ceiling = min(2_000 << UInt32(min(attempt, 7)), 200_000)
                usleep(UInt32.random(in: 500...UInt32(ceiling)))
            }
        }
    }

    private func transactOnce<R>(_ options: TransactionOptions, _ body: (Transaction) throws -> R) throws -> R {
        let connection = try checkoutAndBegin(options)
        defer { pool.giveBack(connection) }
        let outbox = sink.withLock { $0 }
        let transaction = Transaction(connection, outbox: outbox)
        let result: R
        let rows: [CommittedRow]
        do {
            result = try body(transaction)
            rows = try transaction.writeOutbox()
        } catch {
            connection.rollback()
            throw error
        }
        do {
            try connection.commit()
        } catch StorageError.commitOutcomeUnknown {
            if !rows.isEmpty { outbox?.commitOutcomeUnknown() }
            throw StorageError.commitOutcomeUnknown
        } catch {
            connection.rollback()
            throw error
        }
        if !rows.isEmpty { outbox?.committed(rows) }
        return result
    }

    /// A pooled connection may have died since it was last looked at: nothing has happened yet, so another one serves.
    private func checkoutAndBegin(_ options: TransactionOptions) throws -> Connection {
        for _ in 0..<max(1, configuration.poolSize) {
            let connection = try pool.checkout()
            do {
                try connection.begin(options)
                return connection
            } catch {
                pool.giveBack(connection)
                guard case StorageError.connectionLost = error else { throw error }
            }
        }
        let connection = try pool.checkout()
        do {
            try connection.begin(options)
        } catch {
            pool.giveBack(connection)
            throw error
        }
        return connection
    }

    /// From now on committed events are handed to this relay.
    func attach(_ outbox: (any OutboxSink)?) { sink.withLock { $0 = outbox } }

    /// Closes idle connections; those in use close when they come back, later checkouts throw.
    public func close() { pool.close() }

    func checkoutForStreaming() throws -> Connection { try pool.checkout() }
    func giveBackFromStreaming(_ connection: Connection) { pool.giveBack(connection) }
}
