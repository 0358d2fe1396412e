import Messaging
import Observability
import RecordModel
import Storage
import Web

/// Re-verification over HTTP: how far it is, asking for one of everything, pause, resume, cancel.
struct ReverificationRoutes: Sendable {
    let database: Database
    let clock: any WallClock

    private static let roles: Set<Role> = [.operator, .nationalPolice]

    var routes: [Route] {
        [
            Route(
                .get, "/v1/reverifications", roles: Self.roles,
                summary: "The newest walks that verify again, with progress.", response: "Reverifications",
                handler: list),
            Route(
                .post, "/v1/reverifications", roles: Self.roles,
                summary:
                    "Verifies again under the active generation: what waits or is not right (scope=open) or everything (scope=all).",
                response: "ReverificationStarted", query: [RegisterRoutes.switchQuery[0]], handler: begin),
        ]
            + WalkControl(table: "reverification", path: "/v1/reverifications", database: database, clock: clock)
            .routes(roles: Self.roles)
    }

    private func begin(_ request: Request) async throws -> Response {
        let options = try RegisterRoutes.options(of: request)
        let clock = clock
        let subject = request.principal.subject
        let assessment = try await database.asyncTransaction { session in
            let state = try session.query(
                "SELECT assessment FROM register_state WHERE active_generation IS NOT NULL FOR UPDATE", []
            ) { $0.int8(0) }.first
            guard let state else { throw Problem.conflict("no register generation is active") }
            try ReverificationRun.begin(
                assessment: UInt64(state), allRecords: options.allRecords, since: Int64.max, restate: false,
                by: subject, at: clock.now(), in: session)
            return state
        }
        return Response.json(status: 202) { $0.member("assessment", assessment) }
    }

    private func list(_ request: Request) async throws -> Response {
        try await database.asyncTransaction { session in
            let runs = try session.query(
                """
                SELECT run, state, assessment, all_records, restate, next_block, blocks, total, verified, changed,
                       blocks_per_second, records_per_second, started_at, finished_at
                FROM reverification ORDER BY run DESC LIMIT 20
                """, []
            ) { Self.json($0) }
            return Response.json { json in
                json.array("reverifications") { json in
                    for run in runs { json.element(json: run) }
                }
            }
        }
    }

    private static func json(_ row: ResultRow) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("run", row.int8(0))
            json.member("state", row.text(1))
            json.member("assessment", row.int8(2))
            json.member("scope", row.bool(3) ? "all" : "open")
            json.member("restate", row.bool(4))
            WalkProgress(
                state: row.text(1), nextBlock: row.int8(5), blocks: row.int8(6), done: row.int8(8), total: row.int8(7),
                blocksPerSecond: row.float8(10), recordsPerSecond: row.float8(11)
            ).write(to: &json)
            json.member("verified", row.int8(8))
            json.member("changed", row.int8(9))
            json.member("started_at", row.instant(12).rfc3339)
            json.member("finished_at", row.optionalInstant(13)?.rfc3339)
        }
        return json.bytes
    }
}
