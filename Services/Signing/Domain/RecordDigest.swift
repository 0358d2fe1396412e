import Cryptography
import RecordModel

/// `content_sha256` of the manifest: SHA-256 over the record's salt and its canonical signed content.
func contentDigest(of record: DoseRecord) -> [UInt8] {
    SHA256.hash(record.salt, SignedContent.canonicalBytes(of: record))
}

/// Both digests of a record's signed content, written down once.
func digests(of record: DoseRecord) -> (content: [UInt8], contentSHA256: [UInt8]) {
    let canonical = SignedContent.canonicalBytes(of: record)
    return (SHA256.hash(canonical), SHA256.hash(record.salt, canonical))
}

extension DoseFact {
    init(_ record: DoseRecord) {
        self.init(
            version: record.version, active: record.status == .active,
            content: SHA256.hash(SignedContent.canonicalBytes(of: record)), doseNumber: record.dose.doseNumber,
            injectedOn: record.dose.injectedOn)
    }
}

extension VerdictFact {
    init(_ verdict: Verdict) {
        self.init(order: verdict.order, outcome: verdict.outcome, decidedAt: verdict.decidedAt)
    }
}

extension PersonFact {
    init(_ link: PersonLinked) { self.init(order: link.order, key: link.personKey) }
}
