import RecordModel
import Storage

extension SQLSession {
    /// Plans what follows in this transaction by the tables' size now. A plan kept from the time when they were small goes
    /// through an index dose by dose; a count of everything is ten times as fast without.
    func planAnew() throws { try script("SET LOCAL plan_cache_mode TO force_custom_plan") }
}

/// How many doses stand where (REP-09): right = signed + right_unsigned, as many right ones as the register check counts;
/// of the unsigned ones those that their facility has taken back are right_withdrawn.
struct SigningCounts: Statement {
    static let sql = """
        SELECT count(*), (SELECT count(*) FROM \(ReadyDose.signable(numbers: "$1", "$2"))),
            count(*) FILTER (WHERE v.outcome = 1),
            count(*) FILTER (WHERE v.outcome = 1 AND a.dose_id IS NOT NULL),
            count(*) FILTER (WHERE v.outcome = 4),
            count(*) FILTER (WHERE v.outcome = 1 AND NOT s.active)
        FROM signable s LEFT JOIN verified v ON v.dose_id = s.dose_id
            LEFT JOIN attestation a ON a.dose_id = s.dose_id AND a.staleness IS NULL
        """
    var numbers: ClosedRange<Int32>
    var parameters: [SQLValue] { [.int4(numbers.lowerBound), .int4(numbers.upperBound)] }

    /// In the order in which they are shown.
    static func row(_ row: ResultRow) -> [(String, Int64)] {
        [
            ("known", row.int8(0)), ("signable", row.int8(1)), ("right", row.int8(2)), ("signed", row.int8(3)),
            ("right_unsigned", row.int8(2) - row.int8(3)), ("right_withdrawn", row.int8(5)),
            ("exempt", row.int8(4)),
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
        SELECT r.facility_code, count(*) FROM \(ReadyDose.signable(numbers: "$2", "$3"))
        WHERE $1 = '' OR r.facility_code = $1
        GROUP BY r.facility_code ORDER BY r.facility_code
        """
    var facilityCode: String
    var numbers: ClosedRange<Int32>
    var parameters: [SQLValue] {
        [.text(facilityCode), .int4(numbers.lowerBound), .int4(numbers.upperBound)]
    }
    static func row(_ row: ResultRow) -> (String, Int64) { (row.text(0), row.int8(1)) }
}

/// A facility's verified doses, those taken back left out: signed and not (SIG-22).
struct FacilityReport: Statement {
    static let columns = ["facility_code", "right", "signed", "right_unsigned", "signable"]
    static let sql = """
        SELECT v.facility_code, count(*), count(a.dose_id),
            (SELECT count(*) FROM \(ReadyDose.signable(numbers: "$2", "$3")) WHERE r.facility_code = v.facility_code)
        FROM verified v JOIN signable d ON d.dose_id = v.dose_id AND d.active
            LEFT JOIN attestation a ON a.dose_id = v.dose_id AND a.staleness IS NULL
        WHERE v.outcome = 1 AND ($1 = '' OR v.facility_code = $1)
        GROUP BY v.facility_code ORDER BY v.facility_code
        """
    var facilityCode: String
    var numbers: ClosedRange<Int32>
    var parameters: [SQLValue] {
        [.text(facilityCode), .int4(numbers.lowerBound), .int4(numbers.upperBound)]
    }
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
