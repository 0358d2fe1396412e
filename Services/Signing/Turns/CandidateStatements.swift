import RecordModel
import Storage

/// A stored record, read back for its digest or its readable fields.
struct RecordUnreadable: Error, CustomStringConvertible {
    let error: WireError
    var description: String { "a stored record cannot be read: \(error)" }
}

extension TurnCandidate {
    /// Reads dose, person and record, in this order.
    init(_ row: ResultRow) throws {
        let record: DoseRecord
        do {
            record = try DoseRecord(wire: row.bytes(2))
        } catch {
            throw RecordUnreadable(error: error)
        }
        self.init(
            doseID: record.doseID, personKey: row.uuid(1), doseVersion: record.version,
            facilityCode: record.facilityCode, sourceRecordID: record.sourceRecordID,
            doseNumber: record.dose.doseNumber, injectedOn: record.dose.injectedOn,
            contentSHA256: contentDigest(of: record))
    }
}

/// A unit's signable doses in the order of persons, from a place on.
struct CandidatesOfUnit: Statement {
    static let sql = """
        SELECT r.dose_id, r.person_key, s.record
        FROM ready_dose r JOIN signable s ON s.dose_id = r.dose_id AND s.person_key = r.person_key
        WHERE r.facility_code = $1 AND (r.person_key, r.dose_id) > ($2, $3) AND s.injected_on >= $4
            AND s.injected_on <= $5
        ORDER BY r.person_key, r.dose_id LIMIT $6
        """
    var unitCode: String
    var after: (PersonKey, DoseID)
    var from: CalendarDate?
    var to: CalendarDate?
    var limit: Int
    var parameters: [SQLValue] {
        [
            .text(unitCode), .uuid(after.0), .uuid(after.1), .text(from?.iso ?? ""), .text(to?.iso ?? "9999-12-31"),
            .int8(Int64(limit)),
        ]
    }
    static func row(_ row: ResultRow) throws -> TurnCandidate { try TurnCandidate(row) }
}

/// A dose that a caller named, as far as it is known.
enum NamedDose: Sendable {
    case signable(TurnCandidate)
    case notSignable(DoseID)
    case foreign(DoseID)
}

/// Doses that a caller named, sorted by person.
struct NamedCandidates: Statement {
    static let sql = """
        SELECT s.dose_id, s.person_key, s.record, s.facility_code = $2, r.dose_id IS NOT NULL
        FROM unnest($1::uuid[]) AS u (id) JOIN signable s ON s.dose_id = u.id LEFT JOIN ready_dose r
            ON r.facility_code = s.facility_code AND r.person_key = s.person_key AND r.dose_id = s.dose_id
        ORDER BY s.person_key, s.dose_id
        """
    var doseIDs: [DoseID]
    var unitCode: String
    var parameters: [SQLValue] { [.uuids(doseIDs), .text(unitCode)] }
    static func row(_ row: ResultRow) throws -> NamedDose {
        if !row.bool(3) { return .foreign(row.uuid(0)) }
        return row.bool(4) ? .signable(try TurnCandidate(row)) : .notSignable(row.uuid(0))
    }
}

/// Records of doses, for what people read before they sign.
struct RecordsOfDoses: Statement {
    static let sql = """
        SELECT s.record FROM unnest($1::uuid[]) AS u (id) JOIN signable s ON s.dose_id = u.id
        WHERE s.record IS NOT NULL
        """
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) throws -> DoseRecord {
        do {
            return try DoseRecord(wire: row.bytes(0))
        } catch {
            throw RecordUnreadable(error: error)
        }
    }
}
