public import RecordModel

/// A transaction under way; valid only inside the closure that `Database.transaction` gives it to.
public final class Transaction: SQLSession {
    private let connection: Connection
    private let outbox: (any OutboxSink)?
    private var events: [OutgoingEvent] = []
    private var savepoints = 0

    /// The largest event that may leave: brokers refuse messages over one megabyte.
    public static let eventLimit = 900_000

    init(_ connection: Connection, outbox: (any OutboxSink)?) {
        self.connection = connection
        self.outbox = outbox
    }

    @discardableResult
    public func execute(_ sql: String, _ parameters: [SQLValue]) throws -> Int {
        try connection.execute(sql, parameters)
    }

    @discardableResult
    public func query<R>(_ sql: String, _ parameters: [SQLValue], _ row: (ResultRow) throws -> R) throws -> [R] {
        try connection.query(sql, parameters, row)
    }

    public func script(_ sql: String) throws { try connection.script(sql) }

    @discardableResult
    public func copyIn(_ sql: String, _ write: (CopyWriter) throws -> Void) throws -> Int {
        try connection.copyIn(sql, write)
    }

    /// Adds an event that leaves if and only if this transaction commits; events leave in the order of these calls.
    /// - Throws: `StorageError.eventTooLarge` for more than 900,000 bytes of key, value and attributes.
    public func emit(_ event: OutgoingEvent) throws {
        let size = event.packedSize
        guard size <= Transaction.eventLimit else {
            throw StorageError.eventTooLarge(topic: event.topic, bytes: size, limit: Transaction.eventLimit)
        }
        events.append(event)
    }

    public func emit(_ events: some Sequence<OutgoingEvent>) throws {
        for event in events { try emit(event) }
    }

    /// How many events this transaction has emitted so far.
    public var emittedCount: Int { events.count }

    /// Runs the closure behind a savepoint: when it throws, what it did and emitted is undone, and the transaction goes on.
    public func savepoint<R>(_ body: () throws -> R) throws -> R {
        savepoints += 1
        let name = "savepoint_\(savepoints)"
        let emitted = events.count
        defer { savepoints -= 1 }
        try connection.script("SAVEPOINT \(name)")
        do {
            let result = try body()
            try connection.script("RELEASE SAVEPOINT \(name)")
            return result
        } catch {
            if !connection.isBroken {
                try connection.script("ROLLBACK TO SAVEPOINT \(name); RELEASE SAVEPOINT \(name)")
                events.removeLast(events.count - emitted)
            }
            throw error
        }
    }

    /// The transaction's last statement: its events, packed into one row (into more only above the chunk size).
    func writeOutbox() throws -> [CommittedRow] {
        guard !events.isEmpty else { return [] }
        let owner = outbox?.owner ?? OutboxOwner.nobody
        var rows: [CommittedRow] = []
        for chunk in OutboxPacking.chunks(events) {
            let packed = OutboxPacking.pack(chunk)
            let id = try connection.query(
                "INSERT INTO outbox (owner, event_count, events) VALUES ($1, $2, $3) RETURNING id",
                [.int4(owner), .int4(Int32(chunk.count)), .bytes(packed)]
            ) { $0.int8(0) }
            rows.append(CommittedRow(id: id[0], events: Array(chunk), bytes: packed.count))
        }
        return rows
    }
}
