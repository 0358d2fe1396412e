import RecordModel
import Storage

/// A refused row as it is kept: never a value that was typed about the person.
struct Refusal: Sendable, Hashable {
    var origin: Origin
    var facilityCode: String
    var sourceRecordID: String
    var failure: RuleFailure

    /// Facility and record number are kept as far as they can be that; a shifted column must not put a name here.
    init(of arrival: Arrival, _ failure: RuleFailure) {
        origin = arrival.origin
        facilityCode = Self.code(arrival.submission.facilityCode, 64)
        sourceRecordID = Self.code(arrival.submission.sourceRecordID, 128)
        self.failure = failure
    }

    /// Of a row that could not be read there is nothing but its place.
    init(of row: UnreadableRow) {
        origin = row.origin
        facilityCode = ""
        sourceRecordID = ""
        failure = RuleFailure(field: row.column, rule: .unreadable)
    }

    /// Printable ASCII up to the limit, else the empty string.
    static func code(_ text: String, _ limit: Int) -> String {
        text.utf8.count <= limit && text.utf8.allSatisfy { (0x20...0x7E).contains($0) } ? text : ""
    }
}

enum RefusalTable {
    private static let keepSQL = """
        INSERT INTO refusal (origin, facility_code, source_record_id, field, rule, refused_at)
        SELECT *, $6 FROM unnest($1, $2, $3, $4, $5)
        ON CONFLICT (origin) DO NOTHING RETURNING origin
        """

    /// Keeps refusals, each once, and gives under which name each new one is counted.
    static func keep(_ refusals: [Refusal], at now: Instant, in transaction: Transaction) throws -> [String] {
        if refusals.isEmpty { return [] }
        var names: [String: String] = [:]
        for refusal in refusals { names[refusal.origin.description] = refusal.origin.countedAs }
        return try transaction.query(
            keepSQL,
            [
                .texts(refusals.lazy.map(\.origin.description)), .texts(refusals.lazy.map(\.facilityCode)),
                .texts(refusals.lazy.map(\.sourceRecordID)), .texts(refusals.lazy.map(\.failure.field)),
                .texts(refusals.lazy.map(\.failure.rule.rawValue)), .instant(now),
            ]
        ) { names[$0.text(0)] ?? "" }
    }
}
