import RecordModel

/// A signature (or minutes) over one version of a dose record, as it stands now.
struct Attestation: Hashable, Sendable {
    /// Why an attestation does not stand any more.
    enum Staleness: String, Hashable, Sendable {
        case contentChanged = "content-changed"
        case withdrawn
        case notRight = "not-right"
    }

    /// The version that was signed, and the assessment that was in force then.
    var order: FactOrder
    /// Grows with every change of the attestation; the greatest stands.
    var revision: UInt64
    /// Signed, or covered by minutes: what it is while it stands.
    var basis: AttestationStatus
    /// Nil while it stands.
    var staleness: Staleness?
    var turnID: TurnID
    /// Line within the turn's manifest, from 1.
    var position: UInt32
    /// SHA-256 of the canonical content that was signed, without the salt.
    var content: [UInt8]
    /// SHA-256 over salt and canonical content, as the manifest has it.
    var contentSHA256: [UInt8]
    /// Upper-case hexadecimal.
    var signerSerial: String
    var signedAt: Instant
    /// When it last became what it is.
    var changedAt: Instant

    var stands: Bool { staleness == nil }
    var status: AttestationStatus { stands ? basis : .stale }

    /// Whether it stands, from the facts alone: the same facts give the same answer in whatever order they came.
    ///
    /// It is stale when the record was withdrawn, its signed content differs from what was signed, or its verdict is no
    /// longer right. A changed phone number is none of these. Facts older than what was signed say nothing. Where the
    /// facts agree again with what was signed (a register switch taken back), the signature stands again: it was never
    /// false. Where they do not suffice to say so, nothing changes.
    func staleness(under facts: DoseFacts) -> Staleness? {
        let dose = facts.dose.flatMap { $0.version >= order.version ? $0 : nil }
        let verdict = facts.verdict.flatMap { $0.order >= order ? $0 : nil }
        if let dose {
            if !dose.active { return .withdrawn }
            if dose.content != content { return .contentChanged }
        }
        if let verdict, verdict.outcome != .right { return .notRight }
        return dose != nil && verdict != nil ? nil : staleness
    }

    /// The attestation after the facts, with the next revision; nil when nothing changes.
    func revised(under facts: DoseFacts, at now: Instant) -> Attestation? {
        let next = staleness(under: facts)
        guard (next == nil) != stands || (next != nil && next != staleness) else { return nil }
        var revised = self
        revised.staleness = next
        revised.changedAt = now
        // A stale attestation that is stale for another reason now is no news to anybody outside.
        if (next == nil) != stands { revised.revision += 1 }
        return revised
    }
}
