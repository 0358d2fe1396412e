import RecordModel
import Storage

/// All that is stored of a dose: for the rare questions that need everything.
struct StoredDose: Sendable {
    var doseID: DoseID
    /// Nil while it has not arrived.
    var record: DoseRecord?
    var verification: Verification

    var facts: DoseFacts {
        DoseFacts(dose: record.map(DoseFact.init), verdict: verification.verdict, person: verification.person)
    }
}

/// Reads doses; unknown ones are left out.
struct StoredDoses: Statement {
    static let sql = """
        SELECT u.id, s.record, v.dose_id IS NOT NULL, \(Verification.columns)
        FROM unnest($1::uuid[]) AS u (id) LEFT JOIN signable s ON s.dose_id = u.id
            LEFT JOIN verified v ON v.dose_id = u.id
        WHERE s.dose_id IS NOT NULL OR v.dose_id IS NOT NULL
        """
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) throws -> StoredDose {
        StoredDose(
            doseID: row.uuid(0), record: row.isNull(1) ? nil : try row.record(1),
            verification: row.bool(2) ? Verification(row, from: 3) : Verification())
    }
}
