internal import Observability
internal import RecordModel

/// The relay's own connection and what it does with the outbox table.
struct RelayTable {
    private let database: Database
    private let log: Log
    private var connection: Connection?
    private var isReported = false
    /// Rows read at once.
    private static let page = 8

    init(database: Database, log: Log) {
        self.database = database
        self.log = log
    }

    var isConnected: Bool { connection != nil }

    /// Connects if need be and holds the lock of the number, or of another one if somebody holds it; gives the number.
    mutating func connect(owner: Int32) throws -> Int32 {
        if let connection, !connection.isBroken { return owner }
        connection = nil
        var configuration = database.configuration
        configuration.applicationName += " outbox"
        let fresh = try Connection(configuration)
        // A deletion that is lost with the server means a double, which changes nothing; waiting for the disk would cost.
        try fresh.script("SET synchronous_commit TO off")
        var number = owner
        while try !lock(fresh, number) { number = Int32.random(in: 1...Int32.max) }
        connection = fresh
        if isReported { log.info("the outbox relay reaches the database again") }
        isReported = false
        return number
    }

    /// One line when the database goes away, not one for each attempt.
    mutating func failed(_ error: any Error) {
        if !isReported { log.warning("the outbox relay cannot reach the outbox table", ["error": .error(error)]) }
        isReported = true
        if connection?.isBroken ?? true { connection = nil }
    }

    private static let lockKey = "hashtext('tiemchung.outbox.' || current_schema())"

    private func lock(_ connection: Connection, _ number: Int32) throws -> Bool {
        try connection.query("SELECT pg_try_advisory_lock(\(RelayTable.lockKey), $1)", [.int4(number)]) { $0.bool(0) }[
            0]
    }

    private func unlock(_ connection: Connection, _ number: Int32) throws {
        try connection.query("SELECT pg_advisory_unlock(\(RelayTable.lockKey), $1)", [.int4(number)]) { $0.bool(0) }
    }

    private func current() throws -> Connection {
        guard let connection else { throw StorageError.connectionLost("the relay has no connection") }
        return connection
    }

    func delete(_ ids: [Int64]) throws {
        try current().execute("DELETE FROM outbox WHERE id = ANY($1)", [.int8s(ids)])
    }

    /// Makes the rows of instances that are dead own rows; gives how many.
    func takeOver(owner: Int32) throws -> Int {
        let connection = try current()
        let others = try connection.query("SELECT DISTINCT owner FROM outbox WHERE owner <> $1", [.int4(owner)]) {
            $0.int4(0)
        }
        var taken = 0
        for other in others where try lock(connection, other) {
            defer { try? unlock(connection, other) }
            taken += try connection.execute(
                "UPDATE outbox SET owner = $1 WHERE owner = $2", [.int4(owner), .int4(other)])
        }
        if taken > 0 { log.info("outbox rows of an ended instance were taken over", ["rows": .int(taken)]) }
        return taken
    }

    /// Whether the table holds own rows besides these: left by a commit whose answer never came.
    func hasOthers(owner: Int32, than known: [Int64]) throws -> Bool {
        try current().query(
            "SELECT EXISTS (SELECT FROM outbox WHERE owner = $1 AND id <> ALL($2))", [.int4(owner), .int8s(known)]
        ) { $0.bool(0) }[0]
    }

    /// Own rows that memory does not know, oldest first; and whether that was all.
    func read(owner: Int32, except known: [Int64]) throws -> (rows: [CommittedRow], complete: Bool) {
        let rows = try current().query(
            "SELECT id, events FROM outbox WHERE owner = $1 AND id <> ALL($2) ORDER BY id LIMIT \(RelayTable.page)",
            [.int4(owner), .int8s(known)]
        ) { row in
            let id = row.int8(0)
            let packed = row.bytes(1)
            guard let events = OutboxPacking.unpack(packed) else { throw StorageError.unreadableOutboxRow(id: id) }
            return CommittedRow(id: id, events: events, bytes: packed.count)
        }
        return (rows, rows.count < RelayTable.page)
    }

    mutating func close(owner: Int32) {
        if let connection, !connection.isBroken { try? unlock(connection, owner) }
        connection = nil
    }
}
