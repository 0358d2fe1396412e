import Messaging
import Observability
import RecordModel
import Storage
import Tabular
import Web

/// Changed personal numbers over HTTP.
struct AliasRoutes: Sendable {
    let database: Database
    let clock: any WallClock
    let log: Log

    var routes: [Route] {
        [
            Route(
                .post, "/v1/register/aliases", roles: [.operator, .nationalPolice],
                summary:
                    "Adds changed personal numbers: each with the number before it. Steps the assessment and verifies again (scope=open|all).",
                request: .table("PersonalIDAliases", columns: PersonalIDAliases.schema.columns),
                response: "AliasesAdded", maxBody: 1 << 28, query: [.init("scope", "string", "open or all (default)")],
                handler: add)
        ]
    }

    private func add(_ request: Request) async throws -> Response {
        let scope = request.query["scope"] ?? "all"
        guard ["open", "all"].contains(scope) else {
            throw Problem.badRequest("unknown scope", fields: [("scope", "open or all")])
        }
        let format = try RegisterRoutes.format(of: request)
        let (database, clock, subject) = (database, clock, request.principal.subject)
        let (report, assessment) = try await request.body.blocking { body in
            // A body is read once: a transaction that has to be run again could not read it.
            try database.transaction(TransactionOptions(retries: 0)) { session in
                let report = try Self.read(body, format, in: session)
                guard report.added > 0 else { return (report, nil as UInt64?) }
                let assessment = try RegisterSwitch.restep(
                    kind: "aliases", allRecords: scope == "all", by: subject, at: clock.now(), in: session)
                return (report, assessment)
            }
        }
        log.info(
            "changed personal numbers added",
            [
                "added": .int(report.added), "known": .int(report.known), "refused": .int(report.refusals.count),
                "by": .string(subject),
            ])
        return Response.json(status: 201) { json in
            json.member("added", report.added)
            json.member("known", report.known)
            json.refusals(report.refusals.count, report.refusals)
            if let assessment { json.member("assessment", assessment) }
        }
    }

    private static func read(_ body: BlockingBody, _ format: TabularFormat?, in session: Transaction) throws
        -> PersonalIDAliases.Report
    {
        // One load at a time: chains are followed over what is there.
        try session.execute("LOCK TABLE personal_id_alias IN EXCLUSIVE MODE", [])
        var reader = TabularReader(format: format, schema: PersonalIDAliases.schema)
        var report = PersonalIDAliases.Report()
        var rows: [PersonalIDAliases.Row] = []
        func drain() throws {
            while let next = reader.next() {
                switch next {
                case .success(let row):
                    do throws(RefusedRow) {
                        rows.append(try PersonalIDAliases.read(row))
                    } catch {
                        report.refusals.append(error)
                    }
                case .failure(let error):
                    if error.isFatal {
                        throw Problem.badRequest(
                            "the file cannot be read", fields: [(error.column, error.rule.rawValue)])
                    }
                    report.refusals.append(.init(line: error.line, column: error.column, rule: error.rule.rawValue))
                }
            }
            if rows.count >= 10_000 {
                try PersonalIDAliases.add(rows, to: &report, in: session)
                rows = []
            }
        }
        while let bytes = try body.next() {
            reader.feed(bytes)
            try drain()
        }
        reader.finish()
        try drain()
        try PersonalIDAliases.add(rows, to: &report, in: session)
        return report
    }
}
