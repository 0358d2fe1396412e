import Observability
import RecordModel
import ServiceRuntime
import Storage

/// How long the log of looks is kept. What is older goes in small batches, and how much that was stays: in the table of
/// deletions, which whoever reads the log is told, in a log line and in a metric.
struct AccessLogRetention: Sendable {
    let database: Database
    /// Days that a line is kept at least.
    let days: Int
    let clock: any WallClock
    let log: Log
    private let deletions: Counter
    /// Lines that one transaction deletes at most.
    var batch: Int32 = 2_000

    init(database: Database, days: Int, clock: any WallClock, log: Log, metrics: MetricsRegistry) {
        (self.database, self.days, self.clock, self.log) = (database, days, clock, log)
        deletions = metrics.counter(
            "identity_matching_access_log_deleted_total", help: "Lines of the log of looks deleted as too old.")
    }

    /// Deletes what is too old; gives how many lines that were.
    @discardableResult
    func deleteOld(until stop: StopSignal = StopSignal()) throws -> Int64 {
        let now = clock.now()
        let oldest = Instant(microseconds: now.microseconds - Int64(days) * 86_400_000_000)
        var deleted: Int64 = 0
        while !stop.isGiven {
            let count = try database.transaction { try deleteBatch(before: oldest, at: now, in: $0) }
            if count == 0 { break }
            deletions.add(Int(count))
            deleted += count
        }
        if deleted > 0 {
            log.info(
                "access log: old lines deleted",
                ["lines": .int(Int(deleted)), "older_than": .string(oldest.rfc3339), "kept_days": .int(days)])
        }
        return deleted
    }

    /// The lines with the smallest numbers are the oldest, but for the moments by which instances differ: an index by
    /// time is not needed. Nothing is locked while the first of them is to be kept.
    private func deleteBatch(before oldest: Instant, at now: Instant, in session: Transaction) throws -> Int64 {
        let first = try session.query("SELECT at FROM finding_access ORDER BY id LIMIT 1", []) { $0.instant(0) }
        guard let first = first.first, first < oldest else { return 0 }
        let gone = try session.query(
            """
            WITH oldest AS (SELECT id, at FROM finding_access ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED),
                gone AS (
                    DELETE FROM finding_access f USING oldest o WHERE f.id = o.id AND o.at < $1 RETURNING f.at)
            SELECT count(*), max(at) FROM gone
            """, [.instant(oldest), .int8(Int64(batch))]
        ) { (count: $0.int8(0), last: $0.optionalInstant(1)) }
        guard let (count, last) = gone.first, let last else { return 0 }
        try session.execute(
            """
            INSERT INTO finding_access_deletion AS d (day, records, until)
            VALUES (($1::timestamptz AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, $2, $3)
            ON CONFLICT (day) DO UPDATE
            SET records = d.records + excluded.records, until = greatest(d.until, excluded.until)
            """, [.instant(now), .int8(count), .instant(last)])
        return count
    }

    /// How many lines were ever deleted, and when the newest of them was written.
    func deleted(in session: some SQLSession) throws -> (records: Int64, until: Instant?) {
        try session.query("SELECT coalesce(sum(records), 0)::int8, max(until) FROM finding_access_deletion", []) {
            ($0.int8(0), $0.optionalInstant(1))
        }.first ?? (0, nil)
    }
}
