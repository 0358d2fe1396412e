import RecordModel
import Storage

/// A row of `signable`.
struct StoredDose: Sendable {
    var doseID: DoseID
    var subjectID: SubjectID
    var facilityCode: String
    var sourceRecordID: String
    var facts: DoseFacts
    /// Set where a newer record is to be written; nil leaves the stored one.
    var record: [UInt8]?
}

extension StoredDose {
    static let columns = """
        dose_id, subject_id, facility_code, source_record_id, dose_version, active, dose_number, injected_on, content, \
        verdict_version, assessment, outcome, decided_at, person_version, person_assessment, person_key
        """

    init(_ row: ResultRow) {
        var facts = DoseFacts()
        if let content = row.optionalBytes(8) {
            facts.dose = DoseFact(
                version: UInt32(row.int8(4)), active: row.bool(5), content: content, doseNumber: row.int4(6),
                injectedOn: row.text(7))
        }
        if let outcome = Outcome(rawValue: row.int4(11)) {
            facts.verdict = VerdictFact(
                order: FactOrder(version: UInt32(row.int8(9)), assessment: UInt64(row.int8(10))), outcome: outcome,
                decidedAt: row.instant(12))
        }
        if row.int8(13) > 0 {
            facts.person = PersonFact(
                order: FactOrder(version: UInt32(row.int8(13)), assessment: UInt64(row.int8(14))),
                key: row.optionalUUID(15))
        }
        self.init(
            doseID: row.uuid(0), subjectID: row.uuid(1), facilityCode: row.text(2), sourceRecordID: row.text(3),
            facts: facts)
    }
}

/// Locks the rows of doses, in the order of their ids, and reads them.
struct LockSignable: Statement {
    static let sql = """
        SELECT \(StoredDose.columns) FROM unnest($1::uuid[]) AS u (id) JOIN signable s ON s.dose_id = u.id
        ORDER BY s.dose_id FOR UPDATE OF s
        """
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) -> StoredDose { StoredDose(row) }
}

/// Inserts rows; one that another instance has inserted meanwhile is left out of the answer.
struct InsertSignable: Statement {
    static let sql = """
        INSERT INTO signable (\(StoredDose.columns), record)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::boolean[], $7::integer[],
            $8::text[], $9::bytea[], $10::bigint[], $11::bigint[], $12::integer[], $13::timestamptz[], $14::bigint[],
            $15::bigint[], $16::uuid[], $17::bytea[])
        ON CONFLICT (dose_id) DO NOTHING RETURNING dose_id
        """
    var doses: [StoredDose]
    var parameters: [SQLValue] { doses.parameters }
    static func row(_ row: ResultRow) -> DoseID { row.uuid(0) }
}

/// Writes rows that are locked.
struct UpdateSignable: Statement {
    static let sql = """
        UPDATE signable s SET facility_code = u.facility_code, source_record_id = u.source_record_id,
            dose_version = u.dose_version, active = u.active, dose_number = u.dose_number, injected_on = u.injected_on,
            content = u.content, verdict_version = u.verdict_version, assessment = u.assessment, outcome = u.outcome,
            decided_at = u.decided_at, person_version = u.person_version, person_assessment = u.person_assessment,
            person_key = u.person_key, record = coalesce(u.record, s.record)
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::boolean[], $7::integer[],
            $8::text[], $9::bytea[], $10::bigint[], $11::bigint[], $12::integer[], $13::timestamptz[], $14::bigint[],
            $15::bigint[], $16::uuid[], $17::bytea[]) AS u (\(StoredDose.columns), record)
        WHERE s.dose_id = u.dose_id
        """
    var doses: [StoredDose]
    var parameters: [SQLValue] { doses.parameters }
    static func row(_ row: ResultRow) {}
}

extension [StoredDose] {
    /// The columns of `StoredDose.columns`, then the record.
    fileprivate var parameters: [SQLValue] {
        [
            .uuids(lazy.map(\.doseID)), .uuids(lazy.map(\.subjectID)), .texts(lazy.map(\.facilityCode)),
            .texts(lazy.map(\.sourceRecordID)), .int8s(lazy.map { Int64($0.facts.dose?.version ?? 0) }),
            .bools(lazy.map { $0.facts.dose?.active ?? false }), .int4s(lazy.map { $0.facts.dose?.doseNumber ?? 0 }),
            .texts(lazy.map { $0.facts.dose?.injectedOn ?? "" }), .byteArrays(lazy.map { $0.facts.dose?.content }),
            .int8s(lazy.map { Int64($0.facts.verdict?.order.version ?? 0) }),
            .int8s(lazy.map { Int64($0.facts.verdict?.order.assessment ?? 0) }),
            .int4s(lazy.map { $0.facts.verdict?.outcome.rawValue ?? 0 }),
            .instants(lazy.map { $0.facts.verdict?.decidedAt }),
            .int8s(lazy.map { Int64($0.facts.person?.order.version ?? 0) }),
            .int8s(lazy.map { Int64($0.facts.person?.order.assessment ?? 0) }),
            .uuids(lazy.map { $0.facts.person?.key }), .byteArrays(lazy.map(\.record)),
        ]
    }
}
