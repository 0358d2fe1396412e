import RecordModel
import Storage

/// Which generation answers, and the place of its answers in the order of all answers.
struct StandingRegister: Hashable, Sendable {
    let generation: Int32
    /// Steps with every switch, rollback and rule set.
    let assessment: UInt64
    /// By which the items of both sides are made comparable.
    var rules: RuleSet = .first
}

/// Where the persons of the register are found. Another kind of index (a file in memory) takes this place without
/// VERIFY noticing.
protocol PopulationRegister: Sendable {
    /// What stands now, held until the transaction ends: a switch waits for the batches that read the old one.
    /// Nil while no generation is active: then nothing is verified.
    func standing(in session: Transaction) throws -> StandingRegister?

    /// The persons who hold the numbers, all of one generation.
    func persons(holding numbers: [IDNumber], of register: StandingRegister, in session: Transaction) throws
        -> RegisterAnswers
}

/// The register in tables of this service's schema, one table a generation.
struct RegisterTables: PopulationRegister {
    func standing(in session: Transaction) throws -> StandingRegister? {
        let found = try session.query(
            """
            SELECT s.active_generation, s.assessment, r.version, array_to_string(r.added, ',')
            FROM register_state s JOIN rule_set r ON r.version = s.rule_version
            WHERE s.active_generation IS NOT NULL FOR SHARE OF s
            """
        ) { row in
            StandingRegister(
                generation: row.int4(0), assessment: UInt64(row.int8(1)),
                rules: try RuleSets.set(version: row.text(2), added: row.text(3)))
        }
        return found.first
    }

    func persons(holding numbers: [IDNumber], of register: StandingRegister, in session: Transaction) throws
        -> RegisterAnswers
    {
        var personalIDs: [Int64] = []
        var oldIDs: [Int32] = []
        personalIDs.reserveCapacity(numbers.count)
        for number in numbers {
            switch number {
            case .personal(let id): personalIDs.append(id)
            case .old(let id): oldIDs.append(id)
            case .absent, .malformed: break
            }
        }
        let table = Self.table(of: register.generation)
        var normaliser = NameNormaliser(rules: register.rules)
        var answers = RegisterAnswers()
        if !personalIDs.isEmpty {
            answers.add(
                try session.query(Self.byPersonalID(in: table), [.int8s(Self.distinct(&personalIDs))]) {
                    Self.person($0, &normaliser)
                })
        }
        if !oldIDs.isEmpty {
            answers.add(
                try session.query(Self.byOldID(in: table), [.int4s(Self.distinct(&oldIDs))]) {
                    Self.person($0, &normaliser)
                })
        }
        return answers
    }

    private static func person(_ row: ResultRow, _ normaliser: inout NameNormaliser) -> RegisterPerson {
        let fullName = row.text(2)
        return RegisterPerson(
            personalID: row.int8(0), oldID: row.isNull(1) ? nil : row.int4(1), fullName: fullName,
            name: normaliser.normalise(fullName), sex: row.bool(3) ? .female : .male, birthDate: row.date(4),
            keyID: row.int8(5))
    }

    /// Sorted: neighbouring numbers are found on neighbouring pages.
    private static func distinct<ID: Comparable>(_ ids: inout [ID]) -> [ID] {
        ids.sort()
        var kept: [ID] = []
        kept.reserveCapacity(ids.count)
        for id in ids where kept.last != id { kept.append(id) }
        return kept
    }

    /// The generation that stands, without holding a switch back; nil while none does.
    static func activeGeneration(in session: some SQLSession) throws -> Int32? {
        try session.query(activeGenerationSQL, []) { $0.int4(0) }.first
    }

    /// The same as a statement, to ask it within another one.
    static let activeGenerationSQL = "SELECT active_generation FROM register_state WHERE active_generation IS NOT NULL"

    /// The name of a generation's table; a number is all that varies.
    static func table(of generation: Int32) -> String { "register_person_\(generation)" }

    /// Changed numbers are few: that there are any is asked once a statement.
    private static let columns = """
        SELECT p.personal_id, p.old_id, p.full_name, p.female, p.date_of_birth,
               CASE WHEN (SELECT EXISTS (SELECT 1 FROM personal_id_alias)) THEN
                   coalesce((SELECT a.key_id FROM personal_id_alias a WHERE a.personal_id = p.personal_id), p.personal_id)
               ELSE p.personal_id END
        """

    private static func byPersonalID(in table: String) -> String {
        "\(columns) FROM unnest($1::int8[]) AS n (id) JOIN \(table) p ON p.personal_id = n.id"
    }

    private static func byOldID(in table: String) -> String {
        "\(columns) FROM unnest($1::int4[]) AS n (id) JOIN \(table) p ON p.old_id = n.id AND p.old_id IS NOT NULL"
    }
}
