import RecordModel
import Storage

/// How many doses stand where (REP-09): right = signed + right_unsigned.
struct SigningCounts: Statement {
    static let sql = """
        SELECT count(*), (SELECT count(*) FROM ready_dose), count(*) FILTER (WHERE s.outcome = 1 AND s.active),
            count(*) FILTER (WHERE s.outcome = 1 AND s.active AND a.dose_id IS NOT NULL),
            count(*) FILTER (WHERE s.outcome = 4 AND s.active)
        FROM signable s LEFT JOIN attestation a ON a.dose_id = s.dose_id AND a.staleness IS NULL
        """
    var parameters: [SQLValue] { [] }

    /// In the order in which they are shown.
    static func row(_ row: ResultRow) -> [(String, Int64)] {
        [
            ("known", row.int8(0)), ("signable", row.int8(1)), ("right", row.int8(2)), ("signed", row.int8(3)),
            ("right_unsigned", row.int8(2) - row.int8(3)), ("exempt", row.int8(4)),
        ]
    }
}

/// How many turns are in which state.
struct TurnCounts: Statement {
    static let sql = "SELECT state, count(*) FROM turn GROUP BY state ORDER BY state"
    var parameters: [SQLValue] { [] }
    static func row(_ row: ResultRow) -> (String, Int64) { ("turns_" + row.text(0), row.int8(1)) }
}

/// What is signable now, by facility; one facility's where it is named.
struct SignableByFacility: Statement {
    static let sql = """
        SELECT facility_code, count(*) FROM ready_dose WHERE $1 = '' OR facility_code = $1
        GROUP BY facility_code ORDER BY facility_code
        """
    var facilityCode: String
    var parameters: [SQLValue] { [.text(facilityCode)] }
    static func row(_ row: ResultRow) -> (String, Int64) { (row.text(0), row.int8(1)) }
}

/// A facility's verified doses: signed and not (SIG-22).
struct FacilityReport: Statement {
    static let columns = ["facility_code", "right", "signed", "right_unsigned", "signable"]
    static let sql = """
        SELECT s.facility_code, count(*), count(a.dose_id),
            (SELECT count(*) FROM ready_dose r WHERE r.facility_code = s.facility_code)
        FROM signable s LEFT JOIN attestation a ON a.dose_id = s.dose_id AND a.staleness IS NULL
        WHERE s.outcome = 1 AND s.active AND ($1 = '' OR s.facility_code = $1)
        GROUP BY s.facility_code ORDER BY s.facility_code
        """
    var facilityCode: String
    var parameters: [SQLValue] { [.text(facilityCode)] }
    static func row(_ row: ResultRow) -> [String] {
        let right = row.int8(1)
        let signed = row.int8(2)
        return [row.text(0), String(right), String(signed), String(right - signed), String(row.int8(3))]
    }
}

/// Signed turns, for the export.
enum SignedTurns {
    static let columns = ["turn_id", "unit_code", "signer_serial", "signed_at", "persons", "doses"]
    static let sql = """
        SELECT turn_id, unit_code, signer_serial, signed_at, persons, doses FROM turn WHERE state = 'signed'
        ORDER BY turn_id
        """
    static func row(_ row: ResultRow) -> [String] {
        let turnID: TurnID = row.uuid(0)
        return [
            turnID.description, row.text(1), row.text(2), row.instant(3).rfc3339, String(row.int8(4)),
            String(row.int8(5)),
        ]
    }
}

/// What was signed in a turn, and the signature.
struct SignedTurn: Statement {
    static let sql = "SELECT manifest, signature FROM turn WHERE turn_id = $1 AND state = 'signed'"
    var turnID: TurnID
    var parameters: [SQLValue] { [.uuid(turnID)] }
    static func row(_ row: ResultRow) -> (manifest: [UInt8], signature: [UInt8]) { (row.bytes(0), row.bytes(1)) }
}
