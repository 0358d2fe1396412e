import RecordModel
import Storage

/// Counts of one transaction, written with it. State changes happen once by themselves; a duplicate is counted only
/// if its message had not been seen before, which offset and time stamp tell: after the broker was wiped, offsets
/// start again but time goes on.
struct CountLedger {
    private struct Entry {
        var created: Int64 = 0
        var amended: Int64 = 0
        var late: Int64 = 0
        var duplicates: Int64 = 0
        var refused: Int64 = 0
        var withdrawn: Int64 = 0
        var corrections: Int64 = 0
        var nextOffset: Int64 = 0
        var lastAt = Instant(microseconds: 0)
    }

    private var entries: [String: Entry] = [:]
    private var duplicates: [(source: String, offset: Int64, at: Instant)] = []

    mutating func add(_ outcome: RowOutcome, of origin: Origin, withdrawn: Int) {
        let source = origin.countedAs
        switch outcome {
        case .created: entries[source, default: Entry()].created += 1
        case .amended: entries[source, default: Entry()].amended += 1
        case .late: entries[source, default: Entry()].late += 1
        case .duplicate:
            entries[source, default: Entry()].duplicates += 1
            if case .topic(_, let offset, let timestamp) = origin {
                duplicates.append((source, offset, timestamp))
            } else {
                duplicates.append((source, .max, Instant(microseconds: .max)))
            }
        case .refused: break
        }
        if withdrawn != 0 { entries[source, default: Entry()].withdrawn += Int64(withdrawn) }
    }

    mutating func refused(countedAs source: String) { entries[source, default: Entry()].refused += 1 }

    mutating func corrections(_ count: Int) {
        if count > 0 { entries["corrections", default: Entry()].corrections += Int64(count) }
    }

    /// Remembers how far each partition was seen.
    mutating func seen(_ origins: some Sequence<Origin>) {
        var furthest: [Int32: (offset: Int64, at: Instant)] = [:]
        for case .topic(let partition, let offset, let timestamp) in origins {
            let known = furthest[partition]
            furthest[partition] = (max(known?.offset ?? 0, offset), max(known?.at ?? timestamp, timestamp))
        }
        for (partition, last) in furthest {
            entries["topic/\(partition)", default: Entry()].nextOffset = last.offset + 1
            entries["topic/\(partition)", default: Entry()].lastAt = last.at
        }
    }

    private static let writeSQL = """
        INSERT INTO intake_count AS c (source, created, amended, late, duplicates, refused, withdrawn, corrections,
            next_offset, last_at)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (source) DO UPDATE SET
            created = c.created + excluded.created, amended = c.amended + excluded.amended,
            late = c.late + excluded.late, refused = c.refused + excluded.refused,
            withdrawn = c.withdrawn + excluded.withdrawn, corrections = c.corrections + excluded.corrections,
            duplicates = c.duplicates + (SELECT count(*) FROM unnest($11, $12, $13) AS d (source, at_offset, at)
                WHERE d.source = c.source AND NOT (d.at_offset < c.next_offset AND d.at <= c.last_at)),
            next_offset = CASE WHEN excluded.last_at > c.last_at THEN excluded.next_offset
                ELSE greatest(c.next_offset, excluded.next_offset) END,
            last_at = greatest(c.last_at, excluded.last_at)
        """

    /// Adds the counts to the table, in a fixed order of rows.
    func write(in transaction: Transaction) throws {
        if entries.isEmpty { return }
        let sorted = entries.sorted { $0.key < $1.key }
        try transaction.execute(
            Self.writeSQL,
            [
                .texts(sorted.lazy.map(\.key)), .int8s(sorted.lazy.map(\.value.created)),
                .int8s(sorted.lazy.map(\.value.amended)), .int8s(sorted.lazy.map(\.value.late)),
                .int8s(sorted.lazy.map(\.value.duplicates)), .int8s(sorted.lazy.map(\.value.refused)),
                .int8s(sorted.lazy.map(\.value.withdrawn)), .int8s(sorted.lazy.map(\.value.corrections)),
                .int8s(sorted.lazy.map(\.value.nextOffset)), .instants(sorted.lazy.map(\.value.lastAt)),
                .texts(duplicates.lazy.map(\.source)), .int8s(duplicates.lazy.map(\.offset)),
                .instants(duplicates.lazy.map(\.at)),
            ])
    }
}
