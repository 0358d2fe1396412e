import Observability
import RecordModel
import Storage
import Web

/// SUGGEST for one record as typed, over the same search as the stream: who could it be, and what is likely wrong.
struct SuggestionRoutes: Sendable {
    let database: Database
    let indexes: RegisterIndexes
    let limits: RateLimits
    let clock: any WallClock

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
        let principal = request.principal
        try limits.admit(principal)
        let access = try FindingAccess(.suggestion, request)
        let typed = try await request.json(Typed.self)
        let (items, commune) = (typed.items, Territory.commune(typed: typed.residenceCommune ?? ""))
        let (indexes, now) = (indexes, clock.now())
        return try await database.asyncTransaction { session in
            let territory = try Territory.required(of: principal, in: session)
            guard let standing = try RegisterTables.activeGeneration(in: session) else {
                throw Problem.conflict("no register generation is active")
            }
            guard let index = indexes.index(of: standing), let found = index.suggest([items], communes: [commune]).first
            else {
                throw Problem.unavailable("the candidate index of the register is being built")
            }
            var view = CandidateView(territory: territory, isMasked: false)
            let response = Response.json { json in
                json.member("generation", Int(standing))
                view.write(found.candidates, strength: found.strength, to: &json)
            }
            try access.showing(1, view).record(principal, at: now, in: session)
            return response
        }
    }
}

extension Territory {
    /// The territory of the bearer of a token.
    /// - Throws: `Problem` 403 where there is none.
    static func required(of principal: Principal, in session: some SQLSession) throws -> Territory {
        let territory = try of(principal, in: session)
        guard territory != .nowhere else {
            throw Problem.forbidden(
                "the token's unit is not in the list of units as a unit of its role, or has no area")
        }
        return territory
    }
}
