import Observability
import RecordModel
import Storage
import Tabular
import Web

/// A result for a row of a request.
struct EntryResult: Sendable {
    var row: Int
    var facilityCode: String
    var sourceRecordID: String
    var result: RowResult
    /// Why the row could not be read, where it could not.
    var unreadable: TabularError?
}

/// The rows of one request on their way in: batches of 500, each a transaction.
struct DoseEntry {
    static let batchSize = 500
    static let schema = TabularSchema(columns: Submission.columns, required: Submission.requiredColumns)

    private let intake: SubmissionIntake
    private let database: Database
    private let clock: any WallClock
    private let facility: String
    private let requestID: String
    private(set) var results: [EntryResult] = []

    private var arrivals: [Arrival] = []
    private var pending: [EntryResult] = []
    private var unreadable: [UnreadableRow] = []

    init(intake: SubmissionIntake, database: Database, clock: any WallClock, facility: String) {
        self.intake = intake
        self.database = database
        self.clock = clock
        self.facility = facility
        requestID = UploadID.random().description
    }

    /// Reads all chunks and takes their rows in.
    ///
    /// - Throws: `TabularError` if nothing can be read; 503 when the database is away in the middle, naming how many
    ///   rows were taken.
    mutating func take(format: TabularFormat?, chunks: () throws -> [UInt8]?) throws {
        var reader = TabularReader(format: format, schema: Self.schema)
        while let chunk = try chunks() {
            reader.feed(chunk)
            try drain(&reader)
        }
        reader.finish()
        try drain(&reader)
        try flush()
    }

    private mutating func drain(_ reader: inout TabularReader) throws {
        while let next = reader.next() {
            switch next {
            case .success(let row):
                let submission = Submission { row[$0] }
                arrivals.append(
                    Arrival(
                        submission: submission, origin: .request(id: requestID, row: row.number),
                        receivedAt: clock.now()))
                pending.append(
                    EntryResult(
                        row: row.number, facilityCode: Refusal.code(submission.facilityCode, 64),
                        sourceRecordID: Refusal.code(submission.sourceRecordID, 128),
                        result: RowResult(outcome: .duplicate, doseID: nil, version: 0), unreadable: nil))
            case .failure(let error):
                if error.isFatal {
                    try flush()
                    throw error
                }
                unreadable.append(
                    UnreadableRow(origin: .request(id: requestID, row: error.row), column: error.column))
                let failure = RuleFailure(field: error.column, rule: .unreadable)
                pending.append(
                    EntryResult(
                        row: error.row, facilityCode: "", sourceRecordID: "",
                        result: RowResult(outcome: .refused(failure), doseID: nil, version: 0), unreadable: error))
            }
            if pending.count >= Self.batchSize { try flush() }
        }
    }

    private mutating func flush() throws {
        if pending.isEmpty { return }
        let taken: [RowResult]
        do {
            taken = try database.transaction {
                try intake.take(arrivals, ownFacility: facility, unreadable: unreadable, in: $0)
            }
        } catch let error as StorageError where error.isTransient {
            throw Problem.unavailable(
                "\(results.count) rows were taken; send the same rows again: those are recognised as duplicates")
        }
        var next = 0
        for index in pending.indices where pending[index].unreadable == nil {
            pending[index].result = taken[next]
            next += 1
        }
        results += pending
        pending.removeAll(keepingCapacity: true)
        arrivals.removeAll(keepingCapacity: true)
        unreadable.removeAll(keepingCapacity: true)
    }
}

extension Set<Role> {
    /// Who may enter doses, for the own facility.
    static var doseEntry: Set<Role> { [.facilityStaff, .facilityHead, .communeStation] }
}

/// `POST /v1/doses`: rows in, a result for each row out, after all of them are durable.
struct DoseRoutes: Sendable {
    let intake: SubmissionIntake
    let database: Database
    let clock: any WallClock
    /// Lets an entry pass or throws 429.
    let admit: @Sendable () throws -> Void

    var routes: [Route] {
        [
            Route(
                .post, "/v1/doses", roles: .doseEntry, scope: .unit,
                summary: "Takes dose records of the own facility; answers with a result for each row.",
                request: Schema(
                    "DoseRows", contentTypes: ["application/json", "application/x-ndjson", "text/csv"],
                    properties: Submission.columns.map { Schema.Property($0) }), response: "DoseResults",
                maxBody: 64 << 20, handler: post)
        ]
    }

    private func post(_ request: Request) async throws -> Response {
        try admit()
        let format = try BodyFormat.of(request)
        let facility = request.principal.unit
        let results = try await request.body.blocking { body in
            var entry = DoseEntry(intake: intake, database: database, clock: clock, facility: facility)
            do {
                try entry.take(format: format, chunks: body.next)
            } catch let error as TabularError {
                if entry.results.isEmpty { throw Problem.unreadable(error) }
                throw Problem.cutShort(error, taken: entry.results.count)
            }
            return entry.results
        }
        return try Self.answer(results)
    }

    static func answer(_ results: [EntryResult]) throws -> Response {
        var accepted = 0
        var duplicates = 0
        var refused = 0
        var others = 0
        for result in results {
            switch result.result.outcome {
            case .created, .amended, .late: accepted += 1
            case .duplicate: duplicates += 1
            case .refused(let failure):
                refused += 1
                if failure.rule == .otherFacility { others += 1 }
            }
        }
        if !results.isEmpty, others == results.count {
            throw Problem.forbidden("every row is of another facility than the token's")
        }
        var json = JSONWriter(capacity: 128 * results.count + 256)
        json.object { json in
            json.array("results") { json in
                for result in results { json.object { result.write(to: &$0) } }
            }
            json.member("accepted", accepted)
            json.member("duplicates", duplicates)
            json.member("rejected", refused)
        }
        return .json(json.take())
    }
}

extension EntryResult {
    func write(to json: inout JSONWriter) {
        json.member("row", row)
        if !facilityCode.isEmpty { json.member("facility_code", facilityCode) }
        if !sourceRecordID.isEmpty { json.member("source_record_id", sourceRecordID) }
        json.member("outcome", result.outcome.label)
        if let id = result.doseID {
            json.member("dose_id", id.description)
            json.member("version", result.version)
        }
        guard case .refused(let failure) = result.outcome else { return }
        json.member("field", failure.field)
        json.member("rule", unreadable?.rule.rawValue ?? failure.rule.rawValue)
        json.object("reason") {
            $0.member("vi", failure.rule.explanation.vi)
            $0.member("en", unreadable?.detail ?? failure.rule.explanation.en)
        }
    }
}

extension Problem {
    /// A body that became unreadable after rows of it had been taken.
    static func cutShort(_ error: TabularError, taken: Int) -> Problem {
        Problem(
            status: 422, type: error.rule.rawValue, titleVI: "Dữ liệu gửi lên bị lỗi giữa chừng",
            titleEN: "The data became unreadable in the middle",
            detail: "line \(error.line): \(error.detail); \(taken) rows before it were taken, send all again after "
                + "putting it right: they are recognised as duplicates")
    }
}
