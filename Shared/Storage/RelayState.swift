/// The relay's bookkeeping as a pure value. A row is in one of: queued (in memory) → in flight → acknowledged (to be
/// deleted) → gone; or only in the table ("behind"), from where it is read when memory allows.
struct RelayState {
    struct Limits {
        /// Bytes of rows held in memory; above it rows stay in the table only.
        var memory = 64_000_000
        /// Bytes handed to the publisher and not yet acknowledged.
        var inFlight = 16_000_000
    }

    private let limits: Limits
    private var queue = Queue<CommittedRow>()
    private var inFlight: [Int64: CommittedRow] = [:]
    private(set) var inFlightBytes = 0
    private(set) var memoryBytes = 0
    private(set) var acknowledged: [Int64] = []
    private var known: Set<Int64> = []
    /// Steps whenever the table may hold own rows that memory does not know.
    private(set) var generation = 0
    /// Whether the table is to be read.
    private(set) var isBehind = true

    init(limits: Limits) { self.limits = limits }

    var queuedCount: Int { queue.count }
    var inFlightCount: Int { inFlight.count }
    var isIdle: Bool { queuedCount == 0 && inFlight.isEmpty && acknowledged.isEmpty && !isBehind }
    var knownIDs: [Int64] { Array(known) }
    /// Whether there is room to read the table.
    var wantsTable: Bool { isBehind && memoryBytes <= limits.memory / 2 }

    mutating func committed(_ rows: [CommittedRow]) {
        for row in rows where !known.contains(row.id) {
            if isBehind || (memoryBytes > 0 && memoryBytes + row.bytes > limits.memory) {
                fallBehind()
            } else {
                enqueue(row)
            }
        }
    }

    mutating func fallBehind() {
        isBehind = true
        generation += 1
    }

    /// Rows read from the table; `complete` when it held no more. What fell behind since the read began is read again.
    mutating func loaded(_ rows: [CommittedRow], complete: Bool, since generation: Int) {
        for row in rows where !known.contains(row.id) { enqueue(row) }
        if complete && generation == self.generation { isBehind = false }
    }

    private mutating func enqueue(_ row: CommittedRow) {
        queue.append(row)
        known.insert(row.id)
        memoryBytes += row.bytes
    }

    /// The next row for the publisher, unless enough is in flight.
    mutating func next() -> CommittedRow? {
        guard inFlight.isEmpty || inFlightBytes < limits.inFlight, let row = queue.popFirst() else { return nil }
        inFlight[row.id] = row
        inFlightBytes += row.bytes
        return row
    }

    /// The publisher is done with a row: acknowledged, or to be tried again after what is queued.
    mutating func finished(_ id: Int64, succeeded: Bool) {
        guard let row = inFlight.removeValue(forKey: id) else { return }
        inFlightBytes -= row.bytes
        if succeeded {
            memoryBytes -= row.bytes
            acknowledged.append(id)
        } else {
            queue.append(row)
        }
    }

    mutating func takeAcknowledged() -> [Int64] {
        defer { acknowledged = [] }
        return acknowledged
    }

    mutating func deleted(_ ids: [Int64]) { known.subtract(ids) }
    mutating func notDeleted(_ ids: [Int64]) { acknowledged.append(contentsOf: ids) }
}
