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
    let keys: KeyHandling
    let database: Database
    let log: Log

    /// - Parameter group: the consumer group whose messages these are.
    public init(group: String, handler: any BatchHandler, database: Database, log: Log) {
        keys = KeyHandling(parking: Parking(group: group), handler: handler)
        self.database = database
        self.log = log
    }

    /// - Parameter dryRun: only counts what would be tried.
    /// - Throws: `StorageError` when the list of keys cannot be read.
    public func run(_ filter: ParkedFilter = ParkedFilter(), dryRun: Bool = false) throws -> RedriveReport {
        var report = RedriveReport()
        var last: Int64 = 0
        while true {
            let roots = try roots(filter, after: last)
            guard let end = roots.last else { break }
            last = end.id
            for (_, key, count) in roots {
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
                let outcome = try database.transaction { transaction in
                    try keys.parking.lock([key], in: transaction)
                    return try keys.handlePortion(of: key, in: transaction)
                }
                report.handled += outcome.handled
                // Messages that arrived after the count.
                report.messages = max(report.messages, report.handled)
                if outcome.left == 0 { report.freed += 1 }
                if outcome.left == 0 || outcome.obstacle != nil { return }
            }
        } catch {
            report.failed += 1
            log.warning("a parked key could not be tried", ["topic": .string(key.topic), "error": .error(error)])
        }
    }
}
