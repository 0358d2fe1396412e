import Messaging
import Observability
import RecordModel
import Storage

/// Verifies dose records as they come: any order, any number of times, at any number of instances.
///
/// The newest version of each dose is judged by its own four items; an older or repeated one changes nothing and says
/// nothing. While no register stands the rows wait, and the next activation verifies them. A withdrawn version is judged
/// like any other: that it is withdrawn is a fact of Intake's that every consumer of verdicts has from Intake.
struct VerificationHandler: BatchHandler {
    let answering: Answering
    let clock: any WallClock
    let metrics: VerificationMetrics
    /// What walks look at to make room.
    var live = LiveTraffic()
    /// Wrong versions of one record in a day, after which the next ones wait.
    var guessesPerDay = 10
    static let source = "identity-matching"

    func handle(_ batch: [InboundMessage], in session: Transaction) throws -> [Rejection] {
        var rejections: [Rejection] = []
        var units: [String: UnitRecord] = [:]
        let records = newest(of: batch, units: &units, rejections: &rejections)
        try UnitTable.put(Array(units.values), in: session)
        if records.isEmpty { return rejections }
        let now = clock.now()
        live.mark(now)
        let standing = try answering.register.standing(in: session)
        let answers =
            try standing.map {
                try answering.answer(
                    records.map(\.typed), communes: records.map(\.residenceCommune), by: $0, at: now, in: session)
            }
            ?? records.map { _ in .waiting(since: now) }
        let held = try held(records, at: now, in: session)
        var normaliser = NameNormaliser()
        var answered = zip(records, answers).map { record, judged in
            let answer = held.contains(record.head.doseID) ? .held(since: now) : judged
            return AnsweredRecord(
                head: record.head, typed: record.typed, residenceCommune: record.residenceCommune,
                ownNumber: answering.ownNumbers.mark(
                    record.typed, of: record.head.facilityCode, isWithdrawn: record.isWithdrawn,
                    normaliser: &normaliser),
                answer: answer.marking(withdrawn: record.isWithdrawn),
                guess: Guess(outcome: answer.outcome, isPoliceConfirmed: record.isPoliceConfirmed))
        }
        let amended = answered.lazy.filter { $0.head.version > 1 }.map(\.head.doseID)
        let marks = try OwedHints.marks(of: Array(amended), in: session)
        let changes = try VerdictStore.storeNewVersions(answered, in: session)
        try OwedHints.note(
            changes.map { change in
                let record = answered[change.index]
                return .init(
                    doseID: record.head.doseID, before: marks[record.head.doseID], after: record.ownNumber)
            }, in: session)
        try answered.tell(changes, in: session)
        metrics.count(changes.map { answered[$0.index].answer.outcome })
        return rejections
    }

    /// A record can have been guessed at only if it has as many versions.
    private func held(_ records: [Incoming], at now: Instant, in session: Transaction) throws -> Set<DoseID> {
        let tried = records.filter { $0.head.version > UInt32(guessesPerDay) && !$0.isPoliceConfirmed }
        return try HeldRecords.held(
            tried.map { ($0.head.doseID, $0.typed) }, limit: guessesPerDay, at: now, in: session)
    }

    /// What VERIFY needs of a message.
    private struct Incoming {
        let head: RecordHead
        let typed: TypedItems
        let isWithdrawn: Bool
        let isPoliceConfirmed: Bool
        let residenceCommune: String
    }

    /// Decodes, keeps the newest version of each dose, and sorts by dose: rows are locked in one order everywhere.
    private func newest(
        of batch: [InboundMessage], units: inout [String: UnitRecord], rejections: inout [Rejection]
    ) -> [Incoming] {
        var records: [Incoming] = []
        records.reserveCapacity(batch.count)
        var places: [DoseID: Int] = [:]
        places.reserveCapacity(batch.count)
        for (index, message) in batch.enumerated() {
            switch read(message) {
            case .failure(let unreadable):
                rejections.append(
                    Rejection(index: index, errorClass: unreadable.errorClass, reason: unreadable.reason))
            case .success(.unit(let unit)):
                if units[unit.code].map({ $0.revision < unit.revision }) ?? true { units[unit.code] = unit }
            case .success(.dose(let record)):
                guard let place = places[record.head.doseID] else {
                    places[record.head.doseID] = records.count
                    records.append(record)
                    continue
                }
                if records[place].head.version < record.head.version { records[place] = record }
            }
        }
        let order = records.indices.sorted { records[$0].head.doseID < records[$1].head.doseID }
        return order.map { records[$0] }
    }

    private struct Unreadable: Error {
        let errorClass: String
        let reason: String
    }

    private enum Content {
        case dose(Incoming)
        case unit(UnitRecord)
    }

    private func read(_ message: InboundMessage) -> Result<Content, Unreadable> {
        if message.topic == Topic.unitChanged.name, message.eventType == UnitRecord.eventType {
            do {
                return .success(.unit(try UnitRecord(wire: message.value)))
            } catch {
                return .failure(Unreadable(errorClass: "undecodable", reason: "\(error)"))
            }
        }
        guard message.topic == Topic.doseRecorded.name, message.eventType == DoseRecord.eventType else {
            return .failure(Unreadable(errorClass: "unknown-type", reason: "not a \(DoseRecord.eventType)"))
        }
        do {
            let record = try DoseRecord(wire: message.value)
            guard record.version >= 1, record.version <= UInt32(Int32.max) else {
                return .failure(Unreadable(errorClass: "value-out-of-range", reason: "version is out of range"))
            }
            return .success(
                .dose(
                    Incoming(
                        head: RecordHead(record), typed: TypedItems(record), isWithdrawn: record.status == .withdrawn,
                        isPoliceConfirmed: record.identityAuthority == .police,
                        residenceCommune: Territory.commune(typed: record.subject.residenceCommune))))
        } catch {
            return .failure(Unreadable(errorClass: "undecodable", reason: "\(error)"))
        }
    }
}

extension TypedItems {
    init(_ record: DoseRecord) {
        self.init(identity: record.identity, nationality: record.subject.nationality, idKind: record.subject.idKind)
    }
}

extension RecordHead {
    init(_ record: DoseRecord) {
        self.init(
            doseID: record.doseID, subjectID: record.subjectID, facilityCode: record.facilityCode,
            sourceRecordID: record.sourceRecordID, version: record.version)
    }
}

extension Answer {
    func marking(withdrawn: Bool) -> Answer {
        guard withdrawn else { return self }
        var answer = self
        answer.traits.insert(.withdrawn)
        return answer
    }
}

/// Answers given, by outcome.
struct VerificationMetrics: Sendable {
    private let counters: [Outcome: Counter]
    private let waiting: Counter

    init(_ registry: MetricsRegistry) {
        let name = "identity_matching_answers_total"
        let help = "Answers that took effect, by outcome."
        var counters: [Outcome: Counter] = [:]
        for outcome in Outcome.allCases {
            counters[outcome] = registry.counter(name, help: help, labels: [("outcome", outcome.label)])
        }
        self.counters = counters
        waiting = registry.counter(name, help: help, labels: [("outcome", "not-yet-verified")])
    }

    func count(_ outcomes: [Outcome?]) {
        var sums: [Outcome: Int] = [:]
        for case let outcome? in outcomes { sums[outcome, default: 0] += 1 }
        for (outcome, sum) in sums { counters[outcome]?.add(sum) }
        let waits = outcomes.count - sums.values.reduce(0, +)
        if waits > 0 { waiting.add(waits) }
    }
}
