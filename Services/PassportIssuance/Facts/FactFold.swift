import Cryptography
import Messaging
import RecordModel

/// A batch folded by dose: of each kind of fact the newest, sorted by dose so that rows are always locked in the same
/// order; and what can never be handled.
struct FactFold {
    private(set) var doses: [DoseFacts] = []
    private(set) var rejections: [Rejection] = []
    private var places: [DoseID: Int] = [:]

    init(_ batch: [InboundMessage]) {
        places.reserveCapacity(batch.count)
        doses.reserveCapacity(batch.count)
        for (index, message) in batch.enumerated() {
            do throws(WireError) {
                try take(message)
            } catch {
                rejections.append(Rejection(index: index, errorClass: "decode", reason: error.description))
            }
        }
        // Numbers are moved about while sorting, each row of facts only once.
        let order = doses.indices.sorted { doses[$0].doseID < doses[$1].doseID }
        doses = order.map { doses[$0] }
        places = [:]
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
        let place = place(record.doseID)
        let canonical = SignedContent.canonicalBytes(of: record)
        let hash = Array(SHA256.hash(canonical).prefix(16))
        let known = doses[place].record
        if let known, known.version >= record.version {
            if known.version > record.version { doses[place].earlier[record.version] = hash }
            return
        }
        if let known { doses[place].earlier[known.version] = known.hash }
        doses[place].record = DoseFacts.Record(
            version: record.version, isActive: record.status == .active,
            locator: Locator.of(facilityCode: record.facilityCode, sourceRecordID: record.sourceRecordID),
            content: ShownRecord(record).packed, hash: hash, digest: SHA256.hash(record.salt, canonical))
    }

    private mutating func take(_ verdict: Verdict) throws(WireError) {
        try check(UInt64(verdict.doseVersion), from: 1, "dose_version", of: Verdict.eventType)
        try check(verdict.assessment, from: 0, "assessment", of: Verdict.eventType)
        let place = place(verdict.doseID)
        if let known = doses[place].judgement, known.order >= verdict.order { return }
        doses[place].judgement = DoseFacts.Judgement(
            order: verdict.order, outcome: verdict.outcome, decidedAt: verdict.decidedAt)
    }

    private mutating func take(_ link: PersonLinked) throws(WireError) {
        try check(UInt64(link.doseVersion), from: 1, "dose_version", of: PersonLinked.eventType)
        try check(link.assessment, from: 0, "assessment", of: PersonLinked.eventType)
        let place = place(link.doseID)
        if let known = doses[place].link, known.order >= link.order { return }
        doses[place].link = DoseFacts.Link(order: link.order, person: link.personKey)
    }

    private mutating func take(_ attested: DoseAttested) throws(WireError) {
        try check(UInt64(attested.doseVersion), from: 1, "dose_version", of: DoseAttested.eventType)
        try check(attested.revision, from: 1, "revision", of: DoseAttested.eventType)
        let place = place(attested.doseID)
        if let known = doses[place].attestation, known.revision >= attested.revision { return }
        doses[place].attestation = DoseFacts.Attestation(
            version: attested.doseVersion, revision: attested.revision, status: attested.status,
            digest: attested.contentSHA256, signedAt: attested.signedAt)
    }

    private mutating func place(_ doseID: DoseID) -> Int {
        if let known = places[doseID] { return known }
        places[doseID] = doses.count
        doses.append(DoseFacts(doseID: doseID))
        return doses.count - 1
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

/// Where a record is found by the facility's own number.
enum Locator {
    /// Eight bytes instead of an index over two texts.
    static func of(facilityCode: String, sourceRecordID: String) -> Int64 {
        let hash = SHA256.hash(Array(facilityCode.utf8) + [0] + Array(sourceRecordID.utf8))
        return Int64(bitPattern: hash.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    /// The identifiers of a facility's doses.
    static func doses(ofFacility code: String) -> ClosedRange<DoseID> {
        DoseID.range(facilityHash: SHA256.prefix32(of: code))
    }
}
