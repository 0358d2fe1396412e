/// Why the database could not do what was asked. No case holds a value of a row or a password.
public enum StorageError: Error, Sendable, CustomStringConvertible {
    /// No connection could be made.
    case unavailable(ConnectionFailure)
    /// Every connection of the pool was in use for the whole checkout timeout.
    case checkoutTimedOut(poolSize: Int, seconds: Double)
    /// The connection broke before COMMIT was sent: nothing of the transaction took effect.
    case connectionLost(String)
    /// The connection broke while COMMIT was under way: it may or may not have taken effect.
    case commitOutcomeUnknown
    /// The server refused a statement.
    case refused(ServerRefusal)
    /// COMMIT was answered by a rollback because a statement before it had failed and its error was swallowed.
    case commitRolledBack
    /// A result's column is not of the type it was read as.
    case unexpectedResult(column: Int, expected: String, statement: String)
    /// An event is over the limit; the transaction did not commit.
    case eventTooLarge(topic: String, bytes: Int, limit: Int)
    /// Packed events in the outbox that this version cannot read.
    case unreadableOutboxRow(id: Int64)
    /// Migrations could not be applied or are not as expected.
    case migration(MigrationProblem)
    /// The database was closed.
    case closed

    /// Whether trying the same again later can succeed without a change of input or configuration.
    public var isTransient: Bool {
        switch self {
        case .unavailable(let failure): !failure.isConfiguration
        case .checkoutTimedOut, .connectionLost, .commitOutcomeUnknown: true
        case .refused(let refusal): refusal.isTransient
        case .commitRolledBack, .unexpectedResult, .eventTooLarge, .unreadableOutboxRow, .migration, .closed: false
        }
    }

    /// Whether the server refused a value (SQLSTATE classes 22 and 23): the input is at fault, not the moment.
    public var isDataError: Bool {
        if case .refused(let refusal) = self { return refusal.isDataError }
        return false
    }

    /// Whether the whole transaction is to be tried again (40001, 40P01).
    public var isSerializationFailure: Bool {
        if case .refused(let refusal) = self { return refusal.state == "40001" || refusal.state == "40P01" }
        return false
    }

    public var description: String {
        switch self {
        case .unavailable(let failure): failure.description
        case .checkoutTimedOut(let size, let seconds):
            "all \(size) database connections were in use for \(seconds) s: raise the pool size or look for slow statements"
        case .connectionLost(let reason):
            "the database connection was lost (\(reason)); nothing of the transaction took effect"
        case .commitOutcomeUnknown:
            "the database connection was lost during COMMIT; whether it took effect is unknown until the work is repeated"
        case .refused(let refusal): refusal.description
        case .commitRolledBack:
            "COMMIT was answered by a rollback: a statement of the transaction failed and its error was not passed on"
        case .unexpectedResult(let column, let expected, let statement):
            "column \(column) of a result is not \(expected), or is NULL: \(statement)"
        case .eventTooLarge(let topic, let bytes, let limit):
            "an event for \(topic) has \(bytes) bytes, the limit is \(limit); the transaction was rolled back"
        case .unreadableOutboxRow(let id):
            "outbox row \(id) was packed by another version: start the version that wrote it until its outbox is empty"
        case .migration(let problem): problem.description
        case .closed: "the database was closed"
        }
    }
}

/// A statement refused by the server.
public struct ServerRefusal: Error, Sendable, CustomStringConvertible {
    /// SQLSTATE, five characters.
    public let state: String
    /// The server's message; empty for data errors, whose messages quote values.
    public let message: String
    public let table: String
    public let column: String
    public let constraint: String
    /// The statement's beginning.
    public let statement: String

    public var isDataError: Bool { state.hasPrefix("22") || state.hasPrefix("23") }

    /// Serialization, deadlock, lack of resources, the administrator's intervention, a lock not available.
    public var isTransient: Bool {
        ["40", "53", "57", "58", "08"].contains(String(state.prefix(2))) || state == "55P03" || state == "25006"
    }

    public var description: String {
        var text = "the database refused a statement: SQLSTATE \(state)"
        if !table.isEmpty { text += ", table \(table)" }
        if !column.isEmpty { text += ", column \(column)" }
        if !constraint.isEmpty { text += ", constraint \(constraint)" }
        if !message.isEmpty { text += ": \(message)" }
        return text + " [\(statement)]"
    }
}

/// Why no connection could be made, with the remedy.
public struct ConnectionFailure: Error, Sendable, CustomStringConvertible {
    public enum Cause: String, Sendable {
        case unreachable, unknownHost, timedOut, startingUp, tooManyConnections, wrongPassword, unknownRole,
            unknownDatabase, refusedByServerRules, badAddress, other
    }
    public let cause: Cause
    /// Where it was tried, without the password.
    public let target: String
    /// libpq's message, without the password.
    public let message: String

    /// Whether the configuration is to be changed, rather than the moment waited for.
    public var isConfiguration: Bool {
        switch cause {
        case .wrongPassword, .unknownRole, .unknownDatabase, .refusedByServerRules, .badAddress: true
        default: false
        }
    }

    public var description: String {
        let (what, remedy) =
            switch cause {
            case .unreachable: ("nobody answers", "start PostgreSQL or correct host and port in DATABASE_URL")
            case .unknownHost: ("the host name is unknown", "correct the host in DATABASE_URL")
            case .timedOut: ("no answer in time", "check the network and the host in DATABASE_URL")
            case .startingUp: ("the server is starting up or shutting down", "wait for it")
            case .tooManyConnections:
                ("the server has no connection left", "lower the pool sizes or raise max_connections")
            case .wrongPassword: ("the password was refused", "correct the password in DATABASE_URL")
            case .unknownRole: ("the role does not exist", "create the role or correct the user in DATABASE_URL")
            case .unknownDatabase: ("the database does not exist", "create it or correct the name in DATABASE_URL")
            case .refusedByServerRules:
                ("the server's access rules refuse it", "allow this host and role in pg_hba.conf")
            case .badAddress:
                ("the address cannot be read", "write DATABASE_URL as postgresql://user:password@host:port/database")
            case .other: ("the connection failed", "see the message")
            }
        return "no connection to PostgreSQL at \(target): \(what); \(remedy) (\(message))"
    }
}
