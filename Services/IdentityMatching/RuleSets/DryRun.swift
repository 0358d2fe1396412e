import RecordModel
import Storage

/// A trial of a rule set over all verdict rows, as a row: which set, compared with what, how far.
///
///     running ◀──▶ paused
///        │           │
///        ├───────────┴──▶ cancelled
///        └──▶ finished
///
/// A switch of the register or of the rules in the middle makes the comparison another: the walk starts again.
struct DryRun: Sendable {
    let run: Int64
    let rules: RuleSet
    let standing: StandingRegister
    let examples: Int
    let nextBlock: Int64
    let blocks: Int64
    /// The file is no longer the one that `nextBlock` counts in.
    let isRewritten: Bool

    enum Refusal: Error, Equatable, CustomStringConvertible {
        case noSuchSet
        case anotherRuns
        case noRegister

        var description: String {
            switch self {
            case .noSuchSet: "no rule set has this version"
            case .anotherRuns: "a dry run is under way: wait for it, or cancel it"
            case .noRegister: "no register generation is active: nothing can be compared"
            }
        }
    }

    /// Begins a dry run.
    /// - Parameter examples: how many record keys are kept of each change.
    /// - Returns: its number.
    /// - Throws: `Refusal`.
    static func begin(
        of version: String, examples: Int, by subject: String, at now: Instant, in session: Transaction
    ) throws -> Int64 {
        guard try RuleSets.named(version, in: session) != nil else { throw Refusal.noSuchSet }
        guard let standing = try RegisterTables().standing(in: session) else { throw Refusal.noRegister }
        let run = try session.query(
            """
            INSERT INTO dry_run (state, rule_version, assessment, generation, standing_rule_version, examples, filenode, blocks,
                total, started_at, stepped_at, started_by)
            SELECT 'running', $1, $2, $3, $4, $5, \(Walk.file),
                   coalesce((SELECT sum(records) FROM verdict_count), 0)::int8, $6, $6, $7
            ON CONFLICT DO NOTHING RETURNING run
            """,
            [
                .text(version), .int8(Int64(standing.assessment)), .int4(standing.generation),
                .text(standing.rules.version), .int4(Int32(clamping: examples)), .instant(now), .text(subject),
            ]
        ) { $0.int8(0) }.first
        guard let run else { throw Refusal.anotherRuns }
        return run
    }

    /// The dry run under way, unless another instance is at it; locked until the transaction ends.
    static func current(in session: Transaction) throws -> DryRun? {
        try session.query(
            """
            SELECT d.run, d.assessment, d.generation, d.examples, d.next_block, d.blocks,
                   d.filenode <> pg_relation_filenode('verdict')::int8, r.version, array_to_string(r.added, ','),
                   s.version, array_to_string(s.added, ',')
            FROM dry_run d JOIN rule_set r ON r.version = d.rule_version JOIN rule_set s ON s.version = d.standing_rule_version
            WHERE d.state = 'running' FOR UPDATE OF d SKIP LOCKED
            """, []
        ) { row in
            DryRun(
                run: row.int8(0), rules: try RuleSets.set(version: row.text(7), added: row.text(8)),
                standing: StandingRegister(
                    generation: row.int4(2), assessment: UInt64(row.int8(1)),
                    rules: try RuleSets.set(version: row.text(9), added: row.text(10))),
                examples: row.int(3), nextBlock: row.int8(4), blocks: row.int8(5), isRewritten: row.bool(6))
        }.first
    }

    /// Forgets what was found and begins at the start of the file, compared with what stands now.
    func startAgain(comparedWith standing: StandingRegister, in session: Transaction) throws {
        try session.execute("DELETE FROM dry_run_example WHERE run = $1", [.int8(run)])
        try session.execute("DELETE FROM dry_run_change WHERE run = $1", [.int8(run)])
        try session.execute(
            """
            UPDATE dry_run d SET next_block = 0, done = 0, changed = 0, restarts = restarts + 1, filenode = f.node,
                blocks = f.size, assessment = $2, generation = $3, standing_rule_version = $4,
                total = coalesce((SELECT sum(records) FROM verdict_count), 0)::int8
            FROM (SELECT \(Walk.file)) AS f (node, size) WHERE d.run = $1
            """,
            [
                .int8(run), .int8(Int64(standing.assessment)), .int4(standing.generation),
                .text(standing.rules.version),
            ])
    }

    /// Remembers the place and what the chunk found, with the chunk's own commit.
    func advance(to block: Int64, _ found: DryRunChanges, at now: Instant, in session: Transaction) throws {
        try found.store(run: run, examples: examples, in: session)
        try session.execute(
            """
            UPDATE dry_run SET next_block = $2, done = done + $3, changed = changed + $4, \(Walk.rates(records: "$3")),
                state = CASE WHEN $2 >= blocks THEN 'finished' ELSE state END,
                finished_at = CASE WHEN $2 >= blocks THEN $5 END
            WHERE run = $1
            """,
            [
                .int8(run), .int8(block), .int8(Int64(found.examined)), .int8(found.changed), .instant(now),
            ])
    }
}
