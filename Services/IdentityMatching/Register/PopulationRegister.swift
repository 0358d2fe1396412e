import RecordModel
import Storage

/// Which generation answers, and the place of its answers in the order of all answers.
struct StandingRegister: Hashable, Sendable {
    let generation: Int32
    /// Steps with every switch, rollback and rule set.
    let assessment: UInt64
    /// By which the items of both sides are made comparable.
    var rules: RuleSet = .first

    /// Whether the same answers come of both, whenever they are given.
    func answersLike(_ other: StandingRegister) -> Bool { generation == other.generation && rules == other.rules }
}

/// Where the persons of the register are found. Another kind of index (a file in memory) takes this place without
/// VERIFY noticing.
protocol PopulationRegister: Sendable {
    /// What stands now, held until the transaction ends: a switch waits for the batches that read the old one.
    /// Nil while no generation is active: then nothing is verified.
    func standing(in session: Transaction) throws -> StandingRegister?

    /// The persons who hold the numbers, all of one generation.
    func persons(holding asked: AskedNumbers, of register: StandingRegister, in session: Transaction) throws
        -> RegisterAnswers
}

/// The register in tables of this service's schema, one table a generation.
struct RegisterTables: PopulationRegister {
    func standing(in session: Transaction) throws -> StandingRegister? {
        try session.query(Self.standingSQL + " FOR SHARE OF s", []) { try Self.standing($0) }.first ?? nil
    }

    /// What stands, without holding a switch back; nil while nothing does.
    static func standing(in session: some SQLSession) throws -> StandingRegister? {
        try session.query(standingSQL, []) { try standing($0) }.first ?? nil
    }

    /// The same as a statement, to ask it within another one whose row begins with its columns.
    static let standingSQL = """
        SELECT s.active_generation, s.assessment, r.version, array_to_string(r.added, ',') AS added
        FROM register_state s JOIN rule_set r ON r.version = s.rule_version WHERE s.active_generation IS NOT NULL
        """

    static func standing(_ row: ResultRow) throws -> StandingRegister? {
        guard let generation = row.optionalInt4(0) else { return nil }
        return StandingRegister(
            generation: generation, assessment: UInt64(row.int8(1)),
            rules: try RuleSets.set(version: row.text(2), added: row.text(3)))
    }

    func persons(holding asked: AskedNumbers, of register: StandingRegister, in session: Transaction) throws
        -> RegisterAnswers
    {
        let table = Self.table(of: register.generation)
        var answers = RegisterAnswers(to: asked)
        let (personalIDs, oldIDs) = (asked.personalIDs, asked.oldIDs)
        if !personalIDs.isEmpty {
            try session.query(Self.byPersonalID(in: table), [.int8s(personalIDs)]) { row in
                Self.add(row, key: row.int8(0), to: &answers)
            }
        }
        if !oldIDs.isEmpty {
            try session.query(Self.byOldID(in: table), [.int4s(oldIDs)]) { row in
                Self.add(row, key: AskedNumbers.key(ofOld: row.int4(5)), to: &answers)
            }
        }
        answers.complete()
        return answers
    }

    private static func add(_ row: ResultRow, key: Int64, to answers: inout RegisterAnswers) {
        let personalID = row.int8(0)
        answers.add(
            key: key, personalID: personalID, sex: row.bool(2) ? .female : .male, birthDate: row.date(3),
            keyID: row.optionalInt8(4) ?? personalID
        ) { row.appendText(1, to: &$0) }
    }

    /// The name of a generation's table; a number is all that varies.
    static func table(of generation: Int32) -> String { "register_person_\(generation)" }

    /// Only what decides. Changed numbers are few: that there are any is asked once a statement.
    private static let columns = """
        p.personal_id, p.full_name, p.female, p.date_of_birth,
        CASE WHEN (SELECT EXISTS (SELECT 1 FROM personal_id_alias)) THEN
            (SELECT a.key_id FROM personal_id_alias a WHERE a.personal_id = p.personal_id) END
        """

    /// One index scan takes the whole array, which is in order; a join with unnest is slower by a third and more.
    private static func byPersonalID(in table: String) -> String {
        "SELECT \(columns) FROM \(table) p WHERE p.personal_id = ANY ($1::int8[])"
    }

    private static func byOldID(in table: String) -> String {
        "SELECT \(columns), p.old_id FROM \(table) p WHERE p.old_id = ANY ($1::int4[]) AND p.old_id IS NOT NULL"
    }
}
