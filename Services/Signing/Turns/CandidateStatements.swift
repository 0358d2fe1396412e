import RecordModel
import Storage

extension TurnCandidate {
    init(_ record: DoseRecord, personKey: PersonKey) {
        let digests = digests(of: record)
        self.init(
            doseID: record.doseID,
            member: TurnMember(personKey: personKey, subjectID: record.subjectID, content: digests.content),
            doseVersion: record.version, facilityCode: record.facilityCode, sourceRecordID: record.sourceRecordID,
            doseNumber: record.dose.doseNumber, injectedOn: record.dose.injectedOn,
            contentSHA256: digests.contentSHA256)
    }
}

/// The next doses of a unit in the order of persons, from a place on; with nothing where one cannot be signed now.
struct CandidatesOfUnit: Statement {
    static let sql = """
        SELECT r.person_key, r.dose_id, s.record
        FROM (
            SELECT person_key, dose_id, version FROM ready_dose
            WHERE facility_code = $1 AND (person_key, dose_id) > ($2, $3) ORDER BY person_key, dose_id LIMIT $4
        ) r LEFT JOIN signable s ON s.dose_id = r.dose_id AND s.version = r.version AND s.active
            AND s.dose_number BETWEEN $5 AND $6
        ORDER BY r.person_key, r.dose_id
        """
    var unitCode: String
    var after: (PersonKey, DoseID)
    var limit: Int
    var numbers: ClosedRange<Int32>
    var parameters: [SQLValue] {
        [
            .text(unitCode), .uuid(after.0), .uuid(after.1), .int8(Int64(limit)), .int4(numbers.lowerBound),
            .int4(numbers.upperBound),
        ]
    }
    static func row(_ row: ResultRow) throws -> (place: (PersonKey, DoseID), candidate: TurnCandidate?) {
        let personKey: PersonKey = row.uuid(0)
        return (
            (personKey, row.uuid(1)),
            row.isNull(2) ? nil : TurnCandidate(try row.record(2), personKey: personKey)
        )
    }
}

/// A dose that a caller named, as far as it is known.
enum NamedDose: Sendable {
    case signable(TurnCandidate)
    case notSignable(DoseID)
    case foreign(DoseID)
}

/// Doses that a caller named.
struct NamedCandidates: Statement {
    static let sql = """
        SELECT s.record, s.active AND s.dose_number BETWEEN $3 AND $4 AND r.dose_id IS NOT NULL,
            r.person_key, $2::text
        FROM unnest($1::uuid[]) AS u (id) JOIN signable s ON s.dose_id = u.id
            LEFT JOIN verified v ON v.dose_id = s.dose_id
            LEFT JOIN ready_dose r ON r.facility_code = $2 AND r.person_key = v.person_key AND r.dose_id = s.dose_id
                AND r.version = s.version
        """
    var doseIDs: [DoseID]
    var unitCode: String
    var numbers: ClosedRange<Int32>
    var parameters: [SQLValue] {
        [.uuids(doseIDs), .text(unitCode), .int4(numbers.lowerBound), .int4(numbers.upperBound)]
    }
    static func row(_ row: ResultRow) throws -> NamedDose {
        let record = try row.record(0)
        guard record.facilityCode == row.text(3) else { return .foreign(record.doseID) }
        guard row.bool(1) else { return .notSignable(record.doseID) }
        return .signable(TurnCandidate(record, personKey: row.uuid(2)))
    }
}
