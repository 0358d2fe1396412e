import Messaging
import Observability
import RecordModel
import Storage
import Web

/// Re-verification over HTTP: how far it is, and asking for one of everything.
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
                response: "ReverificationStarted", handler: begin),
        ]
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
                by: subject,
                at: clock.now(), in: session)
            return state
        }
        return Response.json(status: 202) { $0.member("assessment", assessment) }
    }

    private func list(_ request: Request) async throws -> Response {
        let now = clock.now()
        return try await database.asyncTransaction { session in
            let runs = try session.query(
                """
                SELECT run, state, assessment, all_records, restate, next_block, blocks, verified, changed, started_at,
                       finished_at
                FROM reverification ORDER BY run DESC LIMIT 20
                """, []
            ) { Self.json($0, now: now) }
            return Response.json { json in
                json.array("reverifications") { json in
                    for run in runs { json.element(json: run) }
                }
            }
        }
    }

    private static func json(_ row: ResultRow, now: Instant) -> [UInt8] {
        var json = JSONWriter()
        let (block, blocks) = (row.int8(5), row.int8(6))
        let started = row.instant(9)
        json.object { json in
            json.member("run", row.int8(0))
            json.member("state", row.text(1))
            json.member("assessment", row.int8(2))
            json.member("scope", row.bool(3) ? "all" : "open")
            json.member("restate", row.bool(4))
            json.member("percent", blocks == 0 ? 100 : min(100, block * 100 / blocks))
            json.member("verified", row.int8(7))
            json.member("changed", row.int8(8))
            json.member("started_at", started.rfc3339)
            json.member("finished_at", row.isNull(10) ? nil : row.instant(10).rfc3339)
            if row.text(1) == "running", block > 0 {
                let passed = (now.microseconds - started.microseconds) / 1_000_000
                json.member("seconds_left", passed * (blocks - block) / block)
            }
        }
        return json.bytes
    }
}
