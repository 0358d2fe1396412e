import RecordModel
import Storage

/// A walk through all verdict rows that verifies again what a switch may have changed.
///
///     running ◀──▶ paused
///        │ ╲         │
///        │  ╲────────┴──▶ cancelled, superseded (by a newer switch, which takes over what it had to visit)
///        └──▶ finished
///
/// Rows that are written while it goes are written under the current assessment, wherever they lie, and need no visit;
/// so the walk ends where the file ended when it began.
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

    /// Begins a walk; one that was under way or paused is taken over with all that it had to visit. The caller holds the
    /// state row FOR UPDATE: all earlier answers are committed, so the file's size now covers them.
    static func begin(
        assessment: UInt64, allRecords: Bool, since: Int64, restate: Bool, by subject: String, at now: Instant,
        in session: Transaction
    ) throws {
        let earlier = try session.query(
            """
            UPDATE reverification SET state = 'superseded', finished_at = $1 WHERE state IN ('running', 'paused')
            RETURNING all_records, since, restate
            """, [.instant(now)]
        ) { ($0.bool(0), $0.int8(1), $0.bool(2)) }.first
        try session.execute(
            """
            INSERT INTO reverification
                (state, assessment, all_records, since, restate, filenode, blocks, started_at, stepped_at, started_by, total)
            SELECT 'running', $1, $2, $3, $4, \(Walk.file), $5, $5, $6,
                   coalesce((SELECT sum(records) FROM verdict_count WHERE $2 OR outcome IN (0, 2, 3)), 0)::int8
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
            FROM (SELECT \(Walk.file)) AS f (node, size) WHERE r.run = $1
            """, [.int8(run)])
    }

    /// Remembers the place with the chunk's own commit.
    func advance(to block: Int64, verified: Int, changed: Int, at now: Instant, in session: Transaction) throws {
        try session.execute(
            """
            UPDATE reverification SET next_block = $2, verified = verified + $3, changed = changed + $4,
                \(Walk.rates(records: "$3")),
                state = CASE WHEN $2 >= blocks THEN 'finished' ELSE state END,
                finished_at = CASE WHEN $2 >= blocks THEN $5 END
            WHERE run = $1
            """, [.int8(run), .int8(block), .int8(Int64(verified)), .int8(Int64(changed)), .instant(now)])
    }

    /// The rows of some blocks that are to be verified again. Not locked: what is written meanwhile is newer, and
    /// `VerdictStore.storeAgain` leaves it alone. Versions that wait for the police because their record was guessed at
    /// are not visited.
    func records(inBlocks range: Range<Int64>, session: Transaction) throws -> [WalkedRecord] {
        try session.query(
            """
            SELECT \(WalkedRecord.columns) FROM verdict
            WHERE ctid >= $1::text::tid AND ctid < $2::text::tid AND assessment < $3
                AND (outcome IN (0, 2, 3) OR $4 OR outcome = 1 AND assessment >= $5) AND traits & \(WalkedRecord.held) = 0
            """,
            [
                .text("(\(range.lowerBound),0)"), .text("(\(range.upperBound),0)"), .int8(Int64(assessment)),
                .bool(allRecords), .int8(since),
            ], WalkedRecord.init)
    }
}
