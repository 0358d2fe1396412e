import RecordModel

/// The rows of a batch that are of one record, and what they make of it. Used by one thread.
final class RecordGroup {
    struct Taken {
        /// Position among the batch's accepted rows.
        var row: Int
        var result: RowResult
        /// By how much the number of withdrawn records changes.
        var withdrawn: Int
    }

    let doseID: DoseID
    private var positions: [Int]
    private(set) var taken: [Taken] = []
    private(set) var history: [HistoryEntry] = []
    private(set) var hasNewVersion = false
    /// What is to be written; nil where nothing changes.
    private(set) var packed: PackedRecord?

    private init(doseID: DoseID, position: Int) {
        self.doseID = doseID
        positions = [position]
    }

    /// One group a record in the order of identifiers; within it the rows in the order of arrival.
    static func groups(of rows: [AcceptedRow]) -> [RecordGroup] {
        var keys: [(id: DoseID, position: Int)] = []
        keys.reserveCapacity(rows.count)
        for position in rows.indices { keys.append((rows[position].doseID, position)) }
        keys.sort { $0.id == $1.id ? $0.position < $1.position : $0.id < $1.id }
        var groups: [RecordGroup] = []
        groups.reserveCapacity(rows.count)
        for key in keys {
            if let last = groups.last, last.doseID == key.id {
                last.positions.append(key.position)
            } else {
                groups.append(RecordGroup(doseID: key.id, position: key.position))
            }
        }
        return groups
    }

    /// Decides anew from what is held; nil where the record is thought to be new.
    func fold(_ rows: [AcceptedRow], onto held: HeldRecord?, at now: Instant, salt: () -> [UInt8]) {
        var versions = RecordVersions(held: held)
        taken.removeAll()
        for position in positions {
            let wasWithdrawn = versions.status == .withdrawn
            let outcome = versions.take(rows[position], at: now, salt: salt)
            let isWithdrawn = versions.status == .withdrawn
            taken.append(
                Taken(
                    row: position, result: RowResult(outcome: outcome, doseID: doseID, version: versions.version),
                    withdrawn: (isWithdrawn ? 1 : 0) - (wasWithdrawn ? 1 : 0)))
        }
        history = versions.history
        hasNewVersion = versions.hasNewVersion
        packed = versions.isChanged ? versions.held.map(PackedRecord.init) : nil
    }
}
