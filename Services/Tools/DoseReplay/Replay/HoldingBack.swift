/// How many rows may be sent before the readers are looked at again: a state machine without I/O.
///
/// On the embedded broker a partition keeps 5 MB and then drops its oldest messages, so everything that is under way
/// must stay below a budget of a partition's bytes. On Apache Kafka the budget only keeps catching up short.
struct HoldingBack {
    /// Bytes that the fullest partition may have before sending stops.
    let budget: Int64
    /// Bytes of one row on its way through the topics, headers included.
    private let rowBytes: Int64
    private let partitions: Int64
    /// The most rows in one grant, so that the readers are looked at often.
    private let largestGrant: Int

    /// Rows that may still be sent.
    private(set) var granted: Int

    init(embedded: Bool, budget: Int64, rowBytes: Int64 = 700, partitions: Int64 = 12) {
        self.budget = budget
        self.rowBytes = rowBytes
        self.partitions = partitions
        largestGrant = embedded ? 8_000 : 50_000
        granted = embedded ? 4_000 : 50_000
    }

    /// Takes in how many bytes the fullest partition has outstanding.
    mutating func measured(outstandingPartitionBytes outstanding: Int64) {
        let room = max(0, budget - outstanding)
        // A third of the room: the rows' own facts follow on other topics, and keys are not spread evenly.
        granted = min(largestGrant, Int(room * partitions / rowBytes / 3))
    }

    /// Nobody could be asked: nothing more until somebody can.
    mutating func unknown() { granted = 0 }

    mutating func spent(_ rows: Int) { granted = max(0, granted - rows) }
}

/// Rows by the second.
struct Pace {
    let rowsPerSecond: Int?

    /// How long to wait before so many rows in all may have been sent, when sending began `elapsed` seconds ago.
    func wait(sent: Int, elapsed: Double) -> Double {
        guard let rowsPerSecond else { return 0 }
        return max(0, Double(sent) / Double(rowsPerSecond) - elapsed)
    }
}
