import RecordModel

/// What the last run found about a person; the raw value is stored.
enum LineState: Int32, Sendable {
    /// A valid passport shows the newest signed dose.
    case current = 1
    /// No dose is signed, verified right and of this person.
    case empty = 2
    /// The signed doses contradict each other.
    case contradiction = 3
    /// A signed record cannot be written as a passport.
    case unwritable = 4
    /// A fact about the dose that the valid passport shows has not come back yet.
    case incomplete = 5

    /// Whether somebody has to act, or a fact has to come back, before there can be a passport of the newest dose.
    var isBlocked: Bool { self != .current && self != .empty }
}

/// Why a passport was revoked: it was false. The raw value goes out with the event.
enum RevocationReason: String, Sendable {
    /// Its dose is another person's.
    case anotherPerson = "another-person"
    /// The record says something else since.
    case contentCorrected = "content-corrected"
    /// The facility has taken the record back.
    case recordWithdrawn = "record-withdrawn"
}

/// A passport that is out there, valid or superseded.
struct StandingPassport: Sendable, Equatable {
    /// The random part of the certificate identifier.
    var certificate: CertificateNumber
    var person: PersonKey
    var isValid: Bool
    var doseID: DoseID
    var shownHash: [UInt8]
    var faceHash: [UInt8]
}

/// What a run does for one person.
struct PersonDecision: Sendable {
    struct Issue: Sendable {
        var dose: VaccinationLine.Dose
        var seriesDoses: Int
        var faceHash: [UInt8]
    }

    var state: LineState
    var issue: Issue?
    /// Valid until now; a new one takes its place, and it stays true.
    var supersede: [CertificateNumber] = []
    var revoke: [(certificate: CertificateNumber, reason: RevocationReason)] = []

    /// Decides from the facts alone.
    /// - Parameters:
    ///   - doses: the facts about every attested dose that is linked to the person, or shown by one of the passports.
    ///   - passports: the person's passports that are not revoked.
    ///   - issuer: as it stands in new passports.
    static func decide(
        person: PersonKey, doses: [DoseFacts], passports: [StandingPassport], issuer: String
    ) -> PersonDecision {
        let byID = passports.isEmpty ? [:] : Dictionary(doses.map { ($0.doseID, $0) }) { first, _ in first }
        var decision = PersonDecision(state: .empty)
        for passport in passports {
            if let facts = byID[passport.doseID], let reason = falsehood(of: passport, facts) {
                decision.revoke.append((passport.certificate, reason))
            }
        }
        let revoked = Set(decision.revoke.map(\.certificate))
        let valid = passports.filter { $0.isValid && !revoked.contains($0.certificate) }
        // A projection that is being rebuilt: the passport's dose is not known completely, so its absence from the line
        // means nothing.
        let awaited = valid.contains { passport in
            byID[passport.doseID].map { $0.attestation == nil || DoseStanding.of($0).isIncomplete } ?? true
        }
        if awaited {
            decision.state = .incomplete
            return decision
        }
        var counted: [VaccinationLine.Dose] = []
        for facts in doses where facts.link?.person == person && DoseStanding.of(facts) == .counted {
            guard let record = facts.record, let shown = record.shown, let face = try? PassportFace(shown) else {
                decision.state = .unwritable
                return decision
            }
            counted.append(
                VaccinationLine.Dose(
                    doseID: facts.doseID, version: record.version, facilityCode: shown.facilityCode,
                    sourceRecordID: shown.sourceRecordID, face: face))
        }
        decision.close(VaccinationLine(counted), valid: valid, issuer: issuer)
        return decision
    }

    private mutating func close(_ line: VaccinationLine, valid: [StandingPassport], issuer: String) {
        guard let newest = line.newest else { return }
        guard line.contradiction == nil else {
            state = .contradiction
            return
        }
        state = .current
        let series = line.seriesDoses(of: newest)
        let faceHash = newest.face.faceHash(seriesDoses: series, issuer: issuer)
        let same = valid.contains { $0.doseID == newest.doseID && $0.faceHash == faceHash }
        if same { return }
        issue = Issue(dose: newest, seriesDoses: series, faceHash: faceHash)
        supersede = valid.map(\.certificate)
    }

    /// Whether what a passport shows is false by now. A verdict that a register switch has turned revokes nothing, nor
    /// does a signature that does not stand any more: what was shown may still be true.
    private static func falsehood(of passport: StandingPassport, _ facts: DoseFacts) -> RevocationReason? {
        guard let record = facts.record else { return nil }
        guard record.isActive else { return .recordWithdrawn }
        if let owner = facts.link?.person, owner != passport.person { return .anotherPerson }
        guard let shown = record.shown, let face = try? PassportFace(shown) else { return .contentCorrected }
        return face.shownHash == passport.shownHash ? nil : .contentCorrected
    }
}
