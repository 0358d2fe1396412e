import Messaging
import Observability
import RecordModel
import ServiceRuntime
import Storage
import Tabular
import Web

/// The register over HTTP: load, look, activate, roll back. For those who hold the register and who run the platform;
/// no answer holds a value of it.
struct RegisterRoutes: Sendable {
    let database: Database
    let indexes: RegisterIndexes
    let clock: any WallClock
    let log: Log

    private static let roles: Set<Role> = [.operator, .nationalPolice]
    /// A register of a hundred million persons has some ten gigabytes.
    private static let largest = 1 << 36

    /// What a switch may be asked for; read by `options`.
    static let switchQuery: [Schema.Property] = [
        .init("scope", "string", "open (default): verify again what is not right or waits; all: everything"),
        .init("restate", "boolean", "tell unchanged answers too, after a restore; verifies everything"),
        .init("allow_shrink", "boolean", "a generation of less than half the persons is meant"),
    ]

    var routes: [Route] {
        [
            Route(
                .post, "/v1/register", roles: Self.roles,
                summary: "Loads a register snapshot into a new generation; activate=true also activates it.",
                request: .table("RegisterSnapshot", columns: RegisterRow.schema.columns), response: "RegisterLoaded",
                maxBody: Self.largest,
                query: [.init("activate", "boolean", "activate it when it is loaded")] + Self.switchQuery, handler: load
            ),
            Route(
                .get, "/v1/register", roles: Self.roles, summary: "Generations, the active one and the assessment.",
                response: "Register", handler: show),
            Route(
                .get, "/v1/register/{generation}/refusals", roles: Self.roles,
                summary: "Refused rows of a load: line, column, rule.",
                response: .csv("RegisterRefusals", columns: ["line", "column", "rule"]), handler: refusals),
            Route(
                .post, "/v1/register/{generation}/activate", roles: Self.roles,
                summary:
                    "Makes a generation the one that answers and verifies again.",
                response: "RegisterSwitched", query: Self.switchQuery, handler: activate),
            Route(
                .post, "/v1/register/{generation}/rollback", roles: Self.roles,
                summary: "Goes back from this generation, the active one, to the one before it.",
                response: "RegisterSwitched", query: Array(Self.switchQuery.dropLast()), handler: rollBack),
        ]
    }

    // MARK: Loading

    private func load(_ request: Request) async throws -> Response {
        let format = try Self.format(of: request)
        let indexes = indexes
        let loader = RegisterLoad(database: database, clock: clock, log: log)
        let subject = request.principal.subject
        let activates = request.query["activate"] == "true"
        let options = try Self.options(of: request)
        let report: RegisterLoad.Report
        do {
            report = try await request.body.blocking { body in
                let report = try loader.load(format: format, by: subject, next: body.next)
                // Without it the register is as good for VERIFY; why it is not there stands in the log.
                try? indexes.ensure(report.generation)
                return report
            }
        } catch let failure as RegisterLoad.Failure {
            if failure == .anotherLoadRuns { throw Problem.conflict(failure.description) }
            throw Problem(
                status: 422, type: "register-refused", titleVI: "Tệp dữ liệu dân cư bị từ chối",
                titleEN: "The register file was refused", detail: failure.description)
        }
        var assessment: UInt64?
        if activates { assessment = try await activate(report.generation, options, by: subject) }
        return Response.json(status: 201) { json in
            json.member("generation", Int(report.generation))
            json.member("persons", report.persons)
            json.refusals(report.refused, report.refusals)
            json.member("candidates", indexes.index(of: report.generation) != nil)
            json.member("active", assessment != nil)
            if let assessment { json.member("assessment", assessment) }
        }
    }

    static func format(of request: Request) throws -> TabularFormat? {
        switch request.contentType {
        case "", "application/octet-stream": return nil
        default:
            guard let format = TabularFormat(mediaType: request.contentType), format != .jsonArray else {
                throw Problem.unsupportedMediaType(["text/csv", "application/x-ndjson"])
            }
            return format
        }
    }

    // MARK: Switching

    private func activate(_ request: Request) async throws -> Response {
        let generation = try Self.generation(of: request)
        let assessment = try await activate(generation, try Self.options(of: request), by: request.principal.subject)
        return Self.switched(generation, assessment)
    }

