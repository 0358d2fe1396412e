import Observability
import RecordModel
import Storage
import Tabular
import Web

/// Counts, the export of formats.md, and why a record waits.
struct ReportRoutes: Sendable {
    let database: Database
    let clock: any WallClock

    static let exportColumns = [
        "task_id", "kind", "facility_code", "source_record_id", "group", "unit_code", "accountable_unit", "state",
        "created_at", "due_at", "closed_at", "outcome",
    ]

    /// One row for each record of an open task, one for a closed task.
    static let exportSQL = """
        SELECT t.task_id, t.kind, t.facility_code, coalesce(d.source_record_id, t.source_record_id),
               coalesce(d.invalid_group, t.invalid_group), t.unit_code, t.state, t.created_at, t.due_at, t.closed_at,
               t.outcome
        FROM task t LEFT JOIN dose d
            ON t.closed_at IS NULL AND d.subject_id = t.subject_id AND (d.problems & (1 << t.kind)) <> 0
        ORDER BY t.task_id, coalesce(d.source_record_id, t.source_record_id) COLLATE "C"
        """

    var all: [Route] {
        [
            Route(
                .get, "/v1/exports/tasks", roles: [.operator, .mohIT], summary: "All tasks as CSV (formats.md)",
                response: .csv("TaskExport", columns: Self.exportColumns), handler: export),
            Route(
                .get, "/v1/counts", roles: [.operator, .mohIT, .preventiveMedicine],
                summary: "How many tasks stand where", response: "Counts", handler: counts),
            Route(
                .get, "/v1/why/{facility}/{record}", roles: Set.health.union([.operator]), scope: .unit,
                summary: "Whether a record waits for a correction, since when, and at which unit",
                response: Schema(
                    "Why",
                    properties: [
                        .init("known", "boolean"), .init("step"), .init("blocked", "boolean"), .init("since"),
                        .init("unit_code"), .init("reason", "object"), .init("passport"),
                    ]), handler: why),
        ]
    }

    static func exportLine(_ row: ResultRow) -> [String] {
        let taskID: TaskID = row.uuid(0)
        return [
            taskID.description, TaskKind(rawValue: Int16(truncatingIfNeeded: row.int4(1)))?.label ?? "", row.text(2),
            row.text(3), InvalidGroup(rawValue: row.int4(4))?.label ?? "none", row.text(5), row.text(2),
            TaskState(rawValue: Int16(truncatingIfNeeded: row.int4(6)))?.label ?? "", row.instant(7).rfc3339,
            row.instant(8).rfc3339, row.optionalInstant(9)?.rfc3339 ?? "", row.text(10),
        ]
    }

    private func export(_ request: Request) async throws -> Response {
        let database = database
        return Response.stream("text/csv; charset=utf-8") { body in
            var header = CSVWriter(columns: Self.exportColumns)
            try await body.write(header.take())
            try await database.stream(Self.exportSQL, row: { row in Self.exportLine(row) }) { (lines: [[String]]) in
                var writer = CSVWriter(columns: [])
                for line in lines { writer.row(line) }
                try await body.write(writer.take())
            }
        }
    }

    private func counts(_ request: Request) async throws -> Response {
        let now = clock.now()
        let counts = try await database.asyncTransaction { tx in try Self.counts(in: tx, at: now) }
        return Response.json { json in
            for (name, count) in counts { json.member(name, count) }
        }
    }

    /// All counts by name; `tasks_open` counts what is not closed.
    static func counts(in session: some SQLSession, at now: Instant) throws -> [(String, Int64)] {
        var states: [TaskState: Int64] = [:]
        var kinds: [TaskKind: Int64] = [:]
        var open: Int64 = 0
        try session.query("SELECT state, kind, count(*) FROM task GROUP BY state, kind", []) { row in
            guard let state = TaskState(rawValue: Int16(truncatingIfNeeded: row.int4(0))),
                let kind = TaskKind(rawValue: Int16(truncatingIfNeeded: row.int4(1)))
            else { return }
            states[state, default: 0] += row.int8(2)
            guard state != .closed else { return }
            kinds[kind, default: 0] += row.int8(2)
            open += row.int8(2)
        }
        let overdue = try session.query(
            "SELECT count(*) FROM task WHERE closed_at IS NULL AND due_at < $1", [.instant(now)]
        ) { $0.int8(0) }[0]
        let corrections = try session.query("SELECT count(*) FROM correction", []) { $0.int8(0) }[0]
        return [("tasks_open", open)]
            + TaskKind.allCases.map { ("tasks_open_" + slug($0.label), kinds[$0] ?? 0) }
            + TaskState.allCases.filter { $0 != .open }.map { ("tasks_" + slug($0.label), states[$0] ?? 0) }
            + [("tasks_overdue", overdue), ("corrections", corrections)]
    }

    private static func slug(_ label: String) -> String { String(label.map { $0 == "-" ? "_" : $0 }) }

    private func why(_ request: Request) async throws -> Response {
        let (facility, record) = (request.parameter("facility"), request.parameter("record"))
        let principal = request.principal
        if [.facilityStaff, .facilityHead].contains(principal.role), principal.unit != facility {
            throw Problem.forbidden("the record is another facility's")
        }
        let blocking = try await database.asyncTransaction { tx in
            try Blocking.find(facilityCode: facility, sourceRecordID: record, in: tx)
        }
        return Response.json { json in
            json.member("known", blocking.isKnown)
            json.member("step", blocking.task == nil ? "none" : "correction")
            json.member("blocked", blocking.task != nil)
            json.member("since", blocking.task?.createdAt.rfc3339)
            json.member("unit_code", blocking.task?.unitCode ?? "")
            json.object("reason") { json in
                json.member("vi", blocking.vietnamese)
                json.member("en", blocking.english)
            }
            json.member("passport", nil as String?)
        }
    }
}
