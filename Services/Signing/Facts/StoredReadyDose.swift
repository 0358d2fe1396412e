import RecordModel
import Storage

extension ReadyDose {
    /// `ready_dose` r and `signable` s, joined to what can be signed now; a condition follows. The parameters are the
    /// lowest and the highest dose number that can be signed.
    static func signable(numbers low: String, _ high: String) -> String {
        """
        ready_dose r JOIN signable s ON s.dose_id = r.dose_id AND s.version = r.version AND s.active
            AND s.dose_number BETWEEN \(low) AND \(high)
        """
    }
}

/// Puts rows; gives back the doses that had none or another one.
struct PutReady: Statement {
    static let sql = """
        INSERT INTO ready_dose (facility_code, person_key, dose_id, version, assessment)
        SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[])
        ON CONFLICT (facility_code, person_key, dose_id) DO UPDATE
            SET version = excluded.version, assessment = excluded.assessment
            WHERE ready_dose.version <> excluded.version
        RETURNING dose_id
        """
    var doses: [ReadyDose]
    var parameters: [SQLValue] {
        [
            .texts(doses.lazy.map(\.facilityCode)), .uuids(doses.lazy.map(\.personKey)),
            .uuids(doses.lazy.map(\.doseID)), .int8s(doses.lazy.map { Int64($0.order.version) }),
            .int8s(doses.lazy.map { Int64($0.order.assessment) }),
        ]
    }
    static func row(_ row: ResultRow) -> DoseID { row.uuid(0) }
}

struct RemoveReady: Statement {
    static let sql = """
        DELETE FROM ready_dose r USING unnest($1::text[], $2::uuid[], $3::uuid[]) AS u (facility_code, person_key, dose_id)
        WHERE r.facility_code = u.facility_code AND r.person_key = u.person_key AND r.dose_id = u.dose_id
        """
    var doses: [ReadyDose]
    var parameters: [SQLValue] {
        [
            .texts(doses.lazy.map(\.facilityCode)), .uuids(doses.lazy.map(\.personKey)),
            .uuids(doses.lazy.map(\.doseID)),
        ]
    }
    static func row(_ row: ResultRow) {}
}

/// Takes a turn's rows away, each if it is still of the version and the person that the turn names; gives back those
/// that were there, and the assessment since which each stood.
struct TakeReady: Statement {
    static let sql = """
        DELETE FROM ready_dose r USING unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS u (person_key, dose_id, version)
        WHERE r.facility_code = $1 AND r.person_key = u.person_key AND r.dose_id = u.dose_id AND r.version = u.version
        RETURNING r.dose_id, r.assessment
        """
    var unitCode: String
    /// Sorted by dose.
    var doses: [TurnDose]
    var parameters: [SQLValue] {
        [
            .text(unitCode), .uuids(doses.lazy.map(\.member.personKey)), .uuids(doses.lazy.map(\.line.doseID)),
            .int8s(doses.lazy.map { Int64($0.line.doseVersion) }),
        ]
    }
    static func row(_ row: ResultRow) -> (DoseID, assessment: UInt64) { (row.uuid(0), UInt64(row.int8(1))) }
}
