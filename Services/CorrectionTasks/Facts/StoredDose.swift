import Cryptography
import RecordModel
import Storage

/// A record's row, without the messages themselves.
struct StoredDose: Sendable {
    static let columns = """
        d.dose_id, d.subject_id, d.facility_code, d.source_record_id, d.version, d.is_withdrawn, d.dose_number,
        d.identity_conflict, d.verdict_version, d.verdict_assessment, d.outcome, d.invalid_group, d.right_version,
        d.problems, d.residence_commune, d.resolved_version, d.resolved_assessment, d.finding_version,
        d.finding_assessment, d.health_version
        """

    var doseID: DoseID
    var subjectID: SubjectID
    var facilityCode: String
    var sourceRecordID: String
    var facts = RecordFacts()
    var finding = FactOrder(version: 0, assessment: 0)
    var residenceCommune = ""

    /// Reads `columns`.
    init(_ row: ResultRow) {
        doseID = row.uuid(0)
        subjectID = row.uuid(1)
        facilityCode = row.text(2)
        sourceRecordID = row.text(3)
        facts.version = UInt32(bitPattern: row.int4(4))
        facts.isWithdrawn = row.bool(5)
        facts.doseNumber = row.int4(6)
        facts.identityConflict = row.bool(7)
        facts.verdictOrder = Self.order(row, 8)
        facts.outcome = Outcome(rawValue: row.int4(10))
        facts.group = InvalidGroup(rawValue: row.int4(11)) ?? .none
        facts.rightVersion = UInt32(bitPattern: row.int4(12))
        facts.problems = Problems(rawValue: Int16(truncatingIfNeeded: row.int4(13)))
        residenceCommune = row.text(14)
        facts.resolved = Self.order(row, 15)
        finding = Self.order(row, 17)
        facts.healthVersion = UInt32(bitPattern: row.int4(19))
    }

    /// Version and assessment in two columns; NULL where there is none.
    private static func order(_ row: ResultRow, _ column: Int) -> FactOrder {
        guard let version = row.optionalInt4(column), let assessment = row.optionalInt8(column + 1) else {
            return FactOrder(version: 0, assessment: 0)
        }
        return FactOrder(version: UInt32(bitPattern: version), assessment: UInt64(bitPattern: assessment))
    }

    /// A row that holds nothing yet but whose it is.
    init(_ arrived: ArrivedFacts) {
        doseID = arrived.doseID
        subjectID = arrived.subjectID
        facilityCode = arrived.facilityCode
        sourceRecordID = arrived.sourceRecordID
    }
}

/// Rows of these records, locked in the order of their ids.
struct LockDoses: Statement {
    static let sql = """
        SELECT \(StoredDose.columns) FROM unnest($1) AS n (dose_id) JOIN dose d ON d.dose_id = n.dose_id
        ORDER BY d.dose_id FOR UPDATE OF d
        """
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) -> StoredDose { StoredDose(row) }
}

/// All rows of these subjects.
struct DosesOfSubjects: Statement {
    static let sql = """
        SELECT \(StoredDose.columns) FROM unnest($1) AS n (subject_id) JOIN dose d ON d.subject_id = n.subject_id
        ORDER BY d.subject_id, d.source_record_id
        """
    var subjectIDs: [SubjectID]
    var parameters: [SQLValue] { [.uuids(subjectIDs)] }
    static func row(_ row: ResultRow) -> StoredDose { StoredDose(row) }
}

/// The row of a facility's record. Identifiers begin with the facility's hash, so its records lie side by side in the primary key's index, which also holds their numbers: no index of its own, no row read in vain.
struct DoseOfRecord: Statement {
    static let sql = """
        SELECT \(StoredDose.columns)
        FROM (SELECT dose_id FROM dose WHERE dose_id BETWEEN $3 AND $4 AND source_record_id = $2) n
        JOIN dose d ON d.dose_id = n.dose_id WHERE d.facility_code = $1
        """
    var facilityCode: String
    var sourceRecordID: String
    var parameters: [SQLValue] {
        let doses = DoseID.range(facilityHash: SHA256.prefix32(of: facilityCode))
        return [.text(facilityCode), .text(sourceRecordID), .uuid(doses.lowerBound), .uuid(doses.upperBound)]
    }
    static func row(_ row: ResultRow) -> StoredDose { StoredDose(row) }
}
