import Observability
public import RecordModel
public import Storage

/// What giving a parked message up did, or would do.
public struct DiscardReport: Sendable, Hashable {
    /// The message was refused once more and is given up; false where it could be handled now and took effect instead.
    public var discarded = false
    /// Messages of its key that took effect, itself included where it could be handled.
    public var handled = 0
    /// Messages of its key that are still parked.
    public var left = 0
    /// Why the first of these is, when it was tried.
    public var obstacle: String?

    public init() {}
}

/// Why a message cannot be given up.
public enum DiscardRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// No message is parked under this number.
    case notParked
    /// Nothing is wrong with the message itself: it waits behind the one with the given number.
    case waits(behind: Int64)

    public var description: String {
        switch self {
        case .notParked: "no message is parked under this number"
        case .waits(let first): "this message waits behind message \(first) of its key; only that one can be given up"
        }
    }
}

extension Redrive {
    /// Gives up a parked message that cannot be handled, and handles in order what waits behind it.
    ///
    /// It is tried once more first: what can be handled takes effect and is not given up. A message given up is moved,
    /// with its bytes, to the table `discarded` together with who gave it up, when and why; nothing deletes it there.
    /// If the broker delivers it again (after its group's position was set back), it is parked again.
    ///
    /// - Parameters:
    ///   - id: number of the first parked message of its key.
    ///   - note: the operator's reason; must not be empty.
    ///   - by: who gives it up, as the token says.
    ///   - dryRun: does all of it and takes it back.
    /// - Throws: `DiscardRefusal`; `StorageError` when the database refuses: nothing has happened then.
    public func discard(
        id: Int64, note: String, by person: String, dryRun: Bool = false, now: Instant = .now()
    ) throws -> DiscardReport {
        precondition(!note.isEmpty, "a message is not given up without a reason")
        struct Undone: Error { let report: DiscardReport }
        let key: MessageKey
        var report: DiscardReport
        do {
            let done = try database.transaction { transaction in
                let key = try self.key(of: id, in: transaction)
                let report = try discard(id, of: key, note, person, now, in: transaction)
                if dryRun { throw Undone(report: report) }
                return (key: key, report: report)
            }
            key = done.key
            report = done.report
        } catch let undone as Undone {
            return undone.report
        }
        log.warning(
            "parked message given up",
            [
                "id": .int64(id), "by": .string(person), "discarded": .bool(report.discarded),
                "handled": .int(report.handled), "left": .int(report.left),
            ])
        // A key of more messages than one transaction takes.
        while report.left > 0, report.obstacle == nil {
            let outcome = try database.transaction { transaction in
                try keys.parking.lock([key], in: transaction)
                return try keys.handlePortion(of: key, in: transaction)
            }
            report.add(outcome)
        }
        return report
    }

    private func key(of id: Int64, in transaction: Transaction) throws -> MessageKey {
        let keys = try transaction.query("SELECT topic, message_key FROM parked WHERE id = $1", [.int8(id)]) { row in
            MessageKey(topic: row.text(0), key: row.bytes(1))
        }
        guard let key = keys.first else { throw DiscardRefusal.notParked }
        try self.keys.parking.lock([key], in: transaction)
        return key
    }

    private func discard(
        _ id: Int64, of key: MessageKey, _ note: String, _ person: String, _ now: Instant, in transaction: Transaction
    ) throws -> DiscardReport {
        guard let first = try keys.read(key, in: transaction).first else { throw DiscardRefusal.notParked }
        guard first.id == id else {
            // Freed while the lock was waited for, or behind.
            let others = try transaction.query("SELECT count(*) FROM parked WHERE id = $1", [.int8(id)]) { $0.int(0) }
            throw others == [0] ? DiscardRefusal.notParked : .waits(behind: first.id)
        }
        var report = DiscardReport()
        let (_, obstacle) = try keys.handleEach([first.message], in: transaction)
        if let obstacle {
            try keep(id, obstacle, note, person, now, in: transaction)
            report.discarded = true
        } else {
            report.handled = 1
        }
        try keys.remove([first], in: transaction)
        report.add(try keys.handlePortion(of: key, in: transaction))
        return report
    }

    private func keep(
        _ id: Int64, _ obstacle: Rejection, _ note: String, _ person: String, _ now: Instant,
        in transaction: Transaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO discarded (id, topic, partition, message_offset, message_time, message_key, value, headers,
                                   event_type, error_class, reason, attempts, first_failed_at, discarded_at,
                                   discarded_by, note)
            SELECT id, topic, partition, message_offset, message_time, message_key, value, headers, event_type, $2, $3,
                   attempts + 1, first_failed_at, $4, $5, $6
            FROM parked WHERE id = $1
            """,
            [
                .int8(id), .text(storable(obstacle.errorClass)), .text(storable(obstacle.reason, limit: 1_000)),
                .instant(now), .text(storable(person)), .text(storable(note, limit: 1_000)),
            ])
    }
}

extension DiscardReport {
    fileprivate mutating func add(_ outcome: KeyHandling.Outcome) {
        handled += outcome.handled
        left = outcome.left
        obstacle = outcome.obstacle.map { "\($0.errorClass): \($0.reason)" }
    }
}

/// The table of what was given up.
public enum ParkingMigrations {
    public static let all: [Migration] = [
        Migration(
            number: 3, name: "discarded",
            sql: """
                -- Parked messages that an operator has given up, as they arrived; kept.
                CREATE TABLE discarded (
                    -- The number it had while it was parked.
                    id int8 PRIMARY KEY,
                    topic text NOT NULL,
                    partition int4 NOT NULL,
                    message_offset int8 NOT NULL,
                    message_time timestamptz NOT NULL,
                    message_key bytea NOT NULL,
                    value bytea NOT NULL,
                    headers bytea NOT NULL,
                    event_type text NOT NULL,
                    -- What it was refused for the last time.
                    error_class text NOT NULL,
                    reason text NOT NULL,
                    attempts int4 NOT NULL,
                    first_failed_at timestamptz NOT NULL,
                    discarded_at timestamptz NOT NULL,
                    discarded_by text NOT NULL,
                    -- Why it was given up, in the operator's words.
                    note text NOT NULL CHECK (note <> '')
                );
                """)
    ]
}
