import Observability
import RecordModel
import Web

/// SUGGEST for one record as typed, over the same search as the stream: who could it be, and what is likely wrong.
struct SuggestionRoutes: Sendable {
    let desk: Desk
    let indexes: RegisterIndexes

    var routes: [Route] {
        [
            Route(
                .post, "/v1/suggestions", roles: .police, scope: .territory,
                summary:
                    "Who a record as typed could be: at most five candidates with the weight of each item; those registered outside the asking unit's territory without data. Recorded with its purpose.",
                request: Schema(
                    "RecordAsTyped",
                    properties: [
                        .init("full_name"), .init("sex"), .init("date_of_birth"), .init("id_number"),
                        .init("nationality"), .init("id_kind"), .init("residence_commune"),
                    ]),
                response: "Suggestions", maxBody: 16_384, query: [Purpose.query, Purpose.referenceQuery],
                handler: suggest)
        ]
    }

    private struct Typed: Decodable, Sendable {
        var fullName: String?
        var sex: String?
        var dateOfBirth: String?
        var idNumber: String?
        var nationality: String?
        var idKind: String?
        var residenceCommune: String?

        var items: TypedItems {
            TypedItems(
                identity: TypedIdentity(
                    fullName: fullName ?? "", sex: sex ?? "", dateOfBirth: dateOfBirth ?? "", idNumber: idNumber ?? ""),
                nationality: nationality ?? "", idKind: idKind ?? "")
        }
    }

    private func suggest(_ request: Request) async throws -> Response {
        let typed = try await request.json(Typed.self)
        let sought = SoughtRecord(typed: typed.items, commune: Territory.commune(typed: typed.residenceCommune ?? ""))
        return try await desk.look(.suggestion, request) { [indexes] question, _ in
            guard let standing = question.standing else {
                throw Problem.conflict("no register generation is active")
            }
            guard let index = indexes.index(of: standing.generation),
                let found = index.suggest([sought], rules: standing.rules).first
            else {
                throw Problem.unavailable("the candidate index of the register is being built")
            }
            var view = CandidateView(territory: question.territory, isMasked: false)
            let response = Response.json { json in
                json.member("generation", Int(standing.generation))
                view.write(found.candidates, strength: found.strength, to: &json)
            }
            return Desk.Seen(response, records: 1, view)
        }
    }
}
