import Observability
import RecordModel
import Storage

/// What re-verifications and dry runs have in common: a walk over the blocks of the verdict table's file.
///
/// It goes in the order of the disk, without an index, and its place is one number. A file that was rewritten meanwhile
/// (VACUUM FULL, a restore) is walked from its start.
enum Walk {
    /// Node and size in blocks of the table's file.
    static let file = """
        pg_relation_filenode('verdict')::int8,
        pg_relation_size('verdict') / current_setting('block_size')::int8
        """

    /// The part of an UPDATE that smooths the rates over the last dozen chunks; `$2` is the next block, `$5` the time,
    /// `records` how many the chunk held.
    static func rates(records: String) -> String {
        func smoothed(_ column: String, _ amount: String) -> String {
            """
            \(column) = CASE WHEN stepped_at IS NULL OR $5 <= stepped_at THEN \(column)
                WHEN \(column) = 0 THEN (\(amount)) / extract(epoch FROM $5 - stepped_at)::float8
                ELSE 0.85 * \(column) + 0.15 * (\(amount)) / extract(epoch FROM $5 - stepped_at)::float8 END
            """
        }
        return """
            \(smoothed("blocks_per_second", "$2 - next_block")), \(smoothed("records_per_second", records)),
            stepped_at = $5
            """
    }
}

/// How far a walk is, as its routes show it.
struct WalkProgress: Sendable {
    let state: String
    let nextBlock: Int64
    let blocks: Int64
    let done: Int64
    let total: Int64
    let blocksPerSecond: Double
    let recordsPerSecond: Double

    var percent: Int64 { state == "finished" || blocks == 0 ? 100 : min(100, nextBlock * 100 / blocks) }

    /// Nil where it does not go on, or nothing is known yet.
    var secondsLeft: Int64? {
        guard state == "running", blocksPerSecond > 0 else { return nil }
        return Int64((Double(blocks - nextBlock) / blocksPerSecond).rounded(.up))
    }

    func write(to json: inout JSONWriter) {
        json.member("percent", percent)
        json.member("done", done)
        // What came after the walk began is verified as it comes; the counts of the beginning are no promise.
        json.member("total", state == "finished" ? done : max(total, done))
        if state == "running" {
            json.member("records_per_second", Int64(recordsPerSecond.rounded()))
            if let secondsLeft { json.member("seconds_left", secondsLeft) }
        }
    }
}
