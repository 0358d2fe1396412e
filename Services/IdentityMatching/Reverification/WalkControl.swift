import Observability
import RecordModel
import Storage
import Web

/// Pause, resume and cancel, the same for re-verifications and dry runs. The change waits for the chunk under way: when the
/// answer is there, the walk stands still.
struct WalkControl: Sendable {
    let table: StaticString
    let path: String
    let database: Database
    let clock: any WallClock

    private enum Act: String, CaseIterable {
        case pause
        case resume
        case cancel

        var from: [String] {
            switch self {
            case .pause: ["running"]
            case .resume: ["paused"]
            case .cancel: ["running", "paused"]
            }
        }

        var state: String {
            switch self {
            case .pause: "paused"
            case .resume: "running"
            case .cancel: "cancelled"
            }
        }
    }

    func routes(roles: Set<Role>) -> [Route] {
        Act.allCases.map { act in
            Route(
                .post, "\(path)/{run}/\(act.rawValue)", roles: roles,
                summary: act == .cancel
                    ? "Ends this walk where it is; what it has not reached stays as it is."
                    : "\(act == .pause ? "Pauses" : "Goes on with") this walk.",
                response: "WalkState"
            ) { request in try await change(request, act) }
        }
    }

    static func run(of request: Request) throws -> Int64 {
        guard let run = Int64(request.parameter("run")) else {
            throw Problem.badRequest("not a run", fields: [("run", "a whole number")])
        }
        return run
    }

    private func change(_ request: Request, _ act: Act) async throws -> Response {
        let run = try Self.run(of: request)
        let (now, table) = (clock.now(), table)
        let (state, isChanged) = try await database.asyncTransaction { session in
            let changed = try session.execute(
                """
                UPDATE \(table) SET state = $2, stepped_at = $3, finished_at = CASE WHEN $2 = 'cancelled' THEN $3 END
                WHERE run = $1 AND state = ANY ($4)
                """, [.int8(run), .text(act.state), .instant(now), .texts(act.from)])
            let state = try session.query("SELECT state FROM \(table) WHERE run = $1", [.int8(run)]) { $0.text(0) }
            return (state.first, changed > 0)
        }
        guard let state else { throw Problem.notFound("no walk has this number") }
        guard isChanged || state == act.state else { throw Problem.conflict("the walk is \(state)") }
        return Response.json { json in
            json.member("run", run)
            json.member("state", state)
        }
    }
}
