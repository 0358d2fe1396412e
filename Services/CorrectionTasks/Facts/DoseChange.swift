import RecordModel
import Storage

/// What is written of a row; messages only where they are newer.
struct DoseChange: Sendable {
    var dose: StoredDose
    private(set) var record: [UInt8]?
    private(set) var verdict: [UInt8]?
    private(set) var finding: [UInt8]?
    /// Where the record's message was put.
    var place: RecordPlace?
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

/// Inserts rows that are not there yet; gives the ids of those inserted now.
struct InsertDoses: Statement {
    static let sql = """
        INSERT INTO dose (dose_id, verdict_version, verdict_assessment, outcome, invalid_group, right_version, problems,
            finding_version, finding_assessment, verdict, finding, subject_id, record_page, record_start, record_length,
            version, is_withdrawn, dose_number, identity_conflict, residence_commune, facility_code, source_record_id)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
            $21, $22)
        ON CONFLICT (dose_id) DO NOTHING
        RETURNING dose_id
        """
    var changes: [DoseChange]
    var parameters: [SQLValue] {
        UpdateDoses(changes: changes).parameters + [
            .texts(changes.lazy.map(\.dose.facilityCode)), .texts(changes.lazy.map(\.dose.sourceRecordID)),
        ]
    }
    static func row(_ row: ResultRow) -> DoseID { row.uuid(0) }
}

/// Writes rows that are locked and whose record is newer, with whatever else is.
struct UpdateDoses: Statement {
    static let sql = """
        UPDATE dose d SET \(UpdateChecks.assignments), subject_id = n.subject_id, record_page = n.record_page,
            record_start = n.record_start, record_length = n.record_length, version = n.version,
            is_withdrawn = n.is_withdrawn, dose_number = n.dose_number, identity_conflict = n.identity_conflict,
            residence_commune = n.residence_commune
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
            AS n (\(UpdateChecks.names), subject_id, record_page, record_start, record_length, version, is_withdrawn,
                dose_number, identity_conflict, residence_commune)
        WHERE d.dose_id = n.dose_id
        """
    var changes: [DoseChange]
    var parameters: [SQLValue] {
        UpdateChecks(changes: changes).parameters + [
            .uuids(changes.lazy.map(\.dose.subjectID)), .int8s(changes.lazy.map { $0.place?.page }),
            .int4s(changes.lazy.map { $0.place?.start }), .int4s(changes.lazy.map { $0.place?.length }),
            .int4s(changes.lazy.map { Int32(bitPattern: $0.dose.facts.version) }),
            .bools(changes.lazy.map(\.dose.facts.isWithdrawn)), .int4s(changes.lazy.map(\.dose.facts.doseNumber)),
            .bools(changes.lazy.map(\.dose.facts.identityConflict)), .texts(changes.lazy.map(\.dose.residenceCommune)),
        ]
    }
    typealias Row = Void
}

/// Writes rows that are locked and of whose record nothing is newer: what matching says of it.
struct UpdateChecks: Statement {
    static let names = """
        dose_id, verdict_version, verdict_assessment, outcome, invalid_group, right_version, problems, finding_version,
        finding_assessment, verdict, finding
        """
    static let assignments = """
        verdict_version = n.verdict_version, verdict_assessment = n.verdict_assessment, outcome = n.outcome,
        invalid_group = n.invalid_group, right_version = n.right_version, problems = n.problems,
        finding_version = n.finding_version, finding_assessment = n.finding_assessment,
        verdict = coalesce(n.verdict, d.verdict), finding = coalesce(n.finding, d.finding)
        """
    static let sql = """
        UPDATE dose d SET \(assignments)
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS n (\(names))
        WHERE d.dose_id = n.dose_id
        """
    var changes: [DoseChange]
    var parameters: [SQLValue] {
        [
            .uuids(changes.lazy.map(\.dose.doseID)),
            .int4s(changes.lazy.map { Int32(bitPattern: $0.dose.facts.verdictOrder.version) }),
            .int8s(changes.lazy.map { Int64(bitPattern: $0.dose.facts.verdictOrder.assessment) }),
            .int4s(changes.lazy.map { $0.dose.facts.outcome?.rawValue ?? 0 }),
            .int4s(changes.lazy.map(\.dose.facts.group.rawValue)),
            .int4s(changes.lazy.map { Int32(bitPattern: $0.dose.facts.rightVersion) }),
            .int4s(changes.lazy.map { Int32($0.dose.facts.problems.rawValue) }),
            .int4s(changes.lazy.map { $0.dose.finding.isSome ? Int32(bitPattern: $0.dose.finding.version) : nil }),
            .int8s(changes.lazy.map { $0.dose.finding.isSome ? Int64(bitPattern: $0.dose.finding.assessment) : nil }),
            .byteArrays(changes.lazy.map(\.verdict)), .byteArrays(changes.lazy.map(\.finding)),
        ]
    }
    typealias Row = Void
}

extension FactOrder {
    /// Whether there is such a fact at all: versions count from 1.
    fileprivate var isSome: Bool { version > 0 }
}
