import RecordModel
import Storage

/// What a chunk of a dry run has found.
struct DryRunChanges: Sendable {
    /// From which answer to which. Equal ones: right as before, but another person's.
    struct Change: Hashable, Comparable, Sendable {
        let fromOutcome: Int32
        let fromGroup: Int32
        let toOutcome: Int32
        let toGroup: Int32

        static func < (left: Change, right: Change) -> Bool {
            (left.fromOutcome, left.fromGroup, left.toOutcome, left.toGroup)
                < (right.fromOutcome, right.fromGroup, right.toOutcome, right.toGroup)
        }
    }

    struct Found: Sendable {
        var records: Int64 = 0
        /// Would change under the standing rules too.
        var byRegister: Int64 = 0
        var examples: [(facility: String, record: String)] = []
    }

    private(set) var byChange: [Change: Found] = [:]
    var examined = 0

    var changed: Int64 { byChange.values.reduce(0) { $0 + $1.records } }

    mutating func add(_ change: Change, byRegister: Bool, example: RecordHead, examples: Int) {
        var found = byChange[change] ?? Found()
        found.records += 1
        if byRegister { found.byRegister += 1 }
        if found.examples.count < examples { found.examples.append((example.facilityCode, example.sourceRecordID)) }
        byChange[change] = found
    }

    func store(run: Int64, examples: Int, in session: Transaction) throws {
        let changes = byChange.keys.sorted()
        if changes.isEmpty { return }
        try session.execute(
            """
            INSERT INTO dry_run_change AS c (run, from_outcome, from_grp, to_outcome, to_grp, records, by_register)
            SELECT $1, n.* FROM unnest($2::int4[], $3::int4[], $4::int4[], $5::int4[], $6::int8[], $7::int8[]) AS n
            ON CONFLICT (run, from_outcome, from_grp, to_outcome, to_grp)
                DO UPDATE SET records = c.records + excluded.records, by_register = c.by_register + excluded.by_register
            """,
            [
                .int8(run), .int4s(changes.map(\.fromOutcome)), .int4s(changes.map(\.fromGroup)),
                .int4s(changes.map(\.toOutcome)), .int4s(changes.map(\.toGroup)),
                .int8s(changes.map { byChange[$0]?.records ?? 0 }),
                .int8s(changes.map { byChange[$0]?.byRegister ?? 0 }),
            ])
        try storeExamples(run: run, most: examples, in: session)
    }

    private func storeExamples(run: Int64, most: Int, in session: Transaction) throws {
        let held = try session.query(
            """
            SELECT from_outcome, from_grp, to_outcome, to_grp, count(*) FROM dry_run_example WHERE run = $1
            GROUP BY from_outcome, from_grp, to_outcome, to_grp
            """, [.int8(run)]
        ) { row in
            (
                Change(
                    fromOutcome: row.int4(0), fromGroup: row.int4(1), toOutcome: row.int4(2), toGroup: row.int4(3)),
                row.int(4)
            )
        }
        let counts = Dictionary(uniqueKeysWithValues: held)
        var kept: [(change: Change, facility: String, record: String)] = []
        for (change, found) in byChange {
            for example in found.examples.prefix(max(0, most - (counts[change] ?? 0))) {
                kept.append((change, example.facility, example.record))
            }
        }
        if kept.isEmpty { return }
        try session.execute(
            """
            INSERT INTO dry_run_example
                (run, from_outcome, from_grp, to_outcome, to_grp, facility_code, source_record_id)
            SELECT $1, n.* FROM unnest($2::int4[], $3::int4[], $4::int4[], $5::int4[], $6::text[], $7::text[]) AS n
            ON CONFLICT DO NOTHING
            """,
            [
                .int8(run), .int4s(kept.map(\.change.fromOutcome)), .int4s(kept.map(\.change.fromGroup)),
                .int4s(kept.map(\.change.toOutcome)), .int4s(kept.map(\.change.toGroup)),
                .texts(kept.map(\.facility)), .texts(kept.map(\.record)),
            ])
    }
}
