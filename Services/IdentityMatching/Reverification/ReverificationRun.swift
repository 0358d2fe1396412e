import RecordModel
import Storage

/// A walk through all verdict rows that verifies again what a switch may have changed.
///
/// It goes by blocks of the table's file: in the order of the disk, without an index, and with a place that is one number.
/// Rows that are written while it goes are written under the current assessment, wherever they lie, and need no visit;
/// so the walk ends where the file ended when it began. A file that was rewritten meanwhile is walked from its start.
struct ReverificationRun: Sendable {
    let run: Int64
    let assessment: UInt64
    let allRecords: Bool
    let since: Int64
    let restate: Bool
    let nextBlock: Int64
    let blocks: Int64
    /// The file is no longer the one that `nextBlock` counts in.
    let isRewritten: Bool

    private static let file = """
        pg_relation_filenode('verdict')::int8,
        pg_relation_size('verdict') / current_setting('block_size')::int8
        """

    /// Begins a walk; one that was under way is taken over with all that it had to visit. The caller holds the state row
    /// FOR UPDATE: all earlier answers are committed, so the file's size now covers them.
    static func begin(
        assessment: UInt64, allRecords: Bool, since: Int64, restate: Bool, by subject: String, at now: Instant,
        in session: Transaction
    ) throws {
        let earlier = try session.query(
            """
            UPDATE reverification SET state = 'superseded', finished_at = $1 WHERE state = 'running'
            RETURNING all_records, since, restate
            """, [.instant(now)]
        ) { ($0.bool(0), $0.int8(1), $0.bool(2)) }.first
        try session.execute(
            """
            INSERT INTO reverification
                (state, assessment, all_records, since, restate, filenode, blocks, started_at, started_by)
            SELECT 'running', $1, $2, $3, $4, \(file), $5, $6
            """,
            [
                .int8(Int64(assessment)), .bool(allRecords || earlier?.0 == true),
                .int8(min(since, earlier?.1 ?? since)),
                .bool(restate || earlier?.2 == true), .instant(now), .text(subject),
            ])
    }

    /// The walk under way, unless another instance is at it; locked until the transaction ends.
    static func current(in session: Transaction) throws -> ReverificationRun? {
        try session.query(
            """
            SELECT run, assessment, all_records, since, restate, next_block, blocks,
                   filenode <> pg_relation_filenode('verdict')::int8
            FROM reverification WHERE state = 'running' FOR UPDATE SKIP LOCKED
            """, []
        ) { row in
            ReverificationRun(
                run: row.int8(0), assessment: UInt64(row.int8(1)), allRecords: row.bool(2), since: row.int8(3),
                restate: row.bool(4), nextBlock: row.int8(5), blocks: row.int8(6), isRewritten: row.bool(7))
        }.first
    }

    func startAgain(in session: Transaction) throws {
        try session.execute(
            """
            UPDATE reverification r SET next_block = 0, filenode = f.node, blocks = f.size
            FROM (SELECT \(Self.file)) AS f (node, size) WHERE r.run = $1
            """, [.int8(run)])
    }

    /// Remembers the place with the chunk's own commit.
    func advance(to block: Int64, verified: Int, changed: Int, at now: Instant, in session: Transaction) throws {
        try session.execute(
            """
            UPDATE reverification SET next_block = $2, verified = verified + $3, changed = changed + $4,
                state = CASE WHEN $2 >= blocks THEN 'finished' ELSE state END,
                finished_at = CASE WHEN $2 >= blocks THEN $5 END
            WHERE run = $1
            """, [.int8(run), .int8(block), .int8(Int64(verified)), .int8(Int64(changed)), .instant(now)])
    }

    /// The rows of some blocks that are to be verified again, locked in the order of dose ids.
    func records(inBlocks range: Range<Int64>, session: Transaction) throws -> [AnsweredRecord] {
        try session.query(
            """
            SELECT dose_id, subject_id, facility_code, source_record_id, version, typed, traits, decided_at
            FROM verdict
            WHERE ctid >= $1::text::tid AND ctid < $2::text::tid AND assessment < $3
                AND (outcome IN (0, 2, 3) OR $4 OR outcome = 1 AND assessment >= $5)
            ORDER BY dose_id FOR UPDATE
            """,
            [
                .text("(\(range.lowerBound),0)"), .text("(\(range.upperBound),0)"), .int8(Int64(assessment)),
                .bool(allRecords), .int8(since),
            ]
        ) { row in
            guard let typed = TypedItems(packed: row.bytes(5)) else { throw UnreadableRow() }
            var answer = Answer.waiting(since: row.instant(7))
            answer.traits = DecisionTraits(rawValue: row.int4(6)).intersection(.withdrawn)
            return AnsweredRecord(
                head: RecordHead(
                    doseID: row.uuid(0), subjectID: row.uuid(1), facilityCode: row.text(2), sourceRecordID: row.text(3),
                    version: UInt32(row.int8(4))),
                typed: typed, answer: answer)
        }
    }
}

/// A verdict row's packed items were written by another version of this service.
struct UnreadableRow: Error, CustomStringConvertible {
    var description: String { "a verdict row's items are in a form that this version does not know" }
}
