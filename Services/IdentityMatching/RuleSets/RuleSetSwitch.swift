import RecordModel
import Storage

/// Puts a rule set in the place of another, in one step with the assessment and the walk that verifies again.
///
/// Like a switch of the register it takes the state row FOR UPDATE: a batch is judged by one generation and one set from its
/// first statement to its commit, and its assessment says which.
enum RuleSetSwitch {
    enum Refusal: Error, Equatable, CustomStringConvertible {
        case noSuchSet
        case stands
        case notTried
        case doesNotStand
        case nothingBefore

        var description: String {
            switch self {
            case .noSuchSet: "no rule set has this version"
            case .stands: "this rule set stands already"
            case .notTried:
                "no dry run of this set over the active generation has finished: try it, or ask with without_dry_run=true"
            case .doesNotStand: "only the standing rule set can be switched back"
            case .nothingBefore: "no earlier rule set is there to go back to"
            }
        }
    }

    /// Makes a set the one that judges; all records, or those that are not right, are verified again.
    /// - Parameter withoutDryRun: also where nobody has tried it against what stands.
    /// - Returns: the new assessment.
    /// - Throws: `Refusal`.
    static func switchOver(
        to version: String, allRecords: Bool = true, withoutDryRun: Bool = false, by subject: String, at now: Instant,
        in session: Transaction
    ) throws -> UInt64 {
        let state = try lock(session)
        guard try RuleSets.named(version, in: session) != nil else { throw Refusal.noSuchSet }
        guard state.rules != version else { throw Refusal.stands }
        if state.generation != nil, !withoutDryRun {
            let tried = try session.query(
                """
                SELECT 1 FROM dry_run WHERE state = 'finished' AND rule_version = $1 AND generation = $2
                    AND standing_rule_version = $3 LIMIT 1
                """, [.text(version), .int4(state.generation), .text(state.rules)]
            ) { $0.int(0) }
            if tried.isEmpty { throw Refusal.notTried }
        }
        return try step(
            state, to: version, previous: state.rules, kind: "rules", allRecords: allRecords, since: Int64.max,
            by: subject, at: now, in: session)
    }

    /// Goes back to the set that stood before; what the abandoned one found right is verified again.
    /// - Returns: the new assessment.
    /// - Throws: `Refusal`.
    static func switchBack(
        from version: String, allRecords: Bool = false, by subject: String, at now: Instant, in session: Transaction
    ) throws -> UInt64 {
        let state = try lock(session)
        guard state.rules == version else { throw Refusal.doesNotStand }
        guard let previous = state.previous else { throw Refusal.nothingBefore }
        let since = try session.query(
            "SELECT coalesce(max(assessment), 0) + 1 FROM register_switch WHERE rule_version <> $1",
            [.text(state.rules)]
        ) { $0.int8(0) }[0]
        return try step(
            state, to: previous, previous: nil, kind: "rules-back", allRecords: allRecords, since: since, by: subject,
            at: now, in: session)
    }

    private struct State {
        let generation: Int32?
        let rules: String
        let previous: String?
        let assessment: Int64
    }

    private static func lock(_ session: Transaction) throws -> State {
        try session.query(
            "SELECT active_generation, rule_version, previous_rule_version, assessment FROM register_state FOR UPDATE",
            []
        ) { row in
            State(
                generation: row.optionalInt4(0), rules: row.text(1), previous: row.optionalText(2),
                assessment: row.int8(3))
        }[0]
    }

    private static func step(
        _ state: State, to version: String, previous: String?, kind: String, allRecords: Bool, since: Int64,
        by subject: String, at now: Instant, in session: Transaction
    ) throws -> UInt64 {
        let assessment = max(state.assessment + 1, now.microseconds / 1_000_000)
        try session.execute(
            "UPDATE register_state SET rule_version = $1, previous_rule_version = $2, assessment = $3",
            [.text(version), .text(previous), .int8(assessment)])
        try session.execute(
            """
            INSERT INTO register_switch (assessment, kind, generation, from_generation, rule_version, switched_at, switched_by)
            VALUES ($1, $2, $3, $3, $4, $5, $6)
            """,
            [
                .int8(assessment), .text(kind), .int4(state.generation), .text(version), .instant(now), .text(subject),
            ])
        if state.generation != nil {
            try ReverificationRun.begin(
                assessment: UInt64(assessment), allRecords: allRecords, since: since, restate: false, by: subject,
                at: now, in: session)
        }
        return UInt64(assessment)
    }
}
