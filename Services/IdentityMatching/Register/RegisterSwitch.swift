import RecordModel
import Storage

/// Puts a generation in the place of another, in one step with the assessment and the walk that verifies again.
///
/// The step takes the state row FOR UPDATE: it waits for the batches that read the old generation and the next batches
/// read the new one, so every answer is of one generation, and its assessment says which. The assessment is at least the
/// time in seconds: after a restore from a backup the next step is above everything that was ever published.
enum RegisterSwitch {
    enum Refusal: Error, Equatable, CustomStringConvertible {
        case noSuchGeneration
        case notReady(String)
        case shrinks(from: Int64, to: Int64)
        case notActive
        case nothingBefore

        var description: String {
            switch self {
            case .noSuchGeneration: "no generation has this number"
            case .notReady(let state): "the generation is \(state), not ready"
            case .shrinks(let from, let to):
                "the generation holds \(to) persons, the active one \(from): if that is meant, ask with allow_shrink=true (operator: load register F --allow-shrink)"
            case .notActive: "only the active generation can be rolled back"
            case .nothingBefore: "no earlier generation is there to roll back to"
            }
        }
    }

    struct Options: Sendable {
        /// Verify the right records again too.
        var allRecords = false
        /// Tell unchanged answers too, under the new assessment (after a restore); verifies all records.
        var restate = false
        var allowShrink = false
    }

    /// Activates a generation. Activating the one that is active steps the assessment only.
    /// - Returns: the new assessment.
    static func activate(
        _ generation: Int32, options: Options = Options(), by subject: String, at now: Instant, in session: Transaction
    ) throws -> UInt64 {
        let state = try lock(session)
        let persons = try ready(generation, in: session)
        if let active = state.active, active != generation, !options.allowShrink {
            let before = try ready(active, in: session)
            if persons * 2 < before { throw Refusal.shrinks(from: before, to: persons) }
        }
        let previous = state.active == generation ? state.previous : state.active
        return try step(
            state, to: generation, previous: previous, kind: "activate", since: Int64.max, options: options,
            by: subject,
            at: now, in: session)
    }

    /// Goes back from the active generation to the one before it; what the abandoned one found right is verified again.
    /// - Returns: the new assessment.
    static func rollBack(
        from generation: Int32, options: Options = Options(), by subject: String, at now: Instant,
        in session: Transaction
    ) throws -> UInt64 {
        let state = try lock(session)
        guard state.active == generation else { throw Refusal.notActive }
        guard let previous = state.previous else { throw Refusal.nothingBefore }
        _ = try ready(previous, in: session)
        let since = try session.query(
            "SELECT coalesce(max(assessment), 0) + 1 FROM register_switch WHERE generation <> $1", [.int4(generation)]
        ) { $0.int8(0) }[0]
        return try step(
            state, to: previous, previous: nil, kind: "rollback", since: since, options: options, by: subject, at: now,
            in: session)
    }

    /// Steps the assessment under the standing generation: for changed numbers, and for findings that lacked candidates.
    /// - Parameter allRecords: whom a walk is to visit, right records too or not; nil for no walk.
    /// - Returns: the new assessment; nil while no generation is active.
    static func restep(
        kind: String, allRecords: Bool?, by subject: String, at now: Instant, in session: Transaction
    ) throws -> UInt64? {
        let state = try lock(session)
        guard let active = state.active else { return nil }
        return try step(
            state, to: active, previous: state.previous, kind: kind, since: Int64.max,
            options: allRecords.map { Options(allRecords: $0) }, by: subject, at: now, in: session)
    }

    /// Steps the assessment for answers that are to be told again, without a walk; at most once a minute for each kind, since
    /// other instances may go on giving such answers.
    /// - Returns: the new assessment; nil while it is too soon.
    static func restepForOwed(kind: String, at now: Instant, in session: Transaction) throws -> UInt64? {
        let isRecent = try session.query(
            "SELECT EXISTS (SELECT 1 FROM register_switch WHERE kind = $1 AND switched_at > $2)",
            [.text(kind), .instant(Instant(microseconds: now.microseconds - 60_000_000))]
        ) { $0.bool(0) }[0]
        return isRecent ? nil : try restep(kind: kind, allRecords: nil, by: "service", at: now, in: session)
    }

    private struct State {
        let active: Int32?
        let previous: Int32?
        let assessment: Int64
    }

    private static func lock(_ session: Transaction) throws -> State {
        try session.query(
            "SELECT active_generation, previous_generation, assessment FROM register_state FOR UPDATE", []
        ) { row in
            State(
                active: row.isNull(0) ? nil : row.int4(0), previous: row.isNull(1) ? nil : row.int4(1),
                assessment: row.int8(2))
        }[0]
    }

    /// The number of persons of a generation that can be used.
    private static func ready(_ generation: Int32, in session: Transaction) throws -> Int64 {
        let found = try session.query(
            "SELECT state, persons FROM register_generation WHERE generation = $1 FOR SHARE", [.int4(generation)]
        ) { ($0.text(0), $0.int8(1)) }
        guard let (state, persons) = found.first else { throw Refusal.noSuchGeneration }
        guard state == "ready" else { throw Refusal.notReady(state) }
        return persons
    }

    private static func step(
        _ state: State, to generation: Int32, previous: Int32?, kind: String, since: Int64, options: Options?,
        by subject: String, at now: Instant, in session: Transaction
    ) throws -> UInt64 {
        let assessment = max(state.assessment + 1, now.microseconds / 1_000_000)
        try session.execute(
            "UPDATE register_state SET active_generation = $1, previous_generation = $2, assessment = $3",
            [.int4(generation), .int4(previous), .int8(assessment)])
        try session.execute(
            """
            INSERT INTO register_switch (assessment, kind, generation, from_generation, rule_version, switched_at, switched_by)
            SELECT $1, $2, $3, $4, rule_version, $5, $6 FROM register_state
            """,
            [
                .int8(assessment), .text(kind), .int4(generation), .int4(state.active), .instant(now), .text(subject),
            ])
        guard let options else { return UInt64(assessment) }
        try ReverificationRun.begin(
            assessment: UInt64(assessment), allRecords: options.allRecords || options.restate, since: since,
            restate: options.restate, by: subject, at: now, in: session)
        return UInt64(assessment)
    }
}
