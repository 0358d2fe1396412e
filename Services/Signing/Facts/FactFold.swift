import Messaging
import RecordModel

/// The newest version of a record in a batch.
struct ArrivedRecord: Sendable {
    var doseID: DoseID
    var version: UInt32
    var active: Bool
    /// 0 where what was typed is no whole number.
    var doseNumber: Int32
    var sourceRecordID: String
    /// The message as it came.
    var wire: [UInt8]
}

/// The newest verdict and person of a dose in a batch.
struct ArrivedVerification: Sendable {
    var doseID: DoseID
    var verification = Verification()
}

/// A batch folded by dose: what is to be stored, sorted by dose so that rows are always locked in the same order, and
/// what can never be.
struct FactFold {
    private(set) var records: [ArrivedRecord] = []
    private(set) var verifications: [ArrivedVerification] = []
    private(set) var rejections: [Rejection] = []
    private var recordPlaces: [DoseID: Int] = [:]
    private var verificationPlaces: [DoseID: Int] = [:]

    init(_ batch: [InboundMessage]) {
        recordPlaces.reserveCapacity(batch.count)
        verificationPlaces.reserveCapacity(batch.count)
        for (index, message) in batch.enumerated() {
            do throws(WireError) {
                try take(message)
            } catch {
                rejections.append(Rejection(index: index, errorClass: "decode", reason: error.description))
            }
        }
        records.sort { $0.doseID < $1.doseID }
        verifications.sort { $0.doseID < $1.doseID }
    }

    private mutating func take(_ message: InboundMessage) throws(WireError) {
        switch message.topic {
        case Topic.doseRecorded.name:
            take(try DoseRecord(wire: message.value), message.value)
        case Topic.verdict.name:
            let verdict = try Verdict(wire: message.value)
            try check(verdict.assessment, of: Verdict.eventType)
            take(
                Verification(facilityCode: verdict.facilityCode, verdict: VerdictFact(verdict)), of: verdict.doseID)
        case Topic.person.name:
            let link = try PersonLinked(wire: message.value)
            try check(link.assessment, of: PersonLinked.eventType)
            take(Verification(person: PersonFact(link)), of: link.doseID)
        default:
            throw WireError(message: message.topic, field: "", rule: "Signing does not read this topic")
        }
    }

    private mutating func take(_ record: DoseRecord, _ wire: [UInt8]) {
        let arrived = ArrivedRecord(
            doseID: record.doseID, version: record.version, active: record.status == .active,
            doseNumber: record.dose.doseNumber, sourceRecordID: record.sourceRecordID, wire: wire)
        if let place = recordPlaces[record.doseID] {
            if record.version > records[place].version { records[place] = arrived }
        } else {
            recordPlaces[record.doseID] = records.count
            records.append(arrived)
        }
    }

    private mutating func take(_ verification: Verification, of doseID: DoseID) {
        if let place = verificationPlaces[doseID] {
            _ = verifications[place].verification.absorb(verification)
        } else {
            verificationPlaces[doseID] = verifications.count
            verifications.append(ArrivedVerification(doseID: doseID, verification: verification))
        }
    }

    private func check(_ assessment: UInt64, of message: String) throws(WireError) {
        guard assessment <= UInt64(Int64.max) else {
            throw WireError(message: message, field: "assessment", rule: "is beyond what can be stored")
        }
    }
}
