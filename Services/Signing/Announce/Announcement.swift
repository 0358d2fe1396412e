import RecordModel
import ServiceRuntime
import Storage

/// Tells every attestation again, with the revision it has: what readers know already changes nothing there.
enum Announcement {
    static let batch = 2_000

    static func run(_ announcer: Announcer) throws {
        var after = DoseID(high: 0, low: 0)
        var count = batch
        while count == batch {
            (after, count) = try announcer.emit { tx in try emit(after: after, in: tx) }
        }
    }

    /// Emits the next attestations; returns the last dose and how many there were.
    static func emit(after: DoseID, in tx: Transaction) throws -> (DoseID, Int) {
        let rows = try tx.run(AttestationsAfter(doseID: after, limit: batch))
        try tx.emit(rows.lazy.map(\.event))
        return (rows.last?.doseID ?? after, rows.count)
    }
}

/// Attestations in the order of dose ids, from a place on.
struct AttestationsAfter: Statement {
    static let sql = """
        SELECT \(StoredAttestation.columns) FROM attestation a JOIN turn t ON t.turn_id = a.turn_id
        WHERE a.dose_id > $1 ORDER BY a.dose_id LIMIT $2
        """
    var doseID: DoseID
    var limit: Int
    var parameters: [SQLValue] { [.uuid(doseID), .int8(Int64(limit))] }
    static func row(_ row: ResultRow) -> StoredAttestation { StoredAttestation(row) }
}
