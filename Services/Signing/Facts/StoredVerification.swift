import RecordModel
import Storage

extension Verification {
    static let columns = """
        record_version, verdict_version, assessment, person_version, person_assessment, decided_at, outcome, person_key, \
        facility_code
        """

    /// Reads the columns from a place on.
    init(_ row: ResultRow, from column: Int) {
        recordVersion = UInt32(row.int8(column))
        if let outcome = Outcome(rawValue: row.int4(column + 6)) {
            verdict = VerdictFact(
                order: FactOrder(version: UInt32(row.int8(column + 1)), assessment: UInt64(row.int8(column + 2))),
                outcome: outcome, decidedAt: row.instant(column + 5))
        }
        if row.int8(column + 3) > 0 {
            person = PersonFact(
                order: FactOrder(version: UInt32(row.int8(column + 3)), assessment: UInt64(row.int8(column + 4))),
                key: row.optionalUUID(column + 7))
        }
        facilityCode = row.text(column + 8)
    }
}

/// Inserts rows of `verified`; gives back the doses that had none.
struct InsertVerifications: Statement {
    static let sql = """
        INSERT INTO verified (dose_id, \(Verification.columns))
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::timestamptz[], $8::integer[], $9::uuid[], $10::text[])
        ON CONFLICT (dose_id) DO NOTHING RETURNING dose_id
        """
    var rows: [ArrivedVerification]
    var parameters: [SQLValue] { rows.parameters }
    static func row(_ row: ResultRow) -> DoseID { row.uuid(0) }
}

/// Locks rows of `verified`, in the order of their ids, and reads them.
struct LockVerifications: Statement {
    static let sql = """
        SELECT dose_id, \(Verification.columns) FROM unnest($1::uuid[]) AS u (id) JOIN verified v ON v.dose_id = u.id
        ORDER BY v.dose_id FOR UPDATE OF v
        """
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) -> (DoseID, Verification) { (row.uuid(0), Verification(row, from: 1)) }
}

/// Writes rows of `verified` that are locked.
struct UpdateVerifications: Statement {
    static let sql = """
        UPDATE verified v SET record_version = u.record_version, verdict_version = u.verdict_version,
            assessment = u.assessment, person_version = u.person_version, person_assessment = u.person_assessment,
            decided_at = u.decided_at, outcome = u.outcome, person_key = u.person_key, facility_code = u.facility_code
        FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::timestamptz[], $8::integer[], $9::uuid[], $10::text[]) AS u (dose_id, \(Verification.columns))
        WHERE v.dose_id = u.dose_id
        """
    var rows: [ArrivedVerification]
    var parameters: [SQLValue] { rows.parameters }
    static func row(_ row: ResultRow) {}
}

extension [ArrivedVerification] {
    /// The dose, then the columns of `Verification.columns`.
    fileprivate var parameters: [SQLValue] {
        let verdicts = lazy.map(\.verification.verdict)
        let persons = lazy.map(\.verification.person)
        return [
            .uuids(lazy.map(\.doseID)), .int8s(lazy.map { Int64($0.verification.recordVersion) }),
            .int8s(verdicts.map { Int64($0?.order.version ?? 0) }),
            .int8s(verdicts.map { Int64($0?.order.assessment ?? 0) }),
            .int8s(persons.map { Int64($0?.order.version ?? 0) }),
            .int8s(persons.map { Int64($0?.order.assessment ?? 0) }), .instants(verdicts.map { $0?.decidedAt }),
            .int4s(verdicts.map { $0?.outcome.rawValue ?? 0 }), .uuids(persons.map { $0?.key }),
            .texts(lazy.map(\.verification.facilityCode)),
        ]
    }
}
