import Cryptography
import RecordModel
import Storage

/// One chunk of a run's lane: some hundred persons, one transaction.
///
/// With the gate shut everything about the persons is read; what each needs is decided by a pure function, signed, and
/// written set-wise, together with the lane's place. So a run that was killed goes on after the last chunk that was
/// committed, and a person is never done twice by one run.
struct RunChunk: Sendable {
    let encoder: PassportEncoder
    let issuer: String
    let clock: any WallClock
    /// Persons in a chunk: its events are one row of the outbox, about 850 bytes a passport.
    var size = 400

    /// What a chunk did.
    struct Outcome: Sendable, Equatable {
        var persons = 0
        var issued = 0
        var isFinished = false
    }

    /// Does the next chunk of a lane of the open run; finished when nobody is left in it or no run is open.
    func run(lane number: Int = 0, in tx: Transaction) throws -> Outcome {
        guard let lane = try tx.run(LockLane(lane: number)).first else { return Outcome(isFinished: true) }
        try Gate.shut(tx)
        let persons = try tx.run(MarkedPersons(after: lane.lastPerson, until: lane.untilPerson, limit: size))
        guard let last = persons.last else {
            try tx.run(FinishLane(runID: lane.runID, lane: number))
            return Outcome(isFinished: true)
        }
        let work = try Work(persons: persons, issuer: issuer, in: tx)
        let now = clock.now()
        let issued = try sign(work.decisions, at: now)
        let changed = work.changedPassports(replacedBy: issued, at: now)
        if !issued.isEmpty { try tx.run(InsertPassports(passports: issued, runID: lane.runID)) }
        if !changed.isEmpty { try tx.run(UpdatePassports(passports: changed)) }
        if !work.doses.isEmpty { try tx.run(MarkOtherHolders(doses: work.doses, at: now)) }
        try settle(work, at: now, in: tx)
        try tx.run(UnmarkPersons(after: lane.lastPerson, until: last))
        let revoked = changed.filter { $0.status == .revoked }
        try tx.run(
            AdvanceLane(
                runID: lane.runID, lane: number, lastPerson: last, persons: persons.count, issued: issued.count,
                superseded: changed.count - revoked.count, revoked: revoked.count,
                contradictions: work.decisions.count { $0.decision.state == .contradiction },
                revokedValid: revoked.count { work.wasValid($0.certificate) }))
        for passport in changed + issued { try tx.emit(passport.event.event(source: "passport-issuance", at: now)) }
        return Outcome(persons: persons.count, issued: issued.count)
    }

    private func settle(_ work: Work, at now: Instant, in tx: Transaction) throws {
        let blocked = work.decisions.filter { $0.decision.state.isBlocked }
        if !blocked.isEmpty {
            try tx.run(BlockPersons(persons: blocked.map(\.person), states: blocked.map(\.decision.state), at: now))
        }
        let free = work.decisions.lazy.filter { !$0.decision.state.isBlocked }.map(\.person)
        try tx.run(UnblockPersons(persons: Array(free)))
    }

    /// Makes the new passports.
    private func sign(_ decisions: [Work.Decided], at now: Instant) throws(CryptographyError) -> [StoredPassport] {
        let issuedAt = now.microseconds / 1_000_000
        let expiresAt = Validity.end(issuedAt: issuedAt, signerEnds: encoder.signer.certificate.notAfter)
        let kid = encoder.signer.certificate.keyIdentifier
        var made: [StoredPassport] = []
        made.reserveCapacity(decisions.count)
        for (person, decision) in decisions {
            guard let issue = decision.issue else { continue }
            let number = CertificateNumber.new()
            let certificate = issue.dose.face.certificate(
                seriesDoses: issue.seriesDoses, issuer: issuer, certificateID: number.uvci)
            let encoded = try encoder.encode(certificate, issuedAt: issuedAt, expiresAt: expiresAt)
            made.append(
                StoredPassport(
                    certificate: number, person: person, status: .valid, revision: 1, doseID: issue.dose.doseID,
                    doseVersion: issue.dose.version, facilityCode: issue.dose.facilityCode,
                    sourceRecordID: issue.dose.sourceRecordID, hc1: encoded.text, kid: kid,
                    shownHash: issue.dose.face.shownHash, faceHash: issue.faceHash,
                    issuedAt: Instant(microseconds: issuedAt * 1_000_000),
                    expiresAt: Instant(microseconds: expiresAt * 1_000_000), changedAt: now))
        }
        return made
    }
}

/// Everything a chunk reads, and what was decided from it.
private struct Work {
    typealias Decided = (person: PersonKey, decision: PersonDecision)

    let persons: [PersonKey]
    let passports: [CertificateNumber: StoredPassport]
    let decisions: [Decided]
    /// The doses that were looked at, each with the person whose it is.
    let doses: [(dose: DoseID, person: PersonKey)]

    init(persons: [PersonKey], issuer: String, in tx: Transaction) throws {
        self.persons = persons
        let passports = try tx.run(StandingPassports(persons: persons))
        var facts: [DoseID: DoseFacts] = [:]
        for dose in try tx.run(DosesOfPersons(persons: persons)) { facts[dose.doseID] = dose }
        // Doses that a passport shows and that are linked to nobody, or to somebody else.
        let lost = Set(passports.map(\.doseID)).filter { facts[$0] == nil }.sorted()
        if !lost.isEmpty {
            for dose in try tx.run(DosesByID(doseIDs: lost)) { facts[dose.doseID] = dose }
        }
        var doses: [PersonKey: [DoseFacts]] = [:]
        for dose in facts.values {
            if let person = dose.link?.person { doses[person, default: []].append(dose) }
        }
        self.doses = facts.values.compactMap { dose in dose.link?.person.map { (dose.doseID, $0) } }
        let held = Dictionary(grouping: passports, by: \.person)
        decisions = persons.map { person in
            let own = held[person] ?? []
            var known = doses[person] ?? []
            for passport in own {
                if let dose = facts[passport.doseID], dose.link?.person != person { known.append(dose) }
            }
            let decision = PersonDecision.decide(
                person: person, doses: known, passports: own.map(\.standing), issuer: issuer)
            return (person, decision)
        }
        self.passports = Dictionary(passports.map { ($0.certificate, $0) }) { first, _ in first }
    }

    func wasValid(_ certificate: CertificateNumber) -> Bool { passports[certificate]?.status == .valid }

    /// The passports that are superseded or revoked, in their new state.
    func changedPassports(replacedBy issued: [StoredPassport], at now: Instant) -> [StoredPassport] {
        let successor = Dictionary(issued.map { ($0.person, $0.certificate) }) { first, _ in first }
        var changed: [StoredPassport] = []
        for (person, decision) in decisions {
            for certificate in decision.supersede {
                guard var passport = passports[certificate] else { continue }
                passport.status = .superseded
                passport.supersededBy = successor[person]
                passport.reason = "newer-passport"
                changed.append(passport)
            }
            for (certificate, reason) in decision.revoke {
                guard var passport = passports[certificate] else { continue }
                passport.status = .revoked
                passport.supersededBy = passport.supersededBy ?? successor[person]
                passport.reason = reason.rawValue
                changed.append(passport)
            }
        }
        for index in changed.indices {
            changed[index].revision += 1
            changed[index].changedAt = now
        }
        return changed
    }
}
