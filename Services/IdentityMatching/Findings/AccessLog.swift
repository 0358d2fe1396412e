import Observability
import RecordModel
import Storage
import Web

/// What somebody wants to know a finding for. A view without a purpose is refused (AUT-16).
enum Purpose: String, CaseIterable, Sendable {
    /// Cleaning of records (làm sạch dữ liệu).
    case correction
    /// A citizen's complaint (phản ánh).
    case complaint
    /// Verifying unclear records again (xác minh lại).
    case reverification
    /// Inspection of the work (kiểm tra, giám sát).
    case inspection

    /// From the header `x-purpose` or the query value `purpose`.
    static func of(_ request: Request, default fallback: Purpose? = nil) throws(Problem) -> Purpose {
        let text = request.headers["x-purpose"] ?? request.query["purpose"] ?? ""
        if text.isEmpty, let fallback { return fallback }
        guard let purpose = Purpose(rawValue: text) else {
            throw Problem(
                status: 400, type: "purpose-required", titleVI: "Phải nêu mục đích tra cứu",
                titleEN: "Say for what purpose you ask",
                fields: [("purpose", "one of \(allCases.map(\.rawValue).joined(separator: ", "))")])
        }
        return purpose
    }

    static let query = Schema.Property(
        "purpose", "string", allCases.map(\.rawValue).joined(separator: ", ") + "; or header x-purpose")
    static let referenceQuery = Schema.Property(
        "reference", "string", "task or complaint that it is for; letters, digits, . _ / - only; or header x-reference")
}

/// One look at what the register says (AUT-16): who, for what, and how much of it was shown.
struct FindingAccess: Sendable {
    enum Act: String, Sendable {
        case suggestion, list, detail, export, guessing, release
    }

    let act: Act
    let purpose: Purpose
    let reference: String
    var doseID: DoseID?
    var records: Int64 = 0
    /// Persons of the register that were shown.
    var persons: Int32 = 0
    /// Persons that were kept back: outside the territory.
    var outside: Int32 = 0

    init(_ act: Act, _ request: Request, default purpose: Purpose? = nil) throws(Problem) {
        self.act = act
        self.purpose = try Purpose.of(request, default: purpose)
        let reference = request.headers["x-reference"] ?? request.query["reference"] ?? ""
        guard reference.utf8.count <= 64, reference.unicodeScalars.allSatisfy(Self.isAllowed),
            !Self.holdsNumber(reference)
        else {
            throw Problem.badRequest(
                "the reference is not valid",
                fields: [("reference", "letters, digits, . _ / - only, and no identity number")])
        }
        self.reference = reference
    }

    /// Whether nine or twelve digits stand together, as in identity numbers, outside a task's own identifier.
    private static func holdsNumber(_ text: String) -> Bool {
        if Identifier<FindingAccess>(text) != nil { return false }
        let runs = text.utf8.split { $0 < 0x30 || $0 > 0x39 }
        return runs.contains { $0.count == 9 || $0.count == 12 }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "/", "-": true
        default: false
        }
    }

    /// The same with what was shown.
    func showing(_ records: Int, _ view: CandidateView, of doseID: DoseID? = nil) -> FindingAccess {
        var seen = self
        (seen.records, seen.doseID) = (Int64(records), doseID)
        (seen.persons, seen.outside) = (view.shown, view.outside)
        return seen
    }

    /// Keeps it. In the transaction that reads what is shown: what cannot be recorded is not shown.
    func record(_ principal: Principal, at now: Instant, in session: Transaction) throws {
        try session.execute(
            """
            INSERT INTO finding_access
                (at, account, role, unit_code, act, purpose, reference, dose_id, records, persons, outside)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            [
                .instant(now), .text(principal.subject), .text(principal.role.rawValue), .text(principal.unit),
                .text(act.rawValue), .text(purpose.rawValue), .text(reference), .uuid(doseID), .int8(records),
                .int4(persons), .int4(outside),
            ])
    }
}

/// The log of looks, for those who answer for it: the holder of the register all of it, provincial police what the units of
/// their province have looked at.
struct AccessLogRoutes: Sendable {
    let database: Database

    var routes: [Route] {
        [
            Route(
                .get, "/v1/access-log", roles: [.nationalPolice, .provincialPolice], scope: .territory,
                summary:
                    "Who looked at what the register says, for what purpose, and how much was shown; newest first.",
                response: "AccessLog",
                query: [
                    .init("limit", "integer", "1 to 1000, default 100"),
                    .init("before", "integer", "the smallest id seen so far"),
                ], handler: page)
        ]
    }

    private func page(_ request: Request) async throws -> Response {
        let limit = try request.integer("limit", in: 1...1000, default: 100)
        let before = try request.integer("before", in: 1...Int.max, default: Int.max)
        let principal = request.principal
        let lines = try await database.asyncTransaction { session -> [(id: Int64, json: [UInt8])] in
            var scope = "true"
            var parameters: [SQLValue] = [.int8(Int64(before)), .int8(Int64(limit))]
            switch try Territory.of(principal, in: session) {
            case .everywhere: break
            case .province(let province, _):
                scope = "unit_code IN (SELECT code FROM unit WHERE province_code = $3)"
                parameters.append(.text(province))
            case .commune, .nowhere:
                throw Problem.forbidden("the token's unit is not in the list of units, or names no area")
            }
            return try session.query(
                """
                SELECT id, at, account, role, unit_code, act, purpose, reference, dose_id, records, persons, outside
                FROM finding_access WHERE id < $1 AND \(scope) ORDER BY id DESC LIMIT $2
                """, parameters, Self.line)
        }
        return Response.json { json in
            json.array("views") { json in for line in lines { json.element(json: line.json) } }
            if lines.count == limit, let last = lines.last { json.member("before", last.id) }
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
