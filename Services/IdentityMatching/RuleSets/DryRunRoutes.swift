import Observability
import RecordModel
import Storage
import Web

/// The reports of dry runs over HTTP, also while they go; pause, resume, cancel. Record keys and answers, nothing of a
/// person.
struct DryRunRoutes: Sendable {
    let database: Database
    let clock: any WallClock

    private static let roles: Set<Role> = [.operator, .nationalPolice]

    var routes: [Route] {
        [
            Route(
                .get, "/v1/dry-runs", roles: Self.roles, summary: "The newest dry runs of rule sets, with progress.",
                response: "DryRuns", handler: list),
            Route(
                .get, "/v1/dry-runs/{run}", roles: Self.roles,
                summary: "A dry run's report: how many records would go from which answer to which, with examples.",
                response: "DryRunReport", handler: report),
        ]
            + WalkControl(table: "dry_run", path: "/v1/dry-runs", database: database, clock: clock).routes(
                roles: Self.roles)
    }

    private static let columns = """
        run, state, rule_version, standing_rule_version, generation, assessment, next_block, blocks, total, done, changed,
        blocks_per_second, records_per_second, restarts, started_at, started_by, finished_at
        """

    private func list(_ request: Request) async throws -> Response {
        try await database.asyncTransaction { session in
            let runs = try session.query("SELECT \(Self.columns) FROM dry_run ORDER BY run DESC LIMIT 20", []) { row in
                var json = JSONWriter()
                json.object { Self.write(row, to: &$0) }
                return json.bytes
            }
            return Response.json { json in
                json.array("dry_runs") { json in
                    for run in runs { json.element(json: run) }
                }
            }
        }
    }

    private func report(_ request: Request) async throws -> Response {
        let run = try WalkControl.run(of: request)
        return try await database.asyncTransaction { session in
            let examples = try Self.examples(of: run, in: session)
            let changes = try session.query(
                """
                SELECT from_outcome, from_grp, to_outcome, to_grp, records, by_register FROM dry_run_change WHERE run = $1
                ORDER BY records DESC, from_outcome, from_grp, to_outcome, to_grp
                """, [.int8(run)]
            ) { Self.json($0, examples) }
            let found = try session.query("SELECT \(Self.columns) FROM dry_run WHERE run = $1", [.int8(run)]) { row in
                var json = JSONWriter()
                json.object { json in
                    Self.write(row, to: &json)
                    json.array("changes") { json in
                        for change in changes { json.element(json: change) }
                    }
                }
                return json.bytes
            }
            guard let report = found.first else { throw Problem.notFound("no dry run has this number") }
            return Response.json(report)
        }
    }

    private static func change(_ row: ResultRow) -> DryRunChanges.Change {
        DryRunChanges.Change(
            fromOutcome: row.int4(0), fromGroup: row.int4(1), toOutcome: row.int4(2), toGroup: row.int4(3))
    }

    private static func examples(
        of run: Int64, in session: Transaction
    ) throws -> [DryRunChanges.Change: [(facility: String, record: String)]] {
        let rows = try session.query(
            """
            SELECT from_outcome, from_grp, to_outcome, to_grp, facility_code, source_record_id FROM dry_run_example
            WHERE run = $1 ORDER BY facility_code, source_record_id
            """, [.int8(run)]
        ) { (change($0), ($0.text(4), $0.text(5))) }
        return Dictionary(grouping: rows, by: \.0).mapValues { $0.map { (facility: $0.1.0, record: $0.1.1) } }
    }

    private static func json(
        _ row: ResultRow, _ examples: [DryRunChanges.Change: [(facility: String, record: String)]]
    ) -> [UInt8] {
        let change = change(row)
        var json = JSONWriter()
        json.object { json in
            for (name, outcome, group) in [
                ("from", change.fromOutcome, change.fromGroup), ("to", change.toOutcome, change.toGroup),
            ] {
                json.object(name) { json in
                    json.member("outcome", Outcome(rawValue: outcome)?.label ?? "not-yet-verified")
                    json.member("group", InvalidGroup(rawValue: group)?.label ?? InvalidGroup.none.label)
                }
            }
            json.member("records", row.int8(4))
            json.member("by_register", row.int8(5))
            json.array("examples") { json in
                for example in examples[change] ?? [] {
                    json.object { json in
                        json.member("facility_code", example.facility)
                        json.member("source_record_id", example.record)
                    }
                }
            }
        }
        return json.bytes
    }

    private static func write(_ row: ResultRow, to json: inout JSONWriter) {
        json.member("run", row.int8(0))
        json.member("state", row.text(1))
        json.member("rule_version", row.text(2))
        json.object("compared_with") { json in
            json.member("rule_version", row.text(3))
            json.member("generation", row.int8(4))
            json.member("assessment", row.int8(5))
        }
        WalkProgress(
            state: row.text(1), nextBlock: row.int8(6), blocks: row.int8(7), done: row.int8(9), total: row.int8(8),
            blocksPerSecond: row.float8(11), recordsPerSecond: row.float8(12)
        ).write(to: &json)
        json.member("would_change", row.int8(10))
        json.member("restarts", row.int8(13))
        json.member("started_at", row.instant(14).rfc3339)
        json.member("started_by", row.text(15))
        json.member("finished_at", row.optionalInstant(16)?.rfc3339)
    }
}
