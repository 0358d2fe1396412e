import RecordModel

/// Whether a dose may be put into a turn, and if not, why not (SIG-13, SIG-21).
enum Signability: Hashable, Sendable {
    case ready
    case blocked(Reason)

    enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Only facts about the record have arrived so far, not the record.
        case recordUnknown = "record-unknown"
        case withdrawn
        /// The register check has not answered this version yet.
        case notVerified = "not-verified"
        case wrong
        case cannotVerify = "cannot-verify"
        /// Nationality other than Viet Nam: signable only under a rule of its own, not open yet (SIG-28).
        case exempt
        case doseNumberOutOfRange = "dose-number-out-of-range"
        /// Right, but the person has not arrived yet.
        case personUnknown = "person-unknown"
        /// The same content is attested already.
        case attested
    }

    var isReady: Bool { self == .ready }

    /// The one rule: active, verdict right for the current version, dose number within the limits, person known, and
    /// not attested with the same content.
    static func of(_ facts: DoseFacts, attestation: Attestation?, limits: SigningLimits) -> Signability {
        guard let dose = facts.dose else { return .blocked(.recordUnknown) }
        guard dose.active else { return .blocked(.withdrawn) }
        if let attestation, attestation.stands { return .blocked(.attested) }
        guard let verdict = facts.verdict, verdict.order.version == dose.version else { return .blocked(.notVerified) }
        switch verdict.outcome {
        case .wrong: return .blocked(.wrong)
        case .cannotVerify: return .blocked(.cannotVerify)
        case .exempt: return .blocked(.exempt)
        case .right: break
        }
        guard limits.doseNumbers.contains(dose.doseNumber) else { return .blocked(.doseNumberOutOfRange) }
        guard facts.person?.key != nil else { return .blocked(.personUnknown) }
        return .ready
    }
}
