import RecordModel

/// What other services have said about one dose, each fact the newest of its kind.
struct DoseFacts: Sendable, Equatable {
    /// A version of the record.
    struct Record: Sendable, Equatable {
        var version: UInt32
        var isActive: Bool
        /// Where it is found by the facility's own number.
        var locator: Int64
        /// `ShownRecord`, packed: it is read where a passport is made, which most facts never come to.
        var content: [UInt8]
        /// The first 16 bytes of SHA-256 over the signed content, without salt.
        var hash: [UInt8]
        /// SHA-256 over salt and signed content.
        var digest: [UInt8]

        /// What a passport may show; nil for bytes that nobody here has packed.
        var shown: ShownRecord? { ShownRecord(packed: content) }
    }

    struct Judgement: Sendable, Equatable {
        var order: FactOrder
        var outcome: Outcome
        var decidedAt: Instant
    }

    struct Link: Sendable, Equatable {
        var order: FactOrder
        /// Nil: of nobody any more.
        var person: PersonKey?
    }

    struct Attestation: Sendable, Equatable {
        var version: UInt32
        var revision: UInt64
        var status: AttestationStatus
        var digest: [UInt8]
        var signedAt: Instant
    }

    var doseID: DoseID
    var record: Record?
    /// Hashes of earlier versions, as far as they were seen.
    var earlier: [UInt32: [UInt8]] = [:]
    var judgement: Judgement?
    var link: Link?
    var attestation: Attestation?
}

/// Where a dose stands on its way into a passport. Only `counted` doses are on a person's line (PAS-03).
enum DoseStanding: Sendable, Equatable {
    /// Signed by the facility, verified right, of a known person: it is on the line.
    case counted
    /// The record itself has not arrived yet.
    case recordAwaited
    /// The facility has taken the record back.
    case withdrawn
    case notSigned
    /// Minutes do not lead to a passport (MIN-04).
    case minutesOnly
    /// The signature does not stand any more.
    case stale
    /// The record's signed content is another one since; the facility has to sign again.
    case changedSinceSigning
    /// What was signed is not what the record says.
    case digestDiffers
    case verdictAwaited
    case notRight(Outcome)
    case personAwaited
    /// Its person is not known any more.
    case ofNobody

    /// Whether a fact is still on its way: nothing is concluded from its absence.
    var isIncomplete: Bool { [.recordAwaited, .verdictAwaited, .personAwaited].contains(self) }

    /// The standing that follows from the facts, whatever order they came in.
    static func of(_ facts: DoseFacts) -> DoseStanding {
        guard let record = facts.record else { return .recordAwaited }
        guard record.isActive else { return .withdrawn }
        guard let attestation = facts.attestation else { return .notSigned }
        switch attestation.status {
        case .stale: return .stale
        case .minutes: return .minutesOnly
        case .signed: break
        }
        // A version that was signed and has not arrived here yet.
        guard record.version >= attestation.version else { return .recordAwaited }
        if record.version == attestation.version {
            guard record.digest == attestation.digest else { return .digestDiffers }
        } else if let signed = facts.earlier[attestation.version], signed != record.hash {
            return .changedSinceSigning
        }
        // Facts about versions before the signed one say nothing about it.
        guard let judgement = facts.judgement, judgement.order.version >= attestation.version else {
            return .verdictAwaited
        }
        guard judgement.outcome == .right else { return .notRight(judgement.outcome) }
        guard let link = facts.link, link.order.version >= attestation.version else { return .personAwaited }
        return link.person == nil ? .ofNobody : .counted
    }
}
