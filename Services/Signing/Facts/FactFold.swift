import Messaging
import RecordModel

/// The newest facts about one dose in a batch.
struct ArrivedFacts: Sendable {
    var doseID: DoseID
    var subjectID: SubjectID
    /// Empty while only a person has arrived: that message does not name the facility.
    var facilityCode = ""
    var sourceRecordID = ""
    var facts = DoseFacts()
    /// The record's message as it came, if the batch held one.
    var record: [UInt8]?
}

/// A batch folded by dose: what is to be stored, sorted by dose so that rows are always locked in the same order, and
/// what can never be.
struct FactFold {
    private(set) var arrived: [ArrivedFacts] = []
    private(set) var rejections: [Rejection] = []
    private var places: [DoseID: Int] = [:]

    init(_ batch: [InboundMessage]) {
        places.reserveCapacity(batch.count)
        arrived.reserveCapacity(batch.count)
        for (index, message) in batch.enumerated() {
            do throws(WireError) {
                try take(message)
            } catch {
                rejections.append(Rejection(index: index, errorClass: "decode", reason: error.description))
            }
        }
        arrived.sort { $0.doseID < $1.doseID }
    }

    private mutating func take(_ message: InboundMessage) throws(WireError) {
        switch message.topic {
        case Topic.doseRecorded.name:
            let record = try DoseRecord(wire: message.value)
            let place = place(of: record.doseID, subjectID: record.subjectID)
            arrived[place].facilityCode = record.facilityCode
            arrived[place].sourceRecordID = record.sourceRecordID
            if arrived[place].facts.absorb(DoseFacts(dose: DoseFact(record))) { arrived[place].record = message.value }
        case Topic.verdict.name:
            let verdict = try Verdict(wire: message.value)
            try check(verdict.assessment, of: Verdict.eventType)
            let place = place(of: verdict.doseID, subjectID: verdict.subjectID)
            arrived[place].facilityCode = verdict.facilityCode
            arrived[place].sourceRecordID = verdict.sourceRecordID
            _ = arrived[place].facts.absorb(DoseFacts(verdict: VerdictFact(verdict)))
        case Topic.person.name:
            let link = try PersonLinked(wire: message.value)
            try check(link.assessment, of: PersonLinked.eventType)
            let place = place(of: link.doseID, subjectID: link.subjectID)
            _ = arrived[place].facts.absorb(DoseFacts(person: PersonFact(link)))
        default:
            throw WireError(message: message.topic, field: "", rule: "Signing does not read this topic")
        }
    }

    private mutating func place(of doseID: DoseID, subjectID: SubjectID) -> Int {
        if let place = places[doseID] { return place }
        places[doseID] = arrived.count
        arrived.append(ArrivedFacts(doseID: doseID, subjectID: subjectID))
        return arrived.count - 1
    }

    private func check(_ assessment: UInt64, of message: String) throws(WireError) {
        guard assessment <= UInt64(Int64.max) else {
            throw WireError(message: message, field: "assessment", rule: "is beyond what can be stored")
        }
    }
}
