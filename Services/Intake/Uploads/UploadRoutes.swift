import Observability
import RecordModel
import Storage
import Tabular
import Web

/// Files of doses over HTTP: send, follow, read what was refused.
struct UploadRoutes: Sendable {
    let database: Database
    let clock: any WallClock
    let log: Log
    let admit: @Sendable () throws -> Void
    /// The largest file in bytes.
    let maxBody: Int

    static let faultColumns = [
        "row", "line", "facility_code", "source_record_id", "field", "rule", "reason_vi", "reason_en",
    ]

    var routes: [Route] {
        [
            Route(
                .post, "/v1/uploads", roles: .doseEntry, scope: .unit,
                summary: "Takes a file of doses of the own facility; its rows are taken in afterwards.",
                request: .table("DoseFile", columns: Submission.columns), response: "UploadReceipt", maxBody: maxBody,
                handler: post),
            Route(
                .get, "/v1/uploads", roles: .doseEntry, scope: .unit,
                summary: "The unit's uploads, the latest first.", response: "UploadReceipts", handler: list),
            Route(
                .get, "/v1/uploads/{id}", roles: .doseEntry, scope: .unit, summary: "An upload's progress and counts.",
                response: "UploadReceipt", handler: get),
            Route(
                .get, "/v1/uploads/{id}/errors", roles: .doseEntry, scope: .unit,
                summary: "The rows of an upload that were refused.",
                response: .csv("UploadErrors", columns: Self.faultColumns), handler: errors),
        ]
    }

    private func post(_ request: Request) async throws -> Response {
        try admit()
        let format = try BodyFormat.of(request)
        let reception = UploadReception(
            database: database, clock: clock, unit: request.principal.unit, sentBy: request.principal.subject)
        let id = try await request.body.blocking { body in
            do {
                return try reception.receive(format: format, chunks: body.next)
            } catch let error as TabularError {
                throw Problem.unreadable(error)
            }
        }
        let upload = try await find(id, request)
        return Response.json(status: 202) { upload.write(to: &$0) }.header("location", "/v1/uploads/\(id)")
    }

    /// The unit's upload of that id.
    private func find(_ id: UploadID, _ request: Request) async throws -> Upload {
        let unit = request.principal.unit
        let found = try await database.asyncTransaction {
            try $0.query(
                "SELECT \(Upload.columns) FROM upload WHERE upload_id = $1 AND unit_code = $2",
                [.uuid(id), .text(unit)], Upload.init)
        }
        guard let upload = found.first else { throw Problem.notFound("no such upload of this unit") }
        return upload
    }

    private func identifier(_ request: Request) throws -> UploadID {
        guard let id = UploadID(request.parameter("id")) else { throw Problem.notFound("no such upload of this unit") }
        return id
    }

    private func get(_ request: Request) async throws -> Response {
        let upload = try await find(identifier(request), request)
        return .json { upload.write(to: &$0) }
    }

    private func list(_ request: Request) async throws -> Response {
        let unit = request.principal.unit
        let uploads = try await database.asyncTransaction {
            try $0.query(
                """
                SELECT \(Upload.columns) FROM upload WHERE unit_code = $1
                ORDER BY received_at DESC, upload_id LIMIT 100
                """,
                [.text(unit)], Upload.init)
        }
        return .json { json in
            json.array("uploads") { json in
                for upload in uploads { json.object { upload.write(to: &$0) } }
            }
        }
    }

    private func errors(_ request: Request) async throws -> Response {
        let upload = try await find(identifier(request), request)
        return Response.stream("text/csv; charset=utf-8") { writer in
            var csv = CSVWriter(columns: Self.faultColumns, forPeople: true)
            try await database.stream(
                """
                SELECT row_number, line, facility_code, source_record_id, field, rule FROM upload_error
                WHERE upload_id = $1 ORDER BY row_number
                """,
                [.uuid(upload.id)],
                row: {
                    UploadFault(
                        row: $0.int(0), line: $0.int(1), facilityCode: $0.text(2), sourceRecordID: $0.text(3),
                        field: $0.text(4), rule: $0.text(5))
                }
            ) { faults in
                for fault in faults {
                    let reason =
                        RefusalRule(rawValue: fault.rule)?.explanation ?? TabularRule(rawValue: fault.rule)?.explanation
                        ?? RefusalRule.unreadable.explanation
                    csv.row([
                        String(fault.row), String(fault.line), fault.facilityCode, fault.sourceRecordID, fault.field,
                        fault.rule, reason.vi, reason.en,
                    ])
                }
                try await writer.write(csv.take())
            }
            try await writer.write(csv.take())
        }
        .header("content-disposition", "attachment; filename=\"upload-errors.csv\"")
    }
}

extension Upload {
    func write(to json: inout JSONWriter) {
        json.member("upload_id", id.description)
        json.member("state", state.rawValue)
        json.member("complete", isComplete)
        json.member("received_bytes", receivedBytes)
        json.member("received_rows", receivedRows)
        json.member("done_rows", doneRows)
        json.member("accepted", created + amended + late)
        json.member("created", created)
        json.member("amended", amended)
        json.member("late", late)
        json.member("duplicates", duplicates)
        json.member("rejected", refused)
        json.member("received_at", receivedAt.rfc3339)
        json.member("finished_at", finishedAt?.rfc3339)
        json.member("errors", "/v1/uploads/\(id)/errors")
    }
}
