import Observability
import RecordModel
import ServiceRuntime
import Storage

/// Judges all verdict rows by a rule set that does not stand, chunk by chunk beside the live stream, and counts what would
/// change. Writes nothing but its own report.
///
/// Each record is judged twice against the same persons: by the set on trial and by the standing one. What would change
/// under the standing one too, because the register has changed after the verdict, is counted apart.
struct DryRunner: Sendable {
    let database: Database
    let register: any PopulationRegister
    let keys: PersonKeys
    let clock: any WallClock
    let log: Log
    /// Whether to wait.
    let heldBack: @Sendable () -> Bool

    /// Tries the set on one chunk. Blocks.
    func step(blocks count: Int64 = 64) throws -> WalkStep {
        if heldBack() { return .heldBack }
        return try database.transaction { session in
            guard let standing = try register.standing(in: session), let run = try DryRun.current(in: session) else {
                return .idle
            }
            if run.isRewritten || !run.standing.answersLike(standing) {
                try run.startAgain(comparedWith: standing, in: session)
                return .advanced
            }
            let end = min(run.nextBlock + count, run.blocks)
            let found = try judge(run, blocks: run.nextBlock..<max(end, run.nextBlock), in: session)
            try run.advance(to: end, found, at: clock.now(), in: session)
            if end >= run.blocks {
                log.info(
                    "dry run finished", ["run": .int(Int(run.run)), "rule_version": .string(run.rules.version)])
            }
            return .advanced
        }
    }

    private func judge(_ run: DryRun, blocks: Range<Int64>, in session: Transaction) throws -> DryRunChanges {
        let rows = try session.query(
            """
            SELECT \(WalkedRecord.columns) FROM verdict
            WHERE ctid >= $1::text::tid AND ctid < $2::text::tid AND traits & \(WalkedRecord.held) = 0
            """, [.text("(\(blocks.lowerBound),0)"), .text("(\(blocks.upperBound),0)")], WalkedRecord.init)
        var found = DryRunChanges()
        found.examined = rows.count
        if rows.isEmpty { return found }
        var (standing, tried) = (Verify(rules: run.standing.rules), Verify(rules: run.rules))
        let readAsStanding = rows.map { standing.read($0.record.typed) }
        let readAsTried = rows.map { tried.read($0.record.typed) }
        let asked = AskedNumbers((readAsStanding + readAsTried).lazy.map(\.askedNumber))
        let persons = try register.persons(holding: asked, of: run.standing, in: session)
        for index in rows.indices {
            let row = rows[index]
            let next = tried.judge(
                readAsTried[index], holders: persons.holders(at: rows.count + index), in: persons)
            guard differs(row, next) else { continue }
            let change = DryRunChanges.Change(
                fromOutcome: row.outcome, fromGroup: row.group, toOutcome: next.outcome.rawValue,
                toGroup: next.group.rawValue)
            let present = standing.judge(readAsStanding[index], holders: persons.holders(at: index), in: persons)
            found.add(change, byRegister: present == next, example: row.record.head, examples: run.examples)
        }
        return found
    }

    private func differs(_ row: WalkedRecord, _ next: Judgement) -> Bool {
        row.outcome != next.outcome.rawValue || row.group != next.group.rawValue
            || row.personKey != next.person.map(keys.key(ofPersonalID:))
    }
}
