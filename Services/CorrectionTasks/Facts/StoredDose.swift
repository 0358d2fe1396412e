import RecordModel
import Storage

/// A record's row, without the messages themselves.
struct StoredDose: Sendable {
    static let columns = """
        dose_id, subject_id, facility_code, source_record_id, version, is_withdrawn, dose_number, identity_conflict,
        verdict_version, verdict_assessment, outcome, invalid_group, right_version, resolved_version,
        resolved_assessment, problems, is_pending, finding_version, finding_assessment, residence_commune,
        health_version
        """

    var doseID: DoseID
    var subjectID: SubjectID
    var facilityCode: String
    var sourceRecordID: String
    var facts = RecordFacts()
    var finding = FactOrder(version: 0, assessment: 0)
    var residenceCommune = ""

    init(_ row: ResultRow) {
        doseID = row.uuid(0)
        subjectID = row.uuid(1)
        facilityCode = row.text(2)
        sourceRecordID = row.text(3)
        facts.version = UInt32(bitPattern: row.int4(4))
        facts.isWithdrawn = row.bool(5)
        facts.doseNumber = row.int4(6)
        facts.identityConflict = row.bool(7)
        facts.verdictOrder = FactOrder(
            version: UInt32(bitPattern: row.int4(8)), assessment: UInt64(bitPattern: row.int8(9)))
        facts.outcome = Outcome(rawValue: row.int4(10))
        facts.group = InvalidGroup(rawValue: row.int4(11)) ?? .none
        facts.rightVersion = UInt32(bitPattern: row.int4(12))
        facts.resolved = FactOrder(
            version: UInt32(bitPattern: row.int4(13)), assessment: UInt64(bitPattern: row.int8(14)))
        facts.problems = Problems(rawValue: Int16(truncatingIfNeeded: row.int4(15)))
        facts.isPending = row.bool(16)
        finding = FactOrder(version: UInt32(bitPattern: row.int4(17)), assessment: UInt64(bitPattern: row.int8(18)))
        residenceCommune = row.text(19)
        facts.healthVersion = UInt32(bitPattern: row.int4(20))
    }

    /// A row that holds nothing yet but whose it is.
    init(_ arrived: ArrivedFacts) {
        doseID = arrived.doseID
        subjectID = arrived.subjectID
        facilityCode = arrived.facilityCode
        sourceRecordID = arrived.sourceRecordID
    }
}

/// What is written of a row; messages only where they are newer.
struct DoseChange: Sendable {
    var dose: StoredDose
    var record: [UInt8]?
    var verdict: [UInt8]?
    var finding: [UInt8]?
    private var isVerdictNewer = false

    /// Takes what is newer; nil when nothing is.
    init?(_ held: StoredDose?, _ arrived: ArrivedFacts, _ rule: RecordRule) {
        dose = held ?? StoredDose(arrived)
        let rightBefore = dose.facts.rightVersion
        if let record = arrived.record, record.version > dose.facts.version {
            dose.facts.version = record.version
            dose.facts.isWithdrawn = record.status == .withdrawn
            dose.facts.doseNumber = record.dose.doseNumber
            dose.facts.identityConflict = record.identityConflict
            dose.residenceCommune = record.subject.residenceCommune
            dose.subjectID = record.subjectID
            self.record = arrived.recordBytes
        }
        if let verdict = arrived.verdict, verdict.order > dose.facts.verdictOrder {
            dose.facts.verdictOrder = verdict.order
            dose.facts.outcome = verdict.outcome
            dose.facts.group = verdict.group
            // Kept for the work list; two thirds of all records are right and will never be on one.
            let isWrong = verdict.outcome == .wrong || verdict.outcome == .cannotVerify
            self.verdict = isWrong ? arrived.verdictBytes : nil
            isVerdictNewer = true
        }
        if let order = arrived.finding, order > dose.finding {
            dose.finding = order
            finding = arrived.findingBytes
        }
        dose.facts.rightVersion = max(rightBefore, arrived.rightVersion)
        let isNew = record != nil || isVerdictNewer || finding != nil || dose.facts.rightVersion != rightBefore
        guard held == nil || isNew else { return nil }
        rule.apply(to: &dose.facts)
    }
}

