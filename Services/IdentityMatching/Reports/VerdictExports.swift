import Observability
import RecordModel
import Storage
import Tabular
import Web

/// The exports of `formats.md`, streamed and sorted by facility and record, so that two exports of the same state are
/// byte for byte equal.
struct VerdictExports: Sendable {
    let database: Database
    let clock: any WallClock
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
            // Unmasked and whole: for the holder of the register alone. Others have /v1/findings in their territory.
            Route(
                .get, "/v1/exports/findings", roles: [.nationalPolice],
                summary:
                    "What differs and candidates, for each record that is wrong or cannot be verified. Police side only; recorded.",
                response: .csv("FindingsExport", columns: Self.findingColumns),
                query: [Purpose.query, Purpose.referenceQuery], handler: findings),
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
        let access = try FindingAccess(.export, request, default: .inspection)
        let now = clock.now()
        let records = try await database.asyncTransaction { session in
            let counts = try VerdictCounts.read(in: session)
            let records = Int((counts.byOutcome[.wrong] ?? 0) + (counts.byOutcome[.cannotVerify] ?? 0))
            try access.record(everybodyOf: records, by: principal, at: now, in: session)
            return records
        }
        log.info(
            "findings exported",
            [
                "by": .string(principal.subject), "role": .string(principal.role.rawValue),
                "unit": .string(principal.unit), "records": .int(records),
            ])
        return export(
            Self.findingColumns,
            """
            SELECT facility_code, source_record_id, reasons, candidates, candidate_weights FROM verdict
            WHERE reasons IS NOT NULL
            ORDER BY facility_code, source_record_id
            """, []
        ) { row in
            let candidates = row.optionalBytes(3).flatMap {
                Candidates(packedPersons: $0, packedWeights: row.optionalBytes(4) ?? [])
            }
            var ids = (candidates?.told ?? []).map(\.personalID)
            ids += Array(repeating: "", count: Candidates.most - ids.count)
            return [row.text(0), row.text(1), row.text(2)] + ids + [(candidates?.strength ?? .none).label]
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
