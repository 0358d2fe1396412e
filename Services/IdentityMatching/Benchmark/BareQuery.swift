import RecordModel
import Storage

/// The four items compared by the database alone, in one statement over tables made for it.
struct BareQuery: Sendable {
    let database: Database
    let standing: StandingRegister

    /// Makes the tables.
    /// - Returns: how many persons the register has.
    func prepare(_ records: [TypedItems]) throws -> Int {
        try database.withConnection { connection in
            try connection.script(
                """
                DROP TABLE IF EXISTS benchmark_register, benchmark_typed;
                CREATE UNLOGGED TABLE benchmark_register (personal_id bigint, old_id integer, name_key text COLLATE "C",
                    female boolean, date_of_birth date);
                CREATE UNLOGGED TABLE benchmark_typed (personal_id bigint, old_id integer, name_key text COLLATE "C",
                    female boolean, date_of_birth date)
                """)
            let persons = try copyRegister(on: connection)
            try copyTyped(records, on: connection)
            try connection.script(
                """
                ALTER TABLE benchmark_register ADD PRIMARY KEY (personal_id);
                CREATE INDEX ON benchmark_register (old_id) WHERE old_id IS NOT NULL
                """)
            for table in ["benchmark_register", "benchmark_typed"] {
                try connection.script("VACUUM (ANALYZE) \(table)")
            }
            return persons
        }
    }

    func remove() throws {
        try database.withConnection { try $0.script("DROP TABLE IF EXISTS benchmark_register, benchmark_typed") }
    }

    /// How many are right.
    func run() throws -> Int {
        try database.withConnection { connection in
            try connection.query(
                """
                SELECT count(*) FILTER (WHERE p.name_key = t.name_key AND p.female = t.female
                           AND p.date_of_birth = t.date_of_birth)
                     + (SELECT count(*) FROM benchmark_typed t JOIN benchmark_register p ON p.old_id = t.old_id
                        WHERE p.name_key = t.name_key AND p.female = t.female AND p.date_of_birth = t.date_of_birth)
                FROM benchmark_typed t LEFT JOIN benchmark_register p ON p.personal_id = t.personal_id
                """, []
            ) { $0.int(0) }[0]
        }
    }

    private func copyRegister(on connection: Connection) throws -> Int {
        var normaliser = NameNormaliser(rules: standing.rules)
        var persons = 0
        var last: Int64? = -1
        while let after = last {
            let page = try connection.query(
                """
                SELECT personal_id, old_id, full_name, female, date_of_birth
                FROM \(RegisterTables.table(of: standing.generation)) WHERE personal_id > $1 ORDER BY personal_id LIMIT 50000
                """, [.int8(after)]
            ) { row in
                Row(
                    personalID: row.int8(0), oldID: row.optionalInt4(1), name: normaliser.normalise(row.text(2)),
                    isFemale: row.bool(3), birthDate: row.date(4))
            }
            try copy(page, into: "benchmark_register", on: connection)
            persons += page.count
            last = page.last?.personalID
        }
        return persons
    }

    private func copyTyped(_ records: [TypedItems], on connection: Connection) throws {
        var normaliser = NameNormaliser(rules: standing.rules)
        let rows = records.map { typed in
            let items = ReadItems(typed, normaliser: &normaliser)
            let name = normaliser.normalise(items.name)
            var row = Row(personalID: nil, oldID: nil, name: name, isFemale: nil, birthDate: nil)
            if items.nationality == .vietnam {
                switch items.number {
                case .personal(let id): row.personalID = id
                case .old(let id): row.oldID = id
                case .absent, .malformed: break
                }
            }
            if case .known(let sex) = items.sex { row.isFemale = sex == .female }
            if case .known(let date) = items.birthDate { row.birthDate = date }
            return row
        }
        try copy(rows, into: "benchmark_typed", on: connection)
    }

    private struct Row {
        var personalID: Int64?
        var oldID: Int32?
        var name: String
        var isFemale: Bool?
        var birthDate: CalendarDate?
    }

    private func copy(_ rows: [Row], into table: StaticString, on connection: Connection) throws {
        try connection.copyIn(
            "COPY \(table) (personal_id, old_id, name_key, female, date_of_birth) FROM STDIN (FORMAT binary)"
        ) { writer in
            for row in rows {
                try writer.row(columns: 5)
                writer.int8(row.personalID)
                writer.int4(row.oldID)
                writer.text(row.name)
                writer.bool(row.isFemale)
                writer.date(row.birthDate)
            }
        }
    }
}
