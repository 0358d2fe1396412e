import Cryptography
import Observability
import RecordModel
import Storage
import Web

/// Opening and watching day runs (PAS-01).
struct RunRoutes: Sendable {
    let database: Database
    let runs: DayRuns
    let certificate: Certificate
    let firstDay: CalendarDate
    let clock: any WallClock

    private static let answer = Schema(
        "DayRun",
        properties: [
            .init("id", "string"), .init("state", "string", "running or finished"), .init("opened_at"),
            .init("finished_at"), .init("persons", "integer", "Persons looked at"), .init("issued", "integer"),
            .init("superseded", "integer"), .init("revoked", "integer"), .init("contradictions", "integer"),
            .init("persons_waiting", "integer", "Persons whom a later run has to look at"),
        ])

    var all: [Route] {
        [
            Route(
                .post, "/v1/day-runs", roles: [.preventiveMedicine],
                summary: "Signs centrally at the end of the day; a run that is open already is gone on with",
                response: Self.answer, handler: open),
            Route(
                .get, "/v1/day-runs/{id}", roles: [.preventiveMedicine, .mohIT, .operator],
                summary: "How far a day run is", response: Self.answer, handler: show),
        ]
    }

    private func open(_ request: Request) async throws -> Response {
        let now = clock.now()
        guard now.calendarDate() >= firstDay else {
            throw Problem.conflict("central signing starts on \(firstDay)")
        }
        guard certificate.isValid(at: now.microseconds / 1_000_000) else {
            throw Problem.unavailable("the signer's certificate is not valid now", retryAfter: 3600)
        }
        let subject = request.principal.subject
        let runs = runs
        let (run, isNew, waiting) = try await database.asyncTransaction { tx in
            let (run, isNew) = try runs.open(by: subject, in: tx)
            return (run, isNew, try Self.waiting(in: tx))
        }
        runs.wake()
        return Self.response(run, waiting: waiting, status: isNew ? 202 : 200)
            .header("location", "/v1/day-runs/\(run.id)")
    }

    private func show(_ request: Request) async throws -> Response {
        guard let id = Int64(request.parameter("id")) else { throw Problem.notFound() }
        let found = try await database.asyncTransaction { tx in
            (try tx.run(RunByID(id: id)).first, try Self.waiting(in: tx))
        }
        guard let run = found.0 else { throw Problem.notFound() }
        return Self.response(run, waiting: found.1, status: 200)
    }

    /// Persons marked for a run.
    static func waiting(in tx: Transaction) throws -> Int64 {
        try tx.query("SELECT count(*) FROM marked_person") { $0.int8(0) }.first ?? 0
    }

    private static func response(_ run: DayRun, waiting: Int64, status: Int) -> Response {
        Response.json(status: status) { json in
            json.member("id", String(run.id))
            json.member("state", run.finishedAt == nil ? "running" : "finished")
            json.member("opened_at", run.openedAt.rfc3339)
            json.member("finished_at", run.finishedAt?.rfc3339)
            json.member("persons", run.persons)
            json.member("issued", run.issued)
            json.member("superseded", run.superseded)
            json.member("revoked", run.revoked)
            json.member("contradictions", run.contradictions)
            json.member("persons_waiting", waiting)
        }
    }
}
