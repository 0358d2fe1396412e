import RecordModel
import ServiceRuntime
import Storage

/// The decisions that went back to Intake.
enum CorrectionTable {
    static let source = "correction-tasks"

    /// The newest version of each record that has arrived.
    static func records(_ ids: [DoseID], in session: some SQLSession) throws -> [DoseID: DoseRecord] {
        let rows = try session.query(
            """
            SELECT d.dose_id, \(RecordPage.message) FROM unnest($1) AS n (dose_id) JOIN dose d ON d.dose_id = n.dose_id
            \(RecordPage.join) WHERE d.record_page IS NOT NULL
            """, [.uuids(ids)]
        ) { row in (row.uuid(0) as DoseID, try DoseRecord(wire: row.bytes(1))) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// The last correction of each record.
    static func latest(_ ids: [DoseID], in session: some SQLSession) throws -> [DoseID: CorrectionApplied] {
        let rows = try session.query(
            """
            SELECT DISTINCT ON (dose_id) dose_id, message FROM correction WHERE dose_id = ANY($1)
            ORDER BY dose_id, decided_at DESC, correction_id
            """, [.uuids(ids)]
        ) { row in (row.uuid(0) as DoseID, try CorrectionApplied(wire: row.bytes(1))) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    static func remember(_ corrections: [(CorrectionApplied, TaskID?)], account: String, in tx: Transaction) throws {
        try tx.execute(
            """
            INSERT INTO correction (correction_id, dose_id, task_id, decided_at, message, account)
            SELECT *, $6 FROM unnest($1, $2, $3, $4, $5)
            """,
            [
                .uuids(corrections.lazy.map(\.0.correctionID)), .uuids(corrections.lazy.map(\.0.doseID)),
                .uuids(corrections.lazy.map(\.1)), .instants(corrections.lazy.map(\.0.decidedAt)),
                .byteArrays(corrections.lazy.map { $0.0.wire() }), .text(account),
            ])
    }

    private static let page = 2_000

    /// Tells every correction again; Intake knows those that took effect by their ids.
    static func announce(_ announcer: Announcer) throws {
        var after = CorrectionID(high: 0, low: 0)
        var count = page
        while count == page {
            (after, count) = try announcer.emit { tx in try emit(after: after, in: tx) }
        }
    }

    /// Emits the next corrections in the order of their ids; gives the last id and how many there were.
    static func emit(after: CorrectionID, in tx: Transaction) throws -> (CorrectionID, Int) {
        let corrections = try tx.query(
            "SELECT message FROM correction WHERE correction_id > $1 ORDER BY correction_id LIMIT \(page)",
            [.uuid(after)]
        ) { row in try CorrectionApplied(wire: row.bytes(0)) }
        try tx.emit(corrections.lazy.map { $0.event(source: source, at: $0.decidedAt) })
        return (corrections.last?.correctionID ?? after, corrections.count)
    }
}
