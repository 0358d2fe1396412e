/// What a replay has sent and does not yet know to be safe: a state machine without I/O.
///
/// A batch of rows is `sent`, then acknowledged by the broker at a position of each partition it touched, and confirmed
/// when Intake's group has committed past all of them. Until then its rows are kept: where the broker refused them, or has
/// forgotten them (an end before the position), they are to be sent again.
struct ReplayLedger<Payload> {
    struct Batch {
        let number: Int
        /// Number of the last row of the file that the batch holds, from 1.
        let lastRow: Int
        let rows: Int
        let bytes: Int
        let payload: Payload
        fileprivate var waitsFor: [Int32: Int64]?
    }

    private var batches: [Int: Batch] = [:]
    /// Numbers not yet confirmed, oldest first; confirmed ones in the middle leave when they come to the front.
    private var order: [Int] = []
    private var nextNumber = 0

    /// Every row up to this one of the file is confirmed.
    private(set) var confirmedThrough: Int
    private(set) var confirmedRows = 0
    private(set) var unconfirmedRows = 0
    private(set) var unconfirmedBytes = 0

    /// - Parameter through: rows that an earlier run confirmed.
    init(confirmedThrough through: Int = 0) { confirmedThrough = through }

    var isEmpty: Bool { batches.isEmpty }

    /// Takes down a batch that is about to be sent; its number stands for it from then on.
    mutating func sent(_ payload: Payload, rows: Int, lastRow: Int, bytes: Int) -> Int {
        let number = nextNumber
        nextNumber += 1
        batches[number] = Batch(number: number, lastRow: lastRow, rows: rows, bytes: bytes, payload: payload)
        order.append(number)
        unconfirmedRows += rows
        unconfirmedBytes += bytes
        return number
    }

    /// The broker has the batch: for each partition, the greatest offset of its rows.
    mutating func acknowledged(_ number: Int, at offsets: [Int32: Int64]) {
        batches[number]?.waitsFor = offsets
    }

    /// The broker refused the batch, or parts of it: it is to be sent again.
    mutating func refused(_ number: Int) -> Payload? {
        batches[number]?.waitsFor = nil
        return batches[number]?.payload
    }

    /// Takes in what Intake's group has committed: the next offset that it will read of each partition.
    mutating func committed(_ offsets: [Int32: Int64]) {
        for number in order {
            guard let waiting = batches[number]?.waitsFor else { continue }
            if waiting.allSatisfy({ offsets[$0.key, default: -1] > $0.value }) { confirm(number) }
        }
        var front = 0
        while front < order.count, batches[order[front]] == nil { front += 1 }
        if front > 0 {
            order.removeFirst(front)
            confirmedThrough = max(confirmedThrough, frontier)
        }
    }

    /// Batches that a broker holds no more, since its partitions end before them: to be sent again, oldest first.
    mutating func forgotten(ends: [Int32: Int64]) -> [(number: Int, payload: Payload)] {
        order.compactMap { number in
            guard let batch = batches[number], let waiting = batch.waitsFor,
                waiting.contains(where: { ends[$0.key, default: 0] <= $0.value })
            else { return nil }
            batches[number]?.waitsFor = nil
            return (number, batch.payload)
        }
    }

    /// The broker is another one: every batch that is not confirmed is to be sent again, oldest first.
    mutating func everythingAgain() -> [(number: Int, payload: Payload)] {
        order.compactMap { number in
            guard let batch = batches[number] else { return nil }
            batches[number]?.waitsFor = nil
            return (number, batch.payload)
        }
    }

    private mutating func confirm(_ number: Int) {
        guard let batch = batches.removeValue(forKey: number) else { return }
        confirmedRows += batch.rows
        unconfirmedRows -= batch.rows
        unconfirmedBytes -= batch.bytes
        lastConfirmed = max(lastConfirmed, batch.lastRow)
    }

    private var lastConfirmed = 0

    /// The last row before the oldest unconfirmed batch; everything confirmed where there is none.
    private var frontier: Int {
        guard let first = order.first, let batch = batches[first] else { return lastConfirmed }
        return batch.lastRow - batch.rows
    }
}
