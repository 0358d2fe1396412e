import Cryptography
import Observability
import RecordModel
import Storage
import Tabular
import Web

/// Counts, the report of what is verified but unsigned, and the exports of formats.md.
struct ReportRoutes: Sendable {
    let database: Database
    let trust: TrustAnchors
    let limits: SigningLimits

    private static let overview: Set<Role> = [.mohIT, .operator, .preventiveMedicine]
    private static let facility: Set<Role> = [.facilityHead, .facilityStaff]

    private static let query: [Schema.Property] = [
        .init("facility", "string", "one facility's; a facility gets its own whatever it says")
    ]

    var all: [Route] {
        [
            Route(
                .get, "/v1/signable", roles: Self.overview.union(Self.facility), scope: .unit,
                summary: "Doses that can be signed now, by facility; a facility sees its own", response: "Signable",
                query: Self.query,
                handler: signable),
            Route(
                .get, "/v1/counts", roles: Self.overview, summary: "How many doses and turns stand where",
                response: "Counts", handler: counts),
            Route(
                .get, "/v1/reports/unsigned", roles: Self.overview.union(Self.facility), scope: .unit,
                summary: "Verified right, signed and unsigned by facility (SIG-22)",
                response: .csv("UnsignedReport", columns: FacilityReport.columns),
                query: Self.query, handler: unsigned),
            Route(
                .get, "/v1/exports/turns", roles: [.operator], summary: "turns.csv: all signed turns",
                response: .csv("SignedTurns", columns: SignedTurns.columns), handler: turns),
            Route(
                .get, "/v1/exports/turns/{id}.manifest", roles: [.operator], summary: "The bytes that were signed",
                response: .csv("Manifest")
            ) { try await signedTurn($0).0 },
            Route(
                .get, "/v1/exports/turns/{id}.p7s", roles: [.operator], summary: "The signature: detached CMS, DER",
                response: Schema("Signature", contentTypes: ["application/pkcs7-signature"])
            ) { try await signedTurn($0).1 },
            Route(
                .get, "/v1/exports/trust", roles: [.operator], summary: "trust.pem: the certificate authorities",
                response: Schema("TrustAnchors", contentTypes: ["application/x-pem-file"]), handler: anchors),
        ]
    }

    /// The facility whose figures are shown: its own for a facility, any or all for the others.
    private func facilityShown(_ request: Request) throws -> String {
        let principal = request.principal
        guard Self.facility.contains(principal.role) else { return request.query["facility"] ?? "" }
        guard !principal.unit.isEmpty else { throw Problem.forbidden("the token names no unit") }
        return principal.unit
    }

    private func signable(_ request: Request) async throws -> Response {
        let facilityCode = try facilityShown(request)
        let numbers = limits.doseNumbers
        let rows = try await database.asyncTransaction { tx in
            try tx.planAnew()
            return try tx.run(SignableByFacility(facilityCode: facilityCode, numbers: numbers))
        }
        return Response.json { json in
            json.array("facilities") { json in
                for (code, count) in rows {
                    json.object { json in
                        json.member("facility_code", code)
                        json.member("signable", count)
                    }
                }
            }
        }
    }

    private func counts(_ request: Request) async throws -> Response {
        let limits = limits
        let counts = try await database.asyncTransaction { tx in try Self.counts(limits, in: tx) }
        return Response.json { json in
            for (name, count) in counts { json.member(name, count) }
        }
    }

    /// All counts by name.
    static func counts(_ limits: SigningLimits, in session: some SQLSession) throws -> [(String, Int64)] {
        try session.planAnew()
        return try session.run(SigningCounts(numbers: limits.doseNumbers))[0] + session.run(TurnCounts())
    }

    private func unsigned(_ request: Request) async throws -> Response {
        let facilityCode = try facilityShown(request)
        let numbers = limits.doseNumbers
        let rows = try await database.asyncTransaction { tx in
            try tx.planAnew()
            return try tx.run(FacilityReport(facilityCode: facilityCode, numbers: numbers))
        }
        var writer = CSVWriter(columns: FacilityReport.columns)
        for row in rows { writer.row(row) }
        return .bytes(writer.take(), contentType: "text/csv; charset=utf-8")
    }

    private func turns(_ request: Request) async throws -> Response {
        let database = database
        return Response.stream("text/csv; charset=utf-8") { body in
            var header = CSVWriter(columns: SignedTurns.columns)
            try await body.write(header.take())
            try await database.stream(SignedTurns.sql, row: { row in SignedTurns.row(row) }) { (rows: [[String]]) in
                var writer = CSVWriter(columns: [])
                for row in rows { writer.row(row) }
                try await body.write(writer.take())
            }
        }
    }

    private func signedTurn(_ request: Request) async throws -> (Response, Response) {
        guard let turnID = TurnID(request.parameter("id")) else { throw Problem.notFound() }
        let turns = try await database.asyncTransaction { tx in try tx.run(SignedTurn(turnID: turnID)) }
        guard let turn = turns.first else { throw Problem.notFound() }
        return (
            .bytes(turn.manifest, contentType: "text/csv; charset=utf-8"),
            .bytes(turn.signature, contentType: "application/pkcs7-signature")
        )
    }

    private func anchors(_ request: Request) async throws -> Response {
        // Nobody can have signed yet: the export is empty, like those of turns.
        guard !trust.isMissing else { return .bytes([], contentType: "application/x-pem-file") }
        do throws(CryptographyError) {
            return .bytes(Array(try trust.pem().utf8), contentType: "application/x-pem-file")
        } catch {
            throw Problem.unavailable("the trust anchors cannot be read: \(error)")
        }
    }
}
