import RecordModel
import Storage
import Tabular
import Web

/// The refused rows, for those who must send them again.
struct RefusalRoutes: Sendable {
    let database: Database

    static let columns = ["facility_code", "source_record_id", "field", "rule", "origin", "refused_at"]
    /// Roles that see all facilities; the others see their own.
    static let overseers: Set<Role> = [.operator, .mohIT]

    var routes: [Route] {
        [
            Route(
                .get, "/v1/refusals", roles: Self.overseers.union(Set<Role>.doseEntry), scope: .unit,
                summary: "Refused rows, sorted by facility and record.",
                response: .csv("Refusals", columns: Self.columns), handler: get)
        ]
    }

    private func get(_ request: Request) async throws -> Response {
        let isOverseer = Self.overseers.contains(request.principal.role)
        let unit = request.principal.unit
        return .stream("text/csv; charset=utf-8") { writer in
            var csv = CSVWriter(columns: Self.columns)
            try await database.stream(
                """
                SELECT facility_code, source_record_id, field, rule, origin, refused_at FROM refusal
                \(isOverseer ? "WHERE $1 IS NOT NULL" : "WHERE facility_code = $1")
                ORDER BY facility_code COLLATE "C", source_record_id COLLATE "C", origin COLLATE "C"
                """,
                [.text(unit)], row: { row in (0..<5).map { row.text($0) } + [row.instant(5).rfc3339] }
            ) { rows in
                for row in rows { csv.row(row) }
                try await writer.write(csv.take())
            }
            try await writer.write(csv.take())
        }
    }
}
