import RecordModel
import Storage

/// A row of `ready_dose`: a dose that can be signed now.
struct ReadyDose: Hashable, Sendable {
    var facilityCode: String
    var personKey: PersonKey
    var doseID: DoseID

    /// The row that a dose has if it can be signed; nil while its person is not known.
    init?(of dose: StoredDose) {
        guard let key = dose.facts.person?.key else { return nil }
        facilityCode = dose.facilityCode
        personKey = key
        doseID = dose.doseID
    }

    /// The row of a dose that can be signed; nil for one that cannot.
    init?(_ dose: StoredDose, attestation: Attestation?, limits: SigningLimits) {
        guard Signability.of(dose.facts, attestation: attestation, limits: limits).isReady else { return nil }
        self.init(of: dose)
    }
}

extension [ReadyDose] {
    fileprivate var parameters: [SQLValue] {
        [.texts(lazy.map(\.facilityCode)), .uuids(lazy.map(\.personKey)), .uuids(lazy.map(\.doseID))]
    }
}

struct PutReady: Statement {
    static let sql = """
        INSERT INTO ready_dose (facility_code, person_key, dose_id)
        SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[]) ON CONFLICT DO NOTHING
        """
    var doses: [ReadyDose]
    var parameters: [SQLValue] { doses.parameters }
    static func row(_ row: ResultRow) {}
}

struct RemoveReady: Statement {
    static let sql = """
        DELETE FROM ready_dose r USING unnest($1::text[], $2::uuid[], $3::uuid[]) AS u (facility_code, person_key, dose_id)
        WHERE r.facility_code = u.facility_code AND r.person_key = u.person_key AND r.dose_id = u.dose_id
        """
    var doses: [ReadyDose]
    var parameters: [SQLValue] { doses.parameters }
    static func row(_ row: ResultRow) {}
}
