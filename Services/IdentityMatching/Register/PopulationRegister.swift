import RecordModel
import Storage

/// Which generation answers, and the place of its answers in the order of all answers.
struct StandingRegister: Hashable, Sendable {
    let generation: Int32
    /// Steps with every switch, rollback and rule set.
    let assessment: UInt64
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
            "SELECT active_generation, assessment FROM register_state WHERE active_generation IS NOT NULL FOR SHARE"
        ) { row in
            StandingRegister(generation: row.int4(0), assessment: UInt64(row.int8(1)))
        }
        return found.first
    }

    func persons(holding numbers: [IDNumber], of register: StandingRegister, in session: Transaction) throws
        -> RegisterAnswers
    {
        var personalIDs: Set<Int64> = []
        var oldIDs: Set<Int32> = []
        for number in numbers {
            switch number {
            case .personal(let id): personalIDs.insert(id)
            case .old(let id): oldIDs.insert(id)
            case .absent, .malformed: break
            }
        }
        guard !personalIDs.isEmpty || !oldIDs.isEmpty else { return RegisterAnswers() }
        let persons = try session.query(
            Self.lookup(in: Self.table(of: register.generation)),
            [.int8s(personalIDs.sorted()), .int4s(oldIDs.sorted())]
        ) { row in
            RegisterPerson(
                personalID: row.int8(0), oldID: row.isNull(1) ? nil : row.int4(1), name: row.text(2),
                sex: row.bool(3) ? .female : .male, birthDate: row.date(4), keyID: row.int8(5))
        }
        return RegisterAnswers(persons)
    }

    /// The name of a generation's table; a number is all that varies.
    static func table(of generation: Int32) -> String { "register_person_\(generation)" }

    private static func lookup(in table: String) -> String {
        let columns = """
            SELECT p.personal_id, p.old_id, p.name_key, p.female, p.date_of_birth,
                   coalesce((SELECT a.key_id FROM personal_id_alias a WHERE a.personal_id = p.personal_id), p.personal_id)
            FROM \(table) p
            """
        return """
            \(columns) WHERE p.personal_id = ANY ($1)
            UNION ALL
            \(columns) WHERE p.old_id = ANY ($2) AND p.old_id IS NOT NULL
            """
    }
}
