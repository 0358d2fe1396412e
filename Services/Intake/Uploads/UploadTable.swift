import RecordModel
import Storage

/// A file that was sent in, as its receipt tells it.
struct Upload: Sendable, Hashable {
    enum State: String, Sendable {
        /// Its bytes are still arriving.
        case receiving
        /// All bytes that came are kept; its rows wait for their turn.
        case waiting
        /// Its rows are being taken in.
        case working
        /// All rows are taken or refused.
        case done
        /// The sender went away in the middle: the rows that came complete are taken or refused.
        case cut
        /// From some row on the file could not be read; the rows before are taken or refused.
        case unreadable
    }

    var id: UploadID
    var unitCode: String
    var format: String
    var state: State
    var isComplete: Bool
    var receivedBytes: Int64
    var receivedRows: Int64
    var doneRows: Int64
    var created: Int64
    var amended: Int64
    var late: Int64
    var duplicates: Int64
    var refused: Int64
    var receivedAt: Instant
    var finishedAt: Instant?

    static let columns = """
        upload_id, unit_code, format, state, is_complete, received_bytes, received_rows, done_rows, created, amended,
        late, duplicates, refused, received_at, finished_at
        """

    init(_ row: ResultRow) {
        id = row.uuid(0)
        unitCode = row.text(1)
        format = row.text(2)
        state = State(rawValue: row.text(3)) ?? .unreadable
        isComplete = row.bool(4)
        receivedBytes = row.int8(5)
        receivedRows = row.int8(6)
        doneRows = row.int8(7)
        created = row.int8(8)
        amended = row.int8(9)
        late = row.int8(10)
        duplicates = row.int8(11)
        refused = row.int8(12)
        receivedAt = row.instant(13)
        finishedAt = row.optionalInstant(14)
    }
}

/// A row of an upload that was not taken.
struct UploadFault: Sendable, Hashable {
    var row: Int
    var line: Int
    var facilityCode: String
    var sourceRecordID: String
    var field: String
    var rule: String
}

/// The statements on uploads.
enum UploadTable {
    /// How long a process that receives or works may be silent before another takes over, in seconds.
    static let lease: Int64 = 120

