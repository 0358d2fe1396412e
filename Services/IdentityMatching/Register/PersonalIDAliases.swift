import RecordModel
import Storage
import Tabular

/// Changed personal numbers: a person whose number was changed keeps the key under which the person was first known, so
/// that doses verified before and after stay one person's.
///
/// Load them before, or together with, the register that brings the new numbers: then every key is right from the start.
/// Loaded later, right records under a new number are linked anew by a walk through all records (`scope=all`).
enum PersonalIDAliases {
    static let schema = TabularSchema(
        columns: ["personal_id", "former_personal_id"], required: ["personal_id", "former_personal_id"])

    struct Report: Sendable {
        var added = 0
        var known = 0
        var refusals: [RefusedRow] = []
    }

    struct Row: Sendable {
        let line: Int
        let personalID: Int64
        let formerID: Int64
    }

    /// Reads a row by its form alone.
    static func read(_ row: TabularRow) throws(RefusedRow) -> Row {
        func refusal(_ column: Int, _ rule: String) -> RefusedRow {
            RefusedRow(line: row.line, column: schema.columns[column], rule: rule)
        }
        guard case .personal(let new) = IDNumber(typed: row[0]) else { throw refusal(0, "must be 12 digits") }
        guard case .personal(let former) = IDNumber(typed: row[1]) else { throw refusal(1, "must be 12 digits") }
        guard new != former else { throw refusal(1, "must be another number") }
        return Row(line: row.line, personalID: new, formerID: former)
    }

    /// Adds the rows in their order. A number that already stands for another former one is refused, and so is one that
    /// would come back to itself; the key of a chain of changes is that of its first number.
    static func add(_ rows: [Row], to report: inout Report, in session: Transaction) throws {
        if rows.isEmpty { return }
        var keys = try held(by: rows, in: session)
        var pointing: [Int64: [Int64]] = [:]
        for (id, key) in keys { pointing[key, default: []].append(id) }
        var added: [Int64] = []
        for row in rows {
            let key = keys[row.formerID] ?? row.formerID
            if let present = keys[row.personalID] {
                if present == key {
                    report.known += 1
                } else {
                    report.refusals.append(
                        RefusedRow(line: row.line, column: "personal_id", rule: "already stands for another number"))
                }
                continue
            }
            guard key != row.personalID else {
                report.refusals.append(
                    RefusedRow(
                        line: row.line, column: "former_personal_id", rule: "must not come back to the same number")
                )
                continue
            }
            // Who was known by this number until now is known by its key from now on.
            let moved = (pointing.removeValue(forKey: row.personalID) ?? []) + [row.personalID]
            for id in moved { keys[id] = key }
            pointing[key, default: []] += moved
            added.append(row.personalID)
        }
        report.added += added.count
        try session.execute(
            """
            INSERT INTO personal_id_alias (personal_id, key_id)
            SELECT n.personal_id, n.key_id FROM unnest($1::int8[], $2::int8[]) AS n (personal_id, key_id)
            """,
            [
                .int8s(added), .int8s(added.map { keys[$0] ?? $0 }),
            ])
        try session.execute(
            """
            UPDATE personal_id_alias a SET key_id = b.key_id
            FROM unnest($1::int8[]) AS n (id) JOIN personal_id_alias b ON b.personal_id = n.id WHERE a.key_id = b.personal_id
            """, [.int8s(added)])
    }

    /// All numbers under which the holder of one was ever known, that one included.
    static func numbers(ofHolder id: Int64, in session: some SQLSession) throws -> [Int64] {
        try session.query(
            """
            WITH key AS (
                SELECT coalesce((SELECT key_id FROM personal_id_alias WHERE personal_id = $1), $1) AS id)
            SELECT id FROM key
            UNION SELECT a.personal_id FROM personal_id_alias a JOIN key ON a.key_id = key.id
            """, [.int8(id)]
        ) { $0.int8(0) }
    }

    /// The keys that matter to the rows: of their numbers, and of what already points to them.
    private static func held(by rows: [Row], in session: Transaction) throws -> [Int64: Int64] {
        let numbers = Set(rows.flatMap { [$0.personalID, $0.formerID] }).sorted()
        let pairs = try session.query(
            """
            SELECT a.personal_id, a.key_id FROM unnest($1::int8[]) AS n (id)
            JOIN personal_id_alias a ON a.personal_id = n.id OR a.key_id = n.id
            """, [.int8s(numbers)]
        ) { ($0.int8(0), $0.int8(1)) }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
}
