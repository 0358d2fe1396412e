import Observability
import RecordModel
import Storage
import Web

/// Which step keeps a dose from its passport, as far as PassportIssuance knows (PAS-06).
struct WhyRoute: Sendable {
    let database: Database
    let issuingUnit: String

    var route: Route {
        Route(
            .get, "/v1/why/{facility}/{record}", roles: Set.health.union([.operator]), scope: .unit,
            summary: "Why a dose is in no passport; a facility asks for its own",
            response: Schema(
                "Why",
                properties: [
                    .init("known", "boolean"), .init("step"), .init("blocked", "boolean"), .init("since"),
                    .init("unit_code"), .init("reason", "object"), .init("passport"),
                ]), handler: answer)
    }

    private func answer(_ request: Request) async throws -> Response {
        let facility = request.parameter("facility")
        let record = request.parameter("record")
        let principal = request.principal
        if [.facilityStaff, .facilityHead].contains(principal.role), principal.unit != facility {
            throw Problem.forbidden("the record is another facility's")
        }
        let unit = issuingUnit
        let answer = try await database.asyncTransaction { tx in
            try Self.find(facility: facility, record: record, issuingUnit: unit, in: tx)
        }
        return Response.json { json in
            json.member("known", answer != nil)
            json.member("step", answer?.step.rawValue ?? "none")
            json.member("blocked", answer?.blocked ?? false)
            json.member("since", answer?.since?.rfc3339)
            json.member("unit_code", answer?.unitCode ?? "")
            json.object("reason") { json in
                json.member("vi", answer?.vietnamese ?? "Chưa có dữ liệu về mũi tiêm này")
                json.member("en", answer?.english ?? "Nothing is known about this dose here")
            }
            json.member("passport", answer?.passport?.uvci)
        }
    }

    /// The answer for one record; nil where nothing is known about it.
    static func find(
        facility: String, record: String, issuingUnit: String, in tx: Transaction
    ) throws -> WhyAnswer? {
        let doses = try tx.run(DosesByLocator(facility: facility, record: record))
        let found = try tx.run(DosesByID(doseIDs: doses)).first { facts in
            guard let shown = facts.record?.shown else { return false }
            return shown.facilityCode == facility && shown.sourceRecordID == record
        }
        guard let facts = found else { return nil }
        var person = WhyAnswer.Person()
        var passport: CertificateNumber?
        if let key = facts.link?.person {
            person = try tx.run(PersonByKey(key: key)).first ?? person
            passport = try tx.run(StandingPassports(persons: [key])).first { $0.status == .valid }?.certificate
        }
        return WhyAnswer(
            facts: facts, facilityCode: facility, issuingUnit: issuingUnit, person: person, passport: passport)
    }
}

struct PersonByKey: Statement {
    static let sql = """
        SELECT m.marked_at, b.state, b.since FROM (SELECT $1::uuid AS key) k
        LEFT JOIN marked_person m ON m.person_key = k.key LEFT JOIN blocked_person b ON b.person_key = k.key
        """
    var key: PersonKey
    var parameters: [SQLValue] { [.uuid(key)] }
    static func row(_ row: ResultRow) -> WhyAnswer.Person {
        WhyAnswer.Person(
            markedAt: row.optionalInstant(0), state: row.optionalInt4(1).flatMap(LineState.init),
            blockedSince: row.optionalInstant(2))
    }
}
