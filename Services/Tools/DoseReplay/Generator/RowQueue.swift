/// A row of the stream with what we know about it that no facility knew.
import RecordModel

struct StreamRow {
    var submission: Submission
    var truth: Truth
}

struct Truth {
    /// The register's number of the person whom the row is about; empty for foreigners.
    var personalID: String
    /// Names of the error classes in the row, none for a clean one.
    var errors: [String]
    var outcome: ExpectedOutcome
    /// `first`, `amendment`, `withdrawal`, `duplicate`, `late-older`, `double-entry`, `invalid`.
    var kind: String

    static let columns = [
        "facility_code", "source_record_id", "entered_at", "personal_id", "errors", "outcome", "kind",
    ]
}

/// Rows wait here until their place in the stream has come: a binary heap by place, then by arrival.
/// Its size is bounded by the longest delay, whatever the length of the stream.
struct RowQueue {
    private struct Waiting {
        let place: Int
        let arrival: Int
        let row: StreamRow
        func before(_ other: Waiting) -> Bool { (place, arrival) < (other.place, other.arrival) }
    }

    private var heap: [Waiting] = []
    private(set) var pushed = 0

    var isEmpty: Bool { heap.isEmpty }

    /// Holds a row back by so many rows.
    mutating func push(_ row: StreamRow, delay: Int) {
        heap.append(Waiting(place: pushed + delay, arrival: pushed, row: row))
        pushed += 1
        var child = heap.count - 1
        while child > 0, heap[child].before(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The next row whose place has come; with `flushing`, the next row in any case.
    mutating func pop(flushing: Bool = false) -> StreamRow? {
        guard let first = heap.first, flushing || first.place <= pushed else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first.row }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [parent * 2 + 1, parent * 2 + 2] where child < heap.count && heap[child].before(heap[least]) {
                least = child
            }
            if least == parent { return first.row }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
