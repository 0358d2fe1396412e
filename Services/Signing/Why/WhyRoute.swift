import Observability
import RecordModel
import Storage
import Web

/// Which step keeps a dose from its passport, as far as Signing knows (PAS-06).
struct WhyRoute: Sendable {
    let database: Database
    let limits: SigningLimits
    let clock: any WallClock

    var route: Route {
        Route(
            .get, "/v1/why/{facility}/{record}", roles: Set.health.union([.operator]), scope: .unit,
            summary: "Why a dose is not signed; a facility asks for its own",
            response: Schema(
                "Why",
                properties: [
                    .init("known", "boolean"), .init("step"), .init("blocked", "boolean"), .init("since"),
                    .init("unit_code"), .init("reason", "object"), .init("passport"),
                ]), handler: answer)
    }

    /// What the database holds about one record.
    private struct Found: Sendable {
        var dose: StoredDose
        var attestation: Attestation?
        var hasCertificate: Bool
    }

    private func answer(_ request: Request) async throws -> Response {
        let facilityCode = request.parameter("facility")
        let recordID = request.parameter("record")
        let principal = request.principal
        if [.facilityStaff, .facilityHead].contains(principal.role), principal.unit != facilityCode {
            throw Problem.forbidden("the record is another facility's")
        }
        let now = clock.now()
        let found = try await database.asyncTransaction { tx -> Found? in
            // Another facility whose hash begins alike may have the same number.
            let candidates = try tx.run(
                StoredDoses(
                    doseIDs: try tx.run(DosesByRecordNumber(facilityCode: facilityCode, sourceRecordID: recordID))))
            guard let dose = candidates.first(where: { $0.record?.facilityCode == facilityCode })
            else { return nil }
            return Found(
                dose: dose, attestation: try tx.run(AttestationsOfDoses(doseIDs: [dose.doseID])).first?.attestation,
                hasCertificate: try tx.run(RegistrationsOfUnit(unitCode: facilityCode)).contains {
                    $0.withdrawnAt == nil && $0.notBefore <= now && now <= $0.notAfter
                })
        }
        return Response.json { json in
            json.member("known", found != nil)
            let blocking = found.map {
                Blocking(
                    facilityCode: facilityCode, facts: $0.dose.facts, attestation: $0.attestation,
                    hasCertificate: $0.hasCertificate, limits: limits, recordedAt: $0.dose.record?.recordedAt)
            }
            json.member("step", blocking?.step.rawValue ?? "none")
            json.member("blocked", blocking?.blocked ?? false)
            json.member("since", blocking?.since?.rfc3339)
            json.member("unit_code", blocking?.unitCode ?? "")
            json.object("reason") { json in
                json.member("vi", blocking?.vietnamese ?? "Chưa có dữ liệu về mũi tiêm này")
                json.member("en", blocking?.english ?? "Nothing is known about this dose here")
            }
            json.member("passport", nil as String?)
        }
    }
}