    private func activate(_ generation: Int32, _ options: RegisterSwitch.Options, by subject: String) async throws
        -> UInt64
    {
        let (clock, indexes) = (clock, indexes)
        // The index first: a finding under the new generation is told with its candidates.
        try await onThread("candidate-index") { try? indexes.ensure(generation) }
        let assessment = try await Self.refusalsAsProblems {
            try await database.asyncTransaction { session in
                try RegisterSwitch.activate(generation, options: options, by: subject, at: clock.now(), in: session)
            }
        }
        log.info(
            "register generation activated",
            ["generation": .int(Int(generation)), "assessment": .int(Int(assessment)), "by": .string(subject)])
        return assessment
    }

    private func rollBack(_ request: Request) async throws -> Response {
        let generation = try Self.generation(of: request)
        let options = try Self.options(of: request)
        let clock = clock
        let subject = request.principal.subject
        let assessment = try await Self.refusalsAsProblems {
            try await database.asyncTransaction { session in
                try RegisterSwitch.rollBack(
                    from: generation, options: options, by: subject, at: clock.now(), in: session)
            }
        }
        log.warning(
            "register generation rolled back",
            ["generation": .int(Int(generation)), "assessment": .int(Int(assessment)), "by": .string(subject)])
        return Self.switched(generation, assessment)
    }

    private static func refusalsAsProblems<R>(_ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch RegisterSwitch.Refusal.noSuchGeneration {
            throw Problem.notFound(RegisterSwitch.Refusal.noSuchGeneration.description)
        } catch let refusal as RegisterSwitch.Refusal {
            throw Problem.conflict(refusal.description)
        }
    }

    private static func switched(_ generation: Int32, _ assessment: UInt64) -> Response {
        Response.json { json in
            json.member("generation", Int(generation))
            json.member("assessment", assessment)
        }
    }

    private static func generation(of request: Request) throws -> Int32 {
        guard let generation = Int32(request.parameter("generation")) else {
            throw Problem.badRequest("not a generation", fields: [("generation", "a whole number")])
        }
        return generation
    }

    static func options(of request: Request) throws -> RegisterSwitch.Options {
        guard ["open", "all"].contains(request.query["scope"] ?? "open") else {
            throw Problem.badRequest("unknown scope", fields: [("scope", "open or all")])
        }
        return RegisterSwitch.Options(
            allRecords: request.query["scope"] == "all", restate: request.query["restate"] == "true",
            allowShrink: request.query["allow_shrink"] == "true")
    }

    // MARK: Looking

    private func show(_ request: Request) async throws -> Response {
        try await database.asyncTransaction { session in
            let state = try session.query(
                "SELECT active_generation, previous_generation, assessment, rule_version FROM register_state", []
            ) { row in
                (row.isNull(0) ? nil : row.int(0), row.isNull(1) ? nil : row.int(1), row.int(2), row.text(3))
            }[0]
            let generations = try session.query(
                """
                SELECT generation, state, rule_version, started_at, finished_at, persons, refused, failure
                FROM register_generation ORDER BY generation DESC LIMIT 50
                """, []
            ) { row in
                var json = JSONWriter()
                json.object { json in
                    json.member("generation", row.int(0))
                    json.member("state", row.text(1))
                    json.member("rule_version", row.text(2))
                    json.member("started_at", row.instant(3).rfc3339)
                    json.member("finished_at", row.isNull(4) ? nil : row.instant(4).rfc3339)
                    json.member("persons", row.int8(5))
                    json.member("refused", row.int8(6))
                    if !row.text(7).isEmpty { json.member("failure", row.text(7)) }
                }
                return json.bytes
            }
            return Response.json { json in
                if let active = state.0 { json.member("active_generation", active) }
                if let previous = state.1 { json.member("previous_generation", previous) }
                json.member("assessment", state.2)
                json.member("rule_version", state.3)
                json.array("generations") { json in
                    for generation in generations { json.element(json: generation) }
                }
            }
        }
    }

    private func refusals(_ request: Request) async throws -> Response {
        let generation = try Self.generation(of: request)
        let database = database
        return Response.stream("text/csv; charset=utf-8") { writer in
            try await writer.write(CSVWriter(columns: ["line", "column", "rule"]).bytes)
            try await database.stream(
                """
                SELECT line, column_name, rule FROM register_refusal WHERE generation = $1 ORDER BY line, column_name, rule
                """, [.int4(generation)], row: { [String($0.int8(0)), $0.text(1), $0.text(2)] }
            ) { rows in
                var csv = CSVWriter(columns: [])
                for row in rows { csv.row(row) }
                try await writer.write(csv.bytes)
            }
        }
    }
}