    static func begin(
        _ id: UploadID, unit: String, sentBy: String, format: String, at now: Instant, in transaction: Transaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO upload (upload_id, unit_code, sent_by, format, state, received_at, leased_until)
            VALUES ($1, $2, $3, $4, 'receiving', $5, $6)
            """,
            [
                .uuid(id), .text(unit), .text(sentBy), .text(format), .instant(now),
                .instant(now.adding(seconds: lease)),
            ])
    }

    static func add(
        _ chunk: [UInt8], number: Int, rows: Int, to id: UploadID, at now: Instant, in transaction: Transaction
    ) throws {
        try transaction.execute(
            "INSERT INTO upload_chunk (upload_id, number, bytes) VALUES ($1, $2, $3)",
            [.uuid(id), .int4(Int32(number)), .bytes(chunk)])
        try transaction.execute(
            """
            UPDATE upload SET received_bytes = received_bytes + $2, received_rows = $3, leased_until = $4
            WHERE upload_id = $1
            """,
            [.uuid(id), .int8(Int64(chunk.count)), .int8(Int64(rows)), .instant(now.adding(seconds: lease))])
    }

    static func forget(_ id: UploadID, in transaction: Transaction) throws {
        try transaction.execute("DELETE FROM upload WHERE upload_id = $1", [.uuid(id)])
    }

    /// Ends the receiving. The same content from the same unit is one upload: the earlier one is given then.
    static func received(
        _ id: UploadID, unit: String, format: String, rows: Int, contentHash: [UInt8]?, in transaction: Transaction
    ) throws -> UploadID {
        if let contentHash {
            let earlier = try transaction.query(
                "SELECT upload_id FROM upload WHERE unit_code = $1 AND content_hash = $2 AND is_complete",
                [.text(unit), .bytes(contentHash)]
            ) { $0.uuid(0, as: UploadID.self) }
            if let earlier = earlier.first {
                try forget(id, in: transaction)
                return earlier
            }
        }
        try transaction.execute(
            """
            UPDATE upload SET state = 'waiting', is_complete = $2, content_hash = $3, received_rows = $4, format = $5,
                leased_until = NULL
            WHERE upload_id = $1
            """,
            [.uuid(id), .bool(contentHash != nil), .bytes(contentHash), .int8(Int64(rows)), .text(format)])
        return id
    }

    /// Takes the next upload that nobody works on.
    static func claim(worker: UploadID, at now: Instant, in transaction: Transaction) throws -> Upload? {
        try transaction.query(
            """
            UPDATE upload SET state = 'working', worker = $1, leased_until = $3
            WHERE upload_id = (
                SELECT upload_id FROM upload
                WHERE state IN ('receiving', 'waiting', 'working') AND (state = 'waiting' OR worker = $1 OR leased_until < $2)
                ORDER BY received_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING \(Upload.columns)
            """,
            [.uuid(worker), .instant(now), .instant(now.adding(seconds: lease))], Upload.init
        ).first
    }

    static func chunk(_ number: Int, of id: UploadID, in transaction: Transaction) throws -> [UInt8]? {
        try transaction.query(
            "SELECT bytes FROM upload_chunk WHERE upload_id = $1 AND number = $2", [.uuid(id), .int4(Int32(number))]
        ) { $0.bytes(0) }.first
    }

    /// Steps the progress; false if another worker has taken the upload over.
    static func step(
        _ id: UploadID, worker: UploadID, from done: Int64, to row: Int64, outcomes: [RowOutcome], unreadable: Int,
        at now: Instant, in transaction: Transaction
    ) throws -> Bool {
        func count(_ label: String) -> SQLValue { .int8(Int64(outcomes.count { $0.label == label })) }
        let refused = outcomes.count { $0.label == "refused" } + unreadable
        return try transaction.execute(
            """
            UPDATE upload SET done_rows = $4, created = created + $5, amended = amended + $6, late = late + $7,
                duplicates = duplicates + $8, refused = refused + $9, leased_until = $10
            WHERE upload_id = $1 AND worker = $2 AND done_rows = $3 AND state = 'working'
            """,
            [
                .uuid(id), .uuid(worker), .int8(done), .int8(row), count("created"), count("amended"), count("late"),
                count("duplicate"), .int8(Int64(refused)), .instant(now.adding(seconds: lease)),
            ]) == 1
    }

    static func addFaults(_ faults: [UploadFault], to id: UploadID, in transaction: Transaction) throws {
        if faults.isEmpty { return }
        try transaction.execute(
            """
            INSERT INTO upload_error (upload_id, row_number, line, facility_code, source_record_id, field, rule)
            SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7)
            """,
            [
                .uuid(id), .int8s(faults.lazy.map { Int64($0.row) }), .int8s(faults.lazy.map { Int64($0.line) }),
                .texts(faults.lazy.map(\.facilityCode)), .texts(faults.lazy.map(\.sourceRecordID)),
                .texts(faults.lazy.map(\.field)), .texts(faults.lazy.map(\.rule)),
            ])
    }

    /// Ends the work; the file's bytes are no longer needed.
    static func finish(
        _ id: UploadID, worker: UploadID, state: Upload.State, at now: Instant, in transaction: Transaction
    ) throws {
        let ended = try transaction.execute(
            """
            UPDATE upload SET state = $3, finished_at = $4, leased_until = NULL, worker = NULL
            WHERE upload_id = $1 AND worker = $2
            """,
            [.uuid(id), .uuid(worker), .text(state.rawValue), .instant(now)])
        if ended == 1 { try transaction.execute("DELETE FROM upload_chunk WHERE upload_id = $1", [.uuid(id)]) }
    }
}
