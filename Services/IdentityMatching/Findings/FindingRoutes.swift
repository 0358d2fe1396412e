import Observability
import RecordModel
import Storage
import Web

/// Findings for police roles within their territory: masked in the list, unmasked one by one, every view recorded.
struct FindingRoutes: Sendable {
    let desk: Desk
    let indexes: RegisterIndexes

    var routes: [Route] {
        [
            Route(
                .get, "/v1/findings", roles: .police, scope: .territory,
                summary:
                    "Records of the asking unit's territory that are not right: what differs and candidates, masked.",
                response: "Findings",
                query: [
                    Purpose.query, Purpose.referenceQuery, .init("limit", "integer", "1 to 200, default 50"),
                    .init("after", "string", "as the last page gave it"),
                ], handler: list),
            Route(
                .get, "/v1/findings/{facility}/{record}", roles: .police, scope: .territory,
                summary: "One finding unmasked, with the weight of each item; every view is recorded with its purpose.",
                response: "Finding", query: [Purpose.query, Purpose.referenceQuery], handler: detail),
        ]
    }

    // MARK: List

    private func list(_ request: Request) async throws -> Response {
        let limit = try request.integer("limit", in: 1...200, default: 50)
        let place = try Self.place(request.query["after"])
        return try await desk.look(.list, request) { question, session in
            let findings = try FindingTable.page(of: question.territory, after: place, limit: limit, in: session)
            let persons = try Self.persons(of: findings, question.standing, in: session)
            var view = CandidateView(territory: question.territory, isMasked: true)
            let response = Response.json { json in
                json.array("findings") { json in
                    for finding in findings {
                        json.object { json in
                            Self.write(finding, isMasked: true, to: &json)
                            view.write(
                                CandidatePersons.described(finding.candidates, by: persons),
                                strength: finding.candidates?.strength ?? .none, to: &json)
                        }
                    }
                }
                if findings.count == limit, let last = findings.last { json.member("after", Self.text(of: last)) }
            }
            return Desk.Seen(response, records: findings.count, view)
        }
    }

    private static func persons(
        of findings: [StoredFinding], _ standing: StandingRegister?, in session: some SQLSession
    ) throws -> [Int64: SuggestedPerson] {
        guard let standing else { return [:] }
        let ids = Set(findings.flatMap { $0.candidates?.persons.map(\.personalID) ?? [] })
        return try CandidatePersons.find(ids, of: standing.generation, in: session)
    }

    static func text(of finding: StoredFinding) -> String {
        "\(finding.residenceCommune)/\(finding.facilityCode)/\(finding.sourceRecordID)"
    }

    static func place(_ text: String?) throws -> FindingTable.Place {
        guard let text, !text.isEmpty else { return FindingTable.Place() }
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else {
            throw Problem.badRequest("after", fields: [("after", "as the last page gave it")])
        }
        return FindingTable.Place(commune: parts[0], facility: parts[1], record: parts[2])
    }

    // MARK: One

    private func detail(_ request: Request) async throws -> Response {
        let (facility, record) = (request.parameter("facility"), request.parameter("record"))
        return try await desk.look(.detail, request) { [indexes] question, session in
            let found = try FindingTable.find(facility: facility, record: record, in: session)
            guard let finding = found, question.territory.holds(commune: finding.commune) else {
                // A record of elsewhere is told like one that is not there.
                return Desk.Seen(refused: .notFound("no finding of this territory"))
            }
            var view = CandidateView(territory: question.territory, isMasked: false)
            let (candidates, strength) = try Self.candidates(of: finding, indexes, question.standing, in: session)
            let response = Response.json { json in
                Self.write(finding, isMasked: false, to: &json)
                view.write(candidates, strength: strength, to: &json)
            }
            return Desk.Seen(response, records: 1, of: finding.doseID, view)
        }
    }

    /// With the weight of each item where the index is at hand, else as stored.
    private static func candidates(
        of finding: StoredFinding, _ indexes: RegisterIndexes, _ standing: StandingRegister?,
        in session: some SQLSession
    ) throws -> ([SuggestedPerson], Strength) {
        let sought = SoughtRecord(typed: finding.typed, commune: finding.residenceCommune)
        if let standing, let index = indexes.index(of: standing.generation),
            let found = index.suggest([sought], rules: standing.rules).first
        {
            return (found.candidates, found.strength)
        }
        let persons = try persons(of: [finding], standing, in: session)
        return (CandidatePersons.described(finding.candidates, by: persons), finding.candidates?.strength ?? .none)
    }

    // MARK: Writing

    static func write(_ finding: StoredFinding, isMasked: Bool, to json: inout JSONWriter) {
        let identity = finding.typed.identity
        json.member("facility_code", finding.facilityCode)
        json.member("source_record_id", finding.sourceRecordID)
        json.member("version", finding.version)
        json.member("outcome", finding.outcome?.label ?? "not-yet-verified")
        json.member("group", finding.group.label)
        json.member("decided_at", finding.decidedAt.rfc3339)
        json.member("residence_commune", finding.residenceCommune)
        json.object("typed") { json in
            json.member("full_name", isMasked ? Masking.name(identity.fullName) : identity.fullName)
            json.member("sex", isMasked ? Masking.code(identity.sex) : identity.sex)
            json.member("date_of_birth", isMasked ? Masking.typedDate(identity.dateOfBirth) : identity.dateOfBirth)
            json.member("id_number", isMasked ? Masking.number(identity.idNumber) : identity.idNumber)
            json.member(
                "nationality", isMasked ? Masking.code(finding.typed.nationality) : finding.typed.nationality)
        }
        json.array("differences") { json in
            for difference in Answer.differences(fromReasons: finding.reasons) {
                json.object { json in
                    json.member("field", difference.field)
                    json.member("reason", difference.reason)
                }
            }
        }
        json.member("candidates_looked_for", finding.candidates != nil)
    }
}
