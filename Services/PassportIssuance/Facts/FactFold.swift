import Cryptography
import Messaging
import RecordModel

/// The newest facts about one dose in a batch.
struct ArrivedFacts: Sendable {
    var subjectID: SubjectID
    var locator: Int64?
    var facts: DoseFacts
}

/// A batch folded by dose, sorted by dose so that rows are always locked in the same order; and what can never be
/// handled.
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
        arrived.sort { $0.facts.doseID < $1.facts.doseID }
    }

    private mutating func take(_ message: InboundMessage) throws(WireError) {
        switch message.topic {
        case Topic.doseRecorded.name: try take(try DoseRecord(wire: message.value))
        case Topic.verdict.name: try take(try Verdict(wire: message.value))
        case Topic.person.name: try take(try PersonLinked(wire: message.value))
        case Topic.doseAttested.name: try take(try DoseAttested(wire: message.value))
        default: throw WireError(message: message.topic, field: "", rule: "PassportIssuance does not read this topic")
        }
    }

    private mutating func take(_ record: DoseRecord) throws(WireError) {
        try check(UInt64(record.version), from: 1, "version", of: DoseRecord.eventType)
        let place = place(record.doseID, record.subjectID, record.facilityCode, record.sourceRecordID)
        let canonical = SignedContent.canonicalBytes(of: record)
        let hash = Array(SHA256.hash(canonical).prefix(16))
        let known = arrived[place].facts.record
        if let known, known.version >= record.version {
            if known.version > record.version { arrived[place].facts.earlier[record.version] = hash }
            return
        }
        if let known { arrived[place].facts.earlier[known.version] = known.hash }
        arrived[place].facts.record = DoseFacts.Record(
            version: record.version, isActive: record.status == .active,
            shared: DoseFacts.SharedRecord(record.withoutIdentityNumber),
            hash: hash, digest: SHA256.hash(record.salt, canonical))
    }

    private mutating func take(_ verdict: Verdict) throws(WireError) {
        try check(UInt64(verdict.doseVersion), from: 1, "dose_version", of: Verdict.eventType)
        try check(verdict.assessment, from: 0, "assessment", of: Verdict.eventType)
        let place = place(verdict.doseID, verdict.subjectID, verdict.facilityCode, verdict.sourceRecordID)
        if let known = arrived[place].facts.judgement, known.order >= verdict.order { return }
        arrived[place].facts.judgement = DoseFacts.Judgement(
            order: verdict.order, outcome: verdict.outcome, decidedAt: verdict.decidedAt)
    }

    private mutating func take(_ link: PersonLinked) throws(WireError) {
        try check(UInt64(link.doseVersion), from: 1, "dose_version", of: PersonLinked.eventType)
        try check(link.assessment, from: 0, "assessment", of: PersonLinked.eventType)
        let place = place(link.doseID, link.subjectID)
        if let known = arrived[place].facts.link, known.order >= link.order { return }
        arrived[place].facts.link = DoseFacts.Link(order: link.order, person: link.personKey)
    }

    private mutating func take(_ attested: DoseAttested) throws(WireError) {
        try check(UInt64(attested.doseVersion), from: 1, "dose_version", of: DoseAttested.eventType)
        try check(attested.revision, from: 1, "revision", of: DoseAttested.eventType)
        let place = place(attested.doseID, attested.subjectID, attested.facilityCode, attested.sourceRecordID)
        if let known = arrived[place].facts.attestation, known.revision >= attested.revision { return }
        arrived[place].facts.attestation = DoseFacts.Attestation(
            version: attested.doseVersion, revision: attested.revision, status: attested.status,
            digest: attested.contentSHA256, signedAt: attested.signedAt)
    }

    private mutating func place(
        _ doseID: DoseID, _ subjectID: SubjectID, _ facilityCode: String = "", _ recordID: String = ""
    ) -> Int {
        let place: Int
        if let known = places[doseID] {
            place = known
        } else {
            place = arrived.count
            places[doseID] = place
            arrived.append(ArrivedFacts(subjectID: subjectID, facts: DoseFacts(doseID: doseID)))
        }
        if arrived[place].locator == nil, !facilityCode.isEmpty {
            arrived[place].locator = Locator.of(facilityCode: facilityCode, sourceRecordID: recordID)
        }
        return place
    }

    /// Versions and revisions count from 1: 0 is stored as "none yet".
    private func check(
        _ number: UInt64, from least: UInt64, _ field: String, of message: String
    ) throws(WireError) {
        guard number >= least, number <= UInt64(Int64.max) else {
            throw WireError(message: message, field: field, rule: "is below \(least) or beyond what can be stored")
        }
    }
}

/// Where a record is found by the facility's own number: eight bytes instead of an index over two texts.
enum Locator {
    static func of(facilityCode: String, sourceRecordID: String) -> Int64 {
        let hash = SHA256.hash(Array(facilityCode.utf8) + [0] + Array(sourceRecordID.utf8))
        return Int64(bitPattern: hash.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}

extension DoseRecord {
    /// The record with what a passport does not show taken out: nothing is kept here that is not needed.
    var withoutIdentityNumber: DoseRecord {
        var record = self
        record.identity.idNumber = ""
        record.identity.sex = ""
        record.subject.idKind = ""
        record.subject.phone = ""
        record.subject.residenceCommune = ""
        record.dose.lotNumber = ""
        return record
    }
}
