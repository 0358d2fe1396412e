public import Observability
import RecordModel
public import Storage

/// What a redrive did, or would do.
public struct RedriveReport: Sendable, Hashable {
    /// Keys whose first parked message matches the filter.
    public var keys = 0
    /// Messages of these keys.
    public var messages = 0
    /// Messages that took effect now.
    public var handled = 0
    /// Keys that are free again.
    public var freed = 0
    /// Keys that met an obstacle that is not theirs (the database, a lock): run again.
    public var failed = 0

    public init() {}

    /// Messages that are still parked.
    public var left: Int { messages - handled }
}

/// Handles parked messages again, after a fix.
///
/// Key by key, in the order in which they were parked: one transaction for a key, under the key's lock, until the key
/// is free or one of its messages is refused again. A message of the key that arrives meanwhile waits at the lock, and
/// then finds the key free, or parks behind. Killed half way, it has done whole keys and can be run again.
public struct Redrive: Sendable {
    private let parking: Parking
    private let handler: any BatchHandler
    private let database: Database
    private let log: Log

    /// Messages of one key handled in one transaction at most.
    private static let portion = 2_000

    /// - Parameter group: the consumer group whose messages these are.
    public init(group: String, handler: any BatchHandler, database: Database, log: Log) {
        parking = Parking(group: group)
        self.handler = handler
        self.database = database
        self.log = log
    }

    /// - Parameter dryRun: only counts what would be tried.
    /// - Throws: `StorageError` when the list of keys cannot be read.
    public func run(_ filter: ParkedFilter = ParkedFilter(), dryRun: Bool = false) throws -> RedriveReport {
        var report = RedriveReport()
        var last: Int64 = 0
        while true {
            let keys = try roots(filter, after: last)
            guard let end = keys.last else { break }
            last = end.id
            for (_, key, count) in keys {
                report.keys += 1
                report.messages += count
                if !dryRun { drive(key, &report) }
            }
        }
        log.info(
            "redrive",
            [
                "dry_run": .bool(dryRun), "keys": .int(report.keys), "messages": .int(report.messages),
                "handled": .int(report.handled), "freed": .int(report.freed), "failed": .int(report.failed),
            ])
        return report
    }

    /// The keys to be tried, by their first parked message.
    private func roots(_ filter: ParkedFilter, after id: Int64) throws -> [(id: Int64, key: MessageKey, count: Int)] {
        try database.withConnection { connection in
            try connection.query(
                """
                SELECT id, topic, message_key,
                       (SELECT count(*) FROM parked q WHERE q.topic = p.topic AND q.message_key = p.message_key)
                FROM parked p
                WHERE \(ParkedFilter.condition) AND id > $4
                  AND NOT EXISTS (SELECT FROM parked q
                                  WHERE q.topic = p.topic AND q.message_key = p.message_key AND q.id < p.id)
                ORDER BY id LIMIT 200
                """, filter.parameters + [.int8(id)]
            ) { row in (row.int8(0), MessageKey(topic: row.text(1), key: row.bytes(2)), row.int(3)) }
        }
    }

    private func drive(_ key: MessageKey, _ report: inout RedriveReport) {
        do {
            while true {
                let outcome = try database.transaction { try portion(of: key, in: $0) }
                report.handled += outcome.handled
                // Messages that arrived after the count.
                report.messages = max(report.messages, report.handled)
                if outcome.left == 0 { report.freed += 1 }
                if outcome.left == 0 || outcome.stuck { return }
            }
        } catch {
            report.failed += 1
            log.warning("a parked key could not be tried", ["topic": .string(key.topic), "error": .error(error)])
        }
    }

    /// Handles the first messages of a key under its lock.
    private func portion(
        of key: MessageKey, in transaction: Transaction
    ) throws -> (handled: Int, left: Int, stuck: Bool) {
        try parking.lock([key], in: transaction)
        let rows = try read(key, in: transaction)
        let messages = rows.map(\.message)
        let (handled, obstacle) = try handle(messages, in: transaction)
        try transaction.execute(
            "DELETE FROM parked WHERE id = ANY($1)", [.int8s(rows.prefix(handled).map(\.id))])
        if let obstacle {
            try transaction.execute(
                """
                UPDATE parked SET attempts = attempts + 1, last_failed_at = $2, error_class = $3, reason = $4, is_behind = false
                WHERE id = $1
                """,
                [
                    .int8(rows[handled].id), .instant(.now()), .text(storable(obstacle.errorClass)),
                    .text(storable(obstacle.reason, limit: 1_000)),
                ])
        }
        let left = try transaction.query(
            "SELECT count(*) FROM parked WHERE topic = $1 AND message_key = $2", [.text(key.topic), .bytes(key.key)]
        ) { $0.int(0) }
        return (handled, left.first ?? 0, obstacle != nil)
    }

    private func read(_ key: MessageKey, in transaction: Transaction) throws -> [(id: Int64, message: InboundMessage)] {
        try transaction.query(
            """
            SELECT id, partition, message_offset, message_time, message_key, value, headers, event_type
            FROM parked WHERE topic = $1 AND message_key = $2 ORDER BY id LIMIT \(Self.portion)
            """, [.text(key.topic), .bytes(key.key)]
        ) { row in
            (
                row.int8(0),
                InboundMessage(
                    parkedTopic: key.topic, partition: row.int4(1), offset: row.int8(2), time: row.instant(3),
                    key: row.bytes(4), value: row.bytes(5), headers: row.bytes(6), eventType: row.text(7))
            )
        }
    }

    /// All at once where that goes; else one after the other up to the first that is refused.
    private func handle(
        _ messages: [InboundMessage], in transaction: Transaction
    ) throws -> (handled: Int, obstacle: Rejection?) {
        guard messages.count > 1 else { return try handleEach(messages, in: transaction) }
        do {
            try transaction.savepoint {
                let rejections = try handler.handle(messages, in: transaction)
                if !rejections.isEmpty { throw Refused() }
            }
            return (messages.count, nil)
        } catch  where error is Refused || isMessageFault(error) {
            return try handleEach(messages, in: transaction)
        }
    }

    private func handleEach(
        _ messages: [InboundMessage], in transaction: Transaction
    ) throws -> (handled: Int, obstacle: Rejection?) {
        for (index, message) in messages.enumerated() {
            do {
                let rejections = try transaction.savepoint { try handler.handle([message], in: transaction) }
                if let rejection = rejections.first { return (index, rejection) }
            } catch  where isMessageFault(error) {
                return (index, Rejection(index: index, errorClass: errorClass(of: error), reason: reason(of: error)))
            }
        }
        return (messages.count, nil)
    }

    private struct Refused: Error {}
}