/// Rows of these records, locked in the order of their ids.
struct LockDoses: Statement {
    static let sql = "SELECT \(StoredDose.columns) FROM dose WHERE dose_id = ANY($1) ORDER BY dose_id FOR UPDATE"
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) -> StoredDose { StoredDose(row) }
}

/// All rows of these subjects.
struct DosesOfSubjects: Statement {
    static let sql = """
        SELECT \(StoredDose.columns) FROM dose WHERE subject_id = ANY($1) ORDER BY subject_id, source_record_id COLLATE "C"
        """
    var subjectIDs: [SubjectID]
    var parameters: [SQLValue] { [.uuids(subjectIDs)] }
    static func row(_ row: ResultRow) -> StoredDose { StoredDose(row) }
}

/// Inserts rows that are not there yet; gives the ids of those inserted now.
struct InsertDoses: Statement {
    static let sql = """
        INSERT INTO dose (dose_id, subject_id, facility_code, source_record_id, version, is_withdrawn, dose_number,
            identity_conflict, residence_commune, record, verdict_version, verdict_assessment, outcome, invalid_group,
            verdict, right_version, finding_version, finding_assessment, finding, problems, is_pending)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
            $21)
        ON CONFLICT (dose_id) DO NOTHING
        RETURNING dose_id
        """
    var changes: [DoseChange]
    var parameters: [SQLValue] {
        let doses = changes.map(\.dose)
        return [
            .uuids(doses.lazy.map(\.doseID)), .uuids(doses.lazy.map(\.subjectID)),
            .texts(doses.lazy.map(\.facilityCode)), .texts(doses.lazy.map(\.sourceRecordID)),
            .int4s(doses.lazy.map { Int32(bitPattern: $0.facts.version) }),
            .bools(doses.lazy.map(\.facts.isWithdrawn)), .int4s(doses.lazy.map(\.facts.doseNumber)),
            .bools(doses.lazy.map(\.facts.identityConflict)), .texts(doses.lazy.map(\.residenceCommune)),
            .byteArrays(changes.lazy.map(\.record)),
            .int4s(doses.lazy.map { Int32(bitPattern: $0.facts.verdictOrder.version) }),
            .int8s(doses.lazy.map { Int64(bitPattern: $0.facts.verdictOrder.assessment) }),
            .int4s(doses.lazy.map { $0.facts.outcome?.rawValue ?? 0 }), .int4s(doses.lazy.map(\.facts.group.rawValue)),
            .byteArrays(changes.lazy.map(\.verdict)),
            .int4s(doses.lazy.map { Int32(bitPattern: $0.facts.rightVersion) }),
            .int4s(doses.lazy.map { Int32(bitPattern: $0.finding.version) }),
            .int8s(doses.lazy.map { Int64(bitPattern: $0.finding.assessment) }),
            .byteArrays(changes.lazy.map(\.finding)), .int4s(doses.lazy.map { Int32($0.facts.problems.rawValue) }),
            .bools(doses.lazy.map(\.facts.isPending)),
        ]
    }
    static func row(_ row: ResultRow) -> DoseID { row.uuid(0) }
}

/// Writes rows that are locked.
struct UpdateDoses: Statement {
    static let sql = """
        UPDATE dose d SET subject_id = n.subject_id, version = n.version, is_withdrawn = n.is_withdrawn,
            dose_number = n.dose_number, identity_conflict = n.identity_conflict,
            residence_commune = n.residence_commune, record = coalesce(n.record, d.record),
            verdict_version = n.verdict_version, verdict_assessment = n.verdict_assessment, outcome = n.outcome,
            invalid_group = n.invalid_group, verdict = coalesce(n.verdict, d.verdict), right_version = n.right_version,
            finding_version = n.finding_version, finding_assessment = n.finding_assessment,
            finding = coalesce(n.finding, d.finding), problems = n.problems, is_pending = n.is_pending
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
            AS n (dose_id, subject_id, version, is_withdrawn, dose_number, identity_conflict, residence_commune, record,
                verdict_version, verdict_assessment, outcome, invalid_group, verdict, right_version, finding_version,
                finding_assessment, finding, problems, is_pending)
        WHERE d.dose_id = n.dose_id
        """
    var changes: [DoseChange]
    var parameters: [SQLValue] {
        let all = InsertDoses(changes: changes).parameters
        // Facility and record number never change.
        return Array(all[..<2] + all[4...])
    }
}
