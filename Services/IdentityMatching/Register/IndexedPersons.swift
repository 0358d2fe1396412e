import RecordModel
import Storage

/// A person of the register as the candidate index takes it.
struct IndexedPerson: Sendable {
    let personalID: Int64
    let oldID: Int32?
    let fullName: String
    let sex: Sex
    let birthDate: CalendarDate
    let residenceCommune: String
}

/// The persons of a loaded generation, read from its table in the order of the disk, some ten thousand at a time: a
/// generation is never changed once it is ready, so no snapshot is held over all of it.
struct IndexedPersons: Sendable {
    let database: Database
    let generation: Int32
    /// Blocks of 8 kB at a time, some eighty persons each.
    var blocksAtOnce: Int64 = 256

    /// Gives all persons, part by part. Blocks.
    func forEachPart(_ body: ([IndexedPerson]) throws -> Void) throws {
        let table = RegisterTables.table(of: generation)
        try database.withConnection { connection in
            let blocks = try connection.query(
                "SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::int8", [.text(table)]
            ) { $0.int8(0) }[0]
            for first in stride(from: 0, to: blocks, by: Int64.Stride(blocksAtOnce)) {
                let persons = try connection.query(
                    """
                    SELECT personal_id, old_id, full_name, female, date_of_birth, residence_commune FROM \(table)
                    WHERE ctid >= $1::text::tid AND ctid < $2::text::tid
                    """, [.text("(\(first),0)"), .text("(\(first + blocksAtOnce),0)")]
                ) { row in
                    IndexedPerson(
                        personalID: row.int8(0), oldID: row.optionalInt4(1), fullName: row.text(2),
                        sex: row.bool(3) ? .female : .male, birthDate: row.date(4), residenceCommune: row.text(5))
                }
                if !persons.isEmpty { try body(persons) }
            }
        }
    }
}
