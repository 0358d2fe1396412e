import Observability
import RecordModel
import Storage
import Tabular
import Web

/// Answers: police resolutions one by one and in bulk, and dose fields by the giving facility.
struct ResolutionRoutes: Sendable {
    let database: Database
    let resolutions: ResolutionDesk
    let doseFields: DoseFieldDesk

    /// Columns of a bulk answer; the work list has them, so that it can be filled in and sent back.
    static let columns = [
        "task_id", "resolution", "full_name", "sex", "date_of_birth", "id_number", "commune",
    ]
    /// Rows of a bulk answer that share a transaction.
    private static let chunk = 500

    var all: [Route] {
        [
            Route(
                .post, "/v1/tasks/{id}/resolution", roles: .police, scope: .territory,
                summary: "Police answer one task: corrected, confirmed-as-typed, no-such-person, other-area",
                request: Schema("Resolution", properties: Self.columns.dropFirst().map { .init($0) }),
                response: Schema(
                    "ResolutionResult", properties: [.init("task_id"), .init("result"), .init("state")]),
                handler: single),
            Route(
                .post, "/v1/resolutions", roles: .police, scope: .territory,
                summary: "Police answer many tasks: the work list filled in; a result for each row",
                request: .table("Resolutions", columns: Self.columns),
                response: .ndjson(
                    "ResolutionResults", columns: ["row", "task_id", "result", "state", "rule", "reason"]),
                maxBody: 64 << 20, handler: bulk),
            Route(
                .post, "/v1/records/{facility}/{record}/dose-fields",
                roles: [.facilityHead, .facilityStaff, .communeStation], scope: .unit,
                summary: "The giving facility confirms dose fields of its own record; empty fields stay",
                request: Schema(
                    "DoseFields",
                    properties: [
                        .init("dose_number"), .init("vaccine"), .init("lot_number"), .init("injected_on"),
                        .init("dose_kind"),
                    ]),
                response: Schema("DoseFieldsResult", properties: [.init("result")]), handler: confirmDose),
        ]
    }

    private struct Body: Decodable, Sendable {
        var resolution: String
        var fullName: String?
        var sex: String?
        var dateOfBirth: String?
        var idNumber: String?
        var commune: String?
    }

    private func single(_ request: Request) async throws -> Response {
        guard let taskID = TaskID(request.parameter("id")) else { throw Problem.notFound() }
        let body = try await request.json(Body.self)
        let answer = ResolutionRequest(
            taskID: taskID, answer: ResolutionKind(rawValue: body.resolution),
            identity: IdentityAnswer(
                fullName: body.fullName ?? "", sex: body.sex ?? "", dateOfBirth: body.dateOfBirth ?? "",
                idNumber: body.idNumber ?? ""), commune: body.commune ?? "")
        let principal = request.principal
        let desk = resolutions
        let results = try await database.asyncTransaction { tx in try desk.apply([answer], by: principal, in: tx) }
        if case .refused(let refusal) = results[0].effect { throw refusal.problem }
        return Response.json { json in
            json.member("task_id", taskID.description)
            json.member("result", results[0].label)
            json.member("state", results[0].state?.label)
        }
    }

    private func bulk(_ request: Request) async throws -> Response {
        let format = TabularFormat(mediaType: request.contentType)
        let principal = request.principal
        let (desk, database) = (resolutions, database)
        let bytes = try await request.body.blocking { body in
            var reader = TabularReader(format: format, schema: Self.schema)
            var pending: [ResolutionRequest] = []
            var answers = JSONWriter(capacity: 4096)
            func settle() throws {
                guard !pending.isEmpty else { return }
                let chunk = pending
                let results = try database.transaction { tx in try desk.apply(chunk, by: principal, in: tx) }
                for result in results { result.write(to: &answers) }
                pending = []
            }
            func drain() throws {
                while let next = reader.next() {
                    switch next {
                    case .success(let row): pending.append(ResolutionRequest(row))
                    case .failure(let error):
                        try settle()
                        ResolutionResult(row: error.row, effect: .refused(.unreadableRow(error.description)))
                            .write(to: &answers)
                    }
                    if pending.count >= Self.chunk { try settle() }
                }
            }
            while let chunk = try body.next() {
                reader.feed(chunk)
                try drain()
            }
            reader.finish()
            try drain()
            try settle()
            return answers.bytes
        }
        return .bytes(bytes, contentType: "application/x-ndjson")
    }

    static let schema = TabularSchema(columns: columns, required: ["task_id", "resolution"])

    private struct DoseBody: Decodable, Sendable {
        var doseNumber: String?
        var vaccine: String?
        var lotNumber: String?
        var injectedOn: String?
        var doseKind: String?
    }

    private func confirmDose(_ request: Request) async throws -> Response {
        let body = try await request.json(DoseBody.self)
        let answer = DoseAnswer(
            doseNumber: body.doseNumber ?? "", vaccine: body.vaccine ?? "", lotNumber: body.lotNumber ?? "",
            injectedOn: body.injectedOn ?? "", doseKind: body.doseKind ?? "")
        let (facility, record) = (request.parameter("facility"), request.parameter("record"))
        let principal = request.principal
        let desk = doseFields
        let result = try await database.asyncTransaction { tx in
            try desk.apply(answer, facilityCode: facility, sourceRecordID: record, by: principal, in: tx)
        }
        switch result {
        case .failure(let refusal): throw refusal.problem
        case .success(let changed): return Response.json { $0.member("result", changed ? "applied" : "unchanged") }
        }
    }
}

extension ResolutionRequest {
    /// A row of a bulk answer, columns as in `ResolutionRoutes.columns`.
    init(_ row: TabularRow) {
        self.init(
            row: row.number, taskID: TaskID(row[0]), answer: ResolutionKind(rawValue: row[1]),
            identity: IdentityAnswer(fullName: row[2], sex: row[3], dateOfBirth: row[4], idNumber: row[5]),
            commune: row[6])
    }
}

extension ResolutionResult {
    init(row: Int, effect: Effect) { self.init(row: row, taskID: nil, effect: effect, state: nil) }

    init(row: Int, taskID: TaskID?, effect: Effect) {
        self.init(row: row, taskID: taskID, effect: effect, state: nil)
    }

    var label: String {
        switch effect {
        case .applied: "applied"
        case .unchanged: "unchanged"
        case .refused: "refused"
        }
    }

    /// One line.
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("row", row)
            json.member("task_id", taskID?.description)
            json.member("result", label)
            json.member("state", state?.label)
            guard case .refused(let refusal) = effect else { return }
            json.member("rule", refusal.slug)
            json.object("reason") { json in
                json.member("vi", refusal.vietnamese)
                json.member("en", refusal.english)
            }
        }
        json.raw(UInt8(ascii: "\n"))
    }
}

extension ResolutionRefusal {
    /// The same as an HTTP answer.
    var problem: Problem {
        switch self {
        case .unknownTask: Problem.notFound(english)
        case .notYourArea: Problem.forbidden(english)
        case .taskClosed, .nothingOpen: Problem.conflict(english)
        case .badField(let field, let rule): Problem.unprocessable([(field, rule)])
        case .wrongKind, .nothingChanged, .unknownResolution: Problem.unprocessable([("resolution", english)])
        case .unknownCommune: Problem.unprocessable([("commune", english)])
        case .unreadableRow(let rule): Problem.badRequest(rule)
        }
    }
}
