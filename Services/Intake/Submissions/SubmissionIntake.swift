import Cryptography
import RecordModel
import Storage

/// What became of a row, for its sender.
struct RowResult: Sendable, Hashable {
    var outcome: RowOutcome
    /// Nil for a refused row.
    var doseID: DoseID?
    /// The version that stands after the row; 0 for a refused one.
    var version: UInt32
}

/// The one way into Intake: rows of the topic, of requests and of uploads all go through here, set-wise, within the
/// caller's transaction.
///
/// A batch costs one statement for the new records, which in a stream are nearly all, and three more for those that
/// exist already: lock, update, history. Records are touched in the order of their identifiers, so that two batches
/// never wait for each other in a circle. Only a version that was really made gives an event.
final class SubmissionIntake: Sendable {
    static let source = "intake"

    let identifiers: RecordIdentifiers
    let settings: ValidationSettings
    let units: UnitList
    private let clock: any WallClock

    init(
        identifiers: RecordIdentifiers, settings: ValidationSettings = ValidationSettings(),
        units: UnitList = UnitList(), clock: any WallClock = SystemClock()
    ) {
        self.identifiers = identifiers
        self.settings = settings
        self.units = units
        self.clock = clock
    }

    /// Takes rows in.
    ///
    /// - Parameters:
    ///   - ownFacility: the facility for which the sender speaks; nil for the topic.
    ///   - unreadable: rows that could not even be read; kept and counted as refused.
    /// - Returns: a result for each of `arrivals`, in order.
    func take(
        _ arrivals: [Arrival], ownFacility: String? = nil, unreadable: [UnreadableRow] = [],
        in transaction: Transaction
    ) throws -> [RowResult] {
        if arrivals.isEmpty && unreadable.isEmpty { return [] }
        let circumstances = Circumstances(
            units: try units.required(in: transaction), identifiers: identifiers, settings: settings,
            ownFacility: ownFacility)
        let now = clock.now()
        var results = [RowResult?](repeating: nil, count: arrivals.count)
        var rows: [AcceptedRow] = []
        var indexes: [Int] = []
        rows.reserveCapacity(arrivals.count)
        indexes.reserveCapacity(arrivals.count)
        for (index, arrival) in arrivals.enumerated() {
            switch validated(arrival, circumstances) {
            case .success(let row):
                rows.append(row)
                indexes.append(index)
            case .failure(let failure):
                results[index] = RowResult(outcome: .refused(failure), doseID: nil, version: 0)
            }
        }
        var counts = CountLedger()
        var refused = unreadable.map { Refusal(of: $0) }
        for (index, result) in results.enumerated() {
            if case .refused(let failure) = result?.outcome { refused.append(Refusal(of: arrivals[index], failure)) }
        }
        for source in try RefusalTable.keep(refused, at: now, in: transaction) { counts.refused(countedAs: source) }

        for group in try decide(rows, at: now, in: transaction) {
            for taken in group.taken {
                let index = indexes[taken.row]
                results[index] = taken.result
                counts.add(taken.result.outcome, of: arrivals[index].origin, withdrawn: taken.withdrawn)
            }
        }
        counts.seen(arrivals.lazy.map(\.origin))
        try counts.write(in: transaction)
        return results.map { $0! }
    }

    /// Decides and writes, one group a record, in the order of identifiers.
    private func decide(
        _ rows: [AcceptedRow], at now: Instant, in transaction: Transaction
    ) throws -> [RecordGroup] {
        if rows.isEmpty { return [] }
        let salts = SaltSource()
        let groups = RecordGroup.groups(of: rows)
        for group in groups { group.fold(rows, onto: nil, at: now, salt: salts.next) }
        let created = try RecordTable.insert(groups.map { $0.packed! }, in: transaction)
        if created.count < groups.count {
            let existing = groups.filter { !created.contains($0.doseID) }
            let held = try RecordTable.lock(existing.map(\.doseID), in: transaction)
            for group in existing {
                guard let record = held[group.doseID] else { throw IntakeError.recordVanished }
                group.fold(rows, onto: record, at: now, salt: salts.next)
            }
            try RecordTable.update(existing.compactMap(\.packed), in: transaction)
        }
        try RecordTable.remember(groups.flatMap(\.history), at: now, in: transaction)
        for group in groups {
            if group.hasNewVersion, let packed = group.packed { try transaction.emit(packed.event(at: now)) }
        }
        return groups
    }
}

/// Errors that mean a fault of the program or of the database's content, never of a row.
enum IntakeError: Error, CustomStringConvertible {
    case recordVanished
    case unreadableRecord(String)

    var description: String {
        switch self {
        case .recordVanished: "a record that existed a moment ago is gone; rows of dose_record must never be deleted"
        case .unreadableRecord(let reason): "a stored record cannot be read: \(reason)"
        }
    }
}

/// Salts of signed content: 16 random bytes each, drawn from the system in blocks. Used by one thread.
final class SaltSource {
    private var block: [UInt8] = []
    private var position = 0

    func next() -> [UInt8] {
        if position + 16 > block.count {
            block = SecureRandom.bytes(4096)
            position = 0
        }
        defer { position += 16 }
        return Array(block[position..<(position + 16)])
    }
}
