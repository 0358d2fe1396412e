import Observability
import RecordModel
import Storage
import Tabular
import Web

/// The exports of `formats.md`, streamed and sorted by facility and record, so that two exports of the same state are
/// byte for byte equal.
struct VerdictExports: Sendable {
    let database: Database
    let log: Log

    static let verdictColumns = ["facility_code", "source_record_id", "outcome", "group", "rule_version"]
    static let findingColumns =
        [
            "facility_code", "source_record_id", "reasons", "candidate_1", "candidate_2", "candidate_3", "candidate_4",
            "candidate_5", "strength",
        ]
    /// A facility sees the verdicts of its own records (MAT-11), the others all.
    private static let facilityRoles: Set<Role> = [.facilityStaff, .facilityHead]

    var routes: [Route] {
        [
            Route(
                .get, "/v1/exports/verdicts",
                roles: Self.facilityRoles.union([.operator, .mohIT, .preventiveMedicine, .nationalPolice]),
                scope: .unit,
                summary: "The verdict of each record; for a facility, of its own records.",
                response: .csv("Verdicts", columns: Self.verdictColumns), handler: verdicts),
            // Territory scopes come with the unit tree; until then nobody below the whole country may see findings.
            Route(
                .get, "/v1/exports/findings", roles: [.nationalPolice],
                summary: "What differs, for each record that is wrong or cannot be verified. Police side only.",
                response: .csv("Findings", columns: Self.findingColumns), handler: findings),
        ]
    }

    private func verdicts(_ request: Request) async throws -> Response {
        let isFacility = Self.facilityRoles.contains(request.principal.role)
        let unit: String? = isFacility ? request.principal.unit : nil
        return export(
            Self.verdictColumns,
            """
            SELECT facility_code, source_record_id, outcome, grp, rule_version FROM verdict
            WHERE outcome > 0 AND ($1::text IS NULL OR facility_code = $1) ORDER BY facility_code, source_record_id
            """, [.text(unit)]
        ) { row in
            [
                row.text(0), row.text(1), Outcome(rawValue: row.int4(2))?.label ?? "",
                InvalidGroup(rawValue: row.int4(3))?.label ?? "", row.text(4),
            ]
        }
    }

    private func findings(_ request: Request) async throws -> Response {
        let principal = request.principal
        log.info(
            "findings exported",
            [
                "by": .string(principal.subject), "role": .string(principal.role.rawValue),
                "unit": .string(principal.unit),
            ])
        return export(
            Self.findingColumns,
            """
            SELECT facility_code, source_record_id, reasons FROM verdict WHERE reasons IS NOT NULL
            ORDER BY facility_code, source_record_id
            """, []
        ) { row in
            [row.text(0), row.text(1), row.text(2), "", "", "", "", "", Strength.none.label]
        }
    }

    private func export(
        _ columns: [String], _ sql: String, _ parameters: [SQLValue],
        _ values: @escaping @Sendable (ResultRow) throws -> [String]
    ) -> Response {
        let database = database
        return Response.stream("text/csv; charset=utf-8") { writer in
            try await writer.write(CSVWriter(columns: columns).bytes)
            try await database.stream(sql, parameters, row: values) { rows in
                var csv = CSVWriter(columns: [])
                for row in rows { csv.row(row) }
                try await writer.write(csv.bytes)
            }
        }
    }
}
