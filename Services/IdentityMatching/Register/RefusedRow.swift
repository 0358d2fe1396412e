import Observability

/// Why a row of a register's file is refused: which column broke which rule. Never a value.
struct RefusedRow: Error, Hashable, Sendable {
    let line: Int
    let column: String
    let rule: String
}

extension JSONWriter {
    /// How many rows were refused, and the first of them.
    mutating func refusals(_ count: some BinaryInteger, _ rows: some Sequence<RefusedRow>) {
        member("refused", Int64(count))
        array("refusals") { json in
            for row in rows.prefix(20) {
                json.object { json in
                    json.member("line", row.line)
                    json.member("column", row.column)
                    json.member("rule", row.rule)
                }
            }
        }
    }
}
