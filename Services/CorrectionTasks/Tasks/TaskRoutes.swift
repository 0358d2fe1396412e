import Observability
import RecordModel
import Storage
import Tabular
import Web

/// What there is to do: pages of tasks, and the work list.
struct TaskRoutes: Sendable {
    let database: Database
    let clock: any WallClock

    /// Who works on tasks or answers for them. The operator runs the platform and sees no person.
    private static let workers: Set<Role> = Set<Role>.health.union(Set<Role>.police)

    var all: [Route] {
        [
            Route(
                .get, "/v1/tasks", roles: Self.workers.union([.operator]), scope: .territory,
                summary: "Tasks of the asking unit, a page at a time; no personal data",
                response: "Tasks",
                query: [
                    .init("limit", "integer", "1 to 1000, default 100"), .init("after", "string", "last task_id seen"),
                    .init("state", "string", "open, corrected, confirmed, no-such-person, closed"),
                ], handler: page),
            Route(
                .get, "/v1/work-list", roles: Self.workers, scope: .territory,
                summary: "The asking unit's open tasks with what was typed; police see what differs",
                response: .csv("WorkList", columns: WorkList.policeColumns), handler: workList),
        ]
    }

    /// How far the asking unit reaches.
    private func scope(_ principal: Principal) async throws -> TaskScope {
        let unit = try await database.asyncConnection { connection in
            try UnitTable.units([principal.unit], in: connection)[principal.unit]
        }
        return TaskScope(role: principal.role, unitCode: principal.unit, unit: unit)
    }

    private func page(_ request: Request) async throws -> Response {
        let limit = try request.integer("limit", in: 1...1000, default: 100)
        var after = TaskID(high: 0, low: 0)
        if let text = request.query["after"], !text.isEmpty {
            guard let id = TaskID(text) else { throw Problem.badRequest("after", fields: [("after", "a task_id")]) }
            after = id
        }
        var state: TaskState?
        if let text = request.query["state"], !text.isEmpty {
            guard let known = TaskState.allCases.first(where: { $0.label == text }) else {
                throw Problem.badRequest("state", fields: [("state", "a state of tasks")])
            }
            state = known
        }
        let scope = try await scope(request.principal)
        let condition = state.map { "t.state = \($0.rawValue)" } ?? "t.closed_at IS NULL"
        let sql = """
            SELECT \(StoredTask.columns) FROM task t WHERE \(condition) AND \(scope.condition) AND t.task_id > $2
            ORDER BY t.task_id LIMIT $3
            """
        let tasks = try await database.asyncConnection { [after] connection in
            try connection.query(sql, [.text(scope.code), .uuid(after), .int8(Int64(limit))]) { StoredTask($0) }
        }
        return Response.json { json in
            json.array("tasks") { json in for task in tasks { Self.write(task, to: &json) } }
            json.member("after", tasks.count == limit ? tasks.last?.taskID.description : nil)
        }
    }

    private static func write(_ task: StoredTask, to json: inout JSONWriter) {
        json.object { json in
            json.member("task_id", task.taskID.description)
            json.member("kind", task.kind.label)
            json.member("state", task.progress.state.label)
            json.member("outcome", task.progress.outcome)
            json.member("facility_code", task.facilityCode)
            json.member("source_record_id", task.sourceRecordID)
            json.member("group", task.group.label)
            json.member("unit_code", task.unitCode)
            json.member("accountable_unit", task.facilityCode)
            json.member("created_at", task.createdAt.rfc3339)
            json.member("due_at", task.dueAt.rfc3339)
            json.member("closed_at", task.closedAt?.rfc3339)
        }
    }

    private func workList(_ request: Request) async throws -> Response {
        let principal = request.principal
        let scope = try await scope(principal)
        guard scope != .nothing else {
            throw Problem.forbidden("the token's unit is not in the list of units, or names no area")
        }
        let isPolice = Set<Role>.police.contains(principal.role)
        let database = database
        if isPolice { try await recordView(principal, scope) }
        return Response.stream("text/csv; charset=utf-8") { body in
            var header = CSVWriter(columns: isPolice ? WorkList.policeColumns : WorkList.columns)
            try await body.write(header.take())
            try await database.stream(
                WorkList.sql(scope), [.text(scope.code)], chunk: 500,
                row: { row in try WorkList.line(row, isPolice: isPolice) }
            ) { (lines: [[String]?]) in
                var writer = CSVWriter(columns: [], forPeople: true)
                for case let line? in lines { writer.row(line) }
                try await body.write(writer.take())
            }
        }.header("content-disposition", "attachment; filename=\"work-list.csv\"")
    }

    /// Findings are shown: who, when, and how much (AUT-16).
    private func recordView(_ principal: Principal, _ scope: TaskScope) async throws {
        let now = clock.now()
        try await database.asyncTransaction { tx in
            try tx.execute(
                """
                INSERT INTO finding_view (at, account, role, unit_code, tasks)
                SELECT $2, $3, $4, $5, count(*) FROM task t WHERE t.closed_at IS NULL AND \(scope.condition)
                """,
                [
                    .text(scope.code), .instant(now), .text(principal.subject), .text(principal.role.rawValue),
                    .text(principal.unit),
                ])
        }
    }
}
