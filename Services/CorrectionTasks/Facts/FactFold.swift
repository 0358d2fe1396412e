import Messaging
import RecordModel

/// What a batch says about one record: of each kind of fact the newest.
struct ArrivedFacts: Sendable {
    var doseID: DoseID
    var subjectID: SubjectID
    var facilityCode: String
    var sourceRecordID: String
    var record: DoseRecord?
    var recordBytes: [UInt8] = []
    var verdict: Verdict?
    var verdictBytes: [UInt8] = []
    /// The newest version that any verdict of the batch found right.
    var rightVersion: UInt32 = 0
    var finding: FactOrder?
    var findingBytes: [UInt8] = []
}

/// A batch, decoded and folded: the newest fact of each kind and record, the newest row of each unit.
struct FactFold {
    private var byDose: [DoseID: Int] = [:]
    private var facts: [ArrivedFacts] = []
    private(set) var units: [String: UnitRecord] = [:]
    private(set) var rejections: [Rejection] = []

    init(_ batch: [InboundMessage]) {
        facts.reserveCapacity(batch.count)
        for (index, message) in batch.enumerated() {
            do throws(WireError) {
                try take(message)
            } catch {
                rejections.append(
                    Rejection(index: index, errorClass: "unreadable", reason: error.description))
            }
        }
    }

    /// Sorted by record, as the rows are locked.
    var arrived: [ArrivedFacts] { facts.sorted { $0.doseID < $1.doseID } }

    private mutating func take(_ message: InboundMessage) throws(WireError) {
        switch message.topic {
        case Topic.doseRecorded.name: take(try DoseRecord(wire: expected(DoseRecord.self, message)), message.value)
        case Topic.verdict.name: take(try Verdict(wire: expected(Verdict.self, message)), message.value)
        case Topic.findings.name: take(try Finding(wire: expected(Finding.self, message)), message.value)
        case Topic.unitChanged.name:
            let unit = try UnitRecord(wire: expected(UnitRecord.self, message))
            if units[unit.code].map({ $0.revision < unit.revision }) ?? true { units[unit.code] = unit }
        default: throw WireError(message: message.topic, field: "", rule: "a topic that is not consumed here")
        }
    }

    private func expected<Message: WireMessage>(
        _ type: Message.Type, _ message: InboundMessage
    ) throws(WireError) -> [UInt8] {
        guard message.eventType.isEmpty || message.eventType == Message.eventType else {
            throw WireError(message: Message.eventType, field: "", rule: "unknown event type on this topic")
        }
        return message.value
    }

    private mutating func slot(
        _ doseID: DoseID, _ subjectID: SubjectID, _ facilityCode: String, _ sourceRecordID: String
    ) -> Int {
        if let index = byDose[doseID] { return index }
        byDose[doseID] = facts.count
        facts.append(
            ArrivedFacts(
                doseID: doseID, subjectID: subjectID, facilityCode: facilityCode, sourceRecordID: sourceRecordID))
        return facts.count - 1
    }

    private mutating func take(_ record: DoseRecord, _ bytes: [UInt8]) {
        let index = slot(record.doseID, record.subjectID, record.facilityCode, record.sourceRecordID)
        if let held = facts[index].record, held.version >= record.version { return }
        facts[index].record = record
        facts[index].recordBytes = bytes
    }

    private mutating func take(_ verdict: Verdict, _ bytes: [UInt8]) {
        let index = slot(verdict.doseID, verdict.subjectID, verdict.facilityCode, verdict.sourceRecordID)
        if verdict.outcome == .right {
            facts[index].rightVersion = max(facts[index].rightVersion, verdict.doseVersion)
        }
        if let held = facts[index].verdict, held.order >= verdict.order { return }
        facts[index].verdict = verdict
        facts[index].verdictBytes = bytes
    }

    private mutating func take(_ finding: Finding, _ bytes: [UInt8]) {
        let index = slot(finding.doseID, finding.subjectID, finding.facilityCode, finding.sourceRecordID)
        if let held = facts[index].finding, held >= finding.order { return }
        facts[index].finding = finding.order
        facts[index].findingBytes = bytes
    }
}
