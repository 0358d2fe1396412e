import Observability
import RecordModel
import Storage
import Web

/// The log of looks, for those who answer for it: the holder of the register all of it, provincial police what the units of
/// their province have looked at. To read it is a look like any other: with a purpose, and in the log.
struct AccessLogRoutes: Sendable {
    let desk: Desk
    let retention: AccessLogRetention

    var routes: [Route] {
        [
            Route(
                .get, "/v1/access-log", roles: [.nationalPolice, .provincialPolice], scope: .territory,
                summary:
                    "Who looked at what the register says, for what purpose, and how much was shown; newest first, and how much of it has been deleted as too old.",
                response: "AccessLog", query: Self.page + [Purpose.query, Purpose.referenceQuery], handler: page),
            // The number comes in the body: addresses are kept in many places.
            Route(
                .post, "/v1/access-log/of-person", roles: [.nationalPolice],
                summary: "Who was shown one person of the register, for the person's own question; newest first.",
                request: Schema("PersonAskedAbout", properties: [.init("personal_id", "string", "twelve digits")]),
                response: "AccessLog", maxBody: 1024, query: Self.page + [Purpose.query, Purpose.referenceQuery],
                handler: ofPerson),
        ]
    }

    private static let page = [
        Schema.Property("limit", "integer", "1 to 1000, default 100"),
        Schema.Property("before", "integer", "the smallest id seen so far"),
    ]

    private func page(_ request: Request) async throws -> Response {
        try await answer(request) { territory, _ in
            switch territory {
            case .everywhere: ("true", [])
            case .province(let province, _):
                ("unit_code IN (SELECT code FROM unit WHERE province_code = $3)", [.text(province)])
            case .commune, .nowhere: ("false", [])
            }
        }
    }

    private struct PersonAskedAbout: Decodable, Sendable {
        let personalId: String
    }

    /// Under whatever number the person was known. Exports show everybody, so they are in the answer.
    private func ofPerson(_ request: Request) async throws -> Response {
        guard case .personal(let id) = IDNumber(typed: try await request.json(PersonAskedAbout.self).personalId) else {
            throw Problem.badRequest("no personal number", fields: [("personal_id", "must be 12 digits")])
        }
        return try await answer(request) { [keys = desk.keys] _, session in
            let marks = try PersonalIDAliases.numbers(ofHolder: id, in: session).map {
                keys.mark(IDNumber.text(ofPersonalID: $0))
            }
            return ("(act = 'export' OR shown && $3::int8[])", [.int8s(marks)])
        }
    }

    private func answer(
        _ request: Request,
        _ scope: @escaping @Sendable (Territory, Connection) throws -> (condition: String, parameters: [SQLValue])
    ) async throws -> Response {
        let limit = try request.integer("limit", in: 1...1000, default: 100)
        let before = try request.integer("before", in: 1...Int.max, default: Int.max)
        return try await desk.look(.log, request) { [retention] question, session in
            let (condition, parameters) = try scope(question.territory, session)
            let lines = try session.query(
                """
                SELECT id, at, account, role, unit_code, act, purpose, reference, dose_id, records, persons, outside
                FROM finding_access WHERE id < $1 AND \(condition) ORDER BY id DESC LIMIT $2
                """, [.int8(Int64(before)), .int8(Int64(limit))] + parameters, Self.line)
            let deleted = try retention.deleted(in: session)
            let response = Response.json { json in
                json.array("views") { json in for line in lines { json.element(json: line.json) } }
                if lines.count == limit, let last = lines.last { json.member("before", last.id) }
                json.member("kept_days", retention.days)
                json.object("deleted") { json in
                    json.member("records", deleted.records)
                    if let until = deleted.until { json.member("until", until.rfc3339) }
                }
            }
            return Desk.Seen(response, records: lines.count)
        }
    }

    private static func line(_ row: ResultRow) -> (id: Int64, json: [UInt8]) {
        var json = JSONWriter()
        json.object { json in
            json.member("id", row.int8(0))
            json.member("at", row.instant(1).rfc3339)
            json.member("account", row.text(2))
            json.member("role", row.text(3))
            json.member("unit_code", row.text(4))
            json.member("act", row.text(5))
            json.member("purpose", row.text(6))
            json.member("reference", row.text(7))
            if !row.isNull(8) { json.member("dose_id", row.uuid(8, as: DoseID.self).description) }
            json.member("records", row.int8(9))
            json.member("persons", row.int8(10))
            json.member("outside", row.int8(11))
        }
        return (row.int8(0), json.bytes)
    }
}
