import Cryptography
import Observability
import RecordModel
import Storage

/// A signature as a facility's head sends it.
struct TurnSignature: Sendable {
    var turnID: TurnID
    /// The unit and the account of the token.
    var unitCode: String
    var signedBy: String
    /// Detached CMS, DER.
    var der: [UInt8]
}

/// Why a signature had no effect. Except where a turn has moved or expired, the turn stays as it was.
enum SignatureRefusal: Error, Hashable, Sendable {
    case unknownTurn
    /// The turn is of another unit (SIG-12).
    case foreignTurn
    /// Signed by another signature already, failed or expired.
    case notOpen(TurnState)
    /// The signature itself, its chain or its algorithm is not good; the reason is OpenSSL's or ours.
    case notGood(String)
    /// The certificate is registered for no unit, or for another one (SIG-03, SIG-04).
    case notRegistered(serial: String)
    /// The registration was withdrawn.
    case withdrawn(serial: String)
}

/// What a good signature did.
enum SignatureOutcome: Sendable {
    /// The turn's doses are attested; also the answer to the same signature sent again.
    case signed(TurnRow)
    /// Something had moved: nothing is attested, the turn has failed.
    case moved([MovedDose])
}

/// A prepared turn whose stored members are not those of its manifest; nothing takes effect.
struct TurnUnreadable: Error, CustomStringConvertible {
    var description: String { "a stored turn cannot be read" }
}

/// Makes a turn take effect: one transaction, all doses or none.
///
/// The signature is verified before anything else is looked at: chain to the trust anchors, then the certificate's
/// registration for the unit. Then the doses' rows are taken out of `ready_dose`, in the order of their ids: a row is
/// there as long as the dose is right, not attested, of the version and the person that the turn names, and whoever
/// wants to change that waits for this transaction. A row that is missing has moved; it fails the whole turn and is
/// listed, and the rows that were taken are as if they had never been touched: put back as new ones, they would escape
/// whoever waits for the old ones.
struct TurnSigning {
    let trust: TrustAnchors
    let limits: SigningLimits
    let metrics: SigningMetrics

    /// Throws `SignatureRefusal`.
    func take(_ signature: TurnSignature, at now: Instant, in tx: Transaction) throws -> SignatureOutcome {
        guard let (turn, bytes, members) = try tx.run(LockTurn(turnID: signature.turnID)).first else {
            throw SignatureRefusal.unknownTurn
        }
        guard turn.unitCode == signature.unitCode else { throw SignatureRefusal.foreignTurn }
        let digest = SHA256.hash(signature.der)
        if turn.state == .signed, turn.signatureSHA256 == digest { return .signed(turn) }
        guard turn.state(at: now) == .prepared, let bytes, let members else {
            throw SignatureRefusal.notOpen(turn.state(at: now))
        }
        let signer = try verify(signature.der, over: bytes, at: now)
        try checkRegistration(of: signer, unitCode: turn.unitCode, in: tx)
        let manifest = try Manifest(bytes: bytes)
        guard let doses = TurnMembers.doses(members, lines: manifest.lines) else { throw TurnUnreadable() }
        let moved = try attest(doses, of: manifest, turn: turn, serial: signer.serial, at: now, in: tx)
        guard moved.isEmpty else {
            try tx.run(
                MarkTurnEnded(turnID: turn.turnID, state: .failed, endedAt: now, moved: json(of: moved)))
            return .moved(moved)
        }
        let signed = try tx.run(
            MarkTurnSigned(
                turnID: turn.turnID, signature: signature.der, signatureSHA256: digest, signerSerial: signer.serial,
                signerCertificate: signer.der, signedBy: signature.signedBy, signedAt: now))
        return .signed(signed[0])
    }

    private func verify(_ der: [UInt8], over bytes: [UInt8], at now: Instant) throws -> Certificate {
        do throws(CryptographyError) {
            return try CMS.verify(der, over: bytes, anchors: trust.current(), at: now.microseconds / 1_000_000).signer
        } catch {
            throw SignatureRefusal.notGood(error.description)
        }
    }

    private func checkRegistration(of signer: Certificate, unitCode: String, in tx: Transaction) throws {
        guard let registered = try tx.run(RegistrationForUse(fingerprint: signer.fingerprint)).first,
            registered.unitCode == unitCode
        else { throw SignatureRefusal.notRegistered(serial: signer.serial) }
        guard registered.withdrawnAt == nil else { throw SignatureRefusal.withdrawn(serial: signer.serial) }
    }

    /// Attests the doses, or gives back what has moved and leaves everything as it was.
    private func attest(
        _ doses: [TurnDose], of manifest: Manifest, turn: TurnRow, serial: String, at now: Instant, in tx: Transaction
    ) throws -> [MovedDose] {
        do {
            try tx.savepoint { try attestAll(doses, turn: turn, serial: serial, at: now, in: tx) }
            return []
        } catch let incomplete as IncompleteTurn {
            return try moved(manifest, unitCode: turn.unitCode, ready: incomplete.ready, in: tx)
        }
    }

    private func attestAll(
        _ doses: [TurnDose], turn: TurnRow, serial: String, at now: Instant, in tx: Transaction
    ) throws {
        let sorted = doses.sorted { $0.line.doseID < $1.line.doseID }
        let taken = try tx.run(TakeReady(unitCode: turn.unitCode, doses: sorted))
        // Only now: another signature that held one of these rows has committed, and its attestation is seen.
        let earlier = try tx.run(StandingOfDoses(doseIDs: sorted.map(\.line.doseID)))
        let attested = Set(earlier.lazy.filter(\.stands).map(\.doseID))
        guard taken.count == sorted.count, attested.isEmpty else {
            throw IncompleteTurn(ready: Set(taken.lazy.map(\.0)).subtracting(attested))
        }
        let assessments = Dictionary(uniqueKeysWithValues: taken)
        let revisions = Dictionary(uniqueKeysWithValues: earlier.map { ($0.doseID, $0.revision) })
        let rows = sorted.map { dose in
            StoredAttestation(
                doseID: dose.line.doseID, subjectID: dose.member.subjectID, facilityCode: dose.line.facilityCode,
                sourceRecordID: dose.line.sourceRecordID,
                attestation: Attestation(
                    order: FactOrder(
                        version: dose.line.doseVersion, assessment: assessments[dose.line.doseID] ?? 0),
                    revision: (revisions[dose.line.doseID] ?? 0) + 1, basis: .signed, staleness: nil,
                    turnID: turn.turnID, position: dose.position, content: dose.member.content,
                    contentSHA256: dose.line.contentSHA256, signerSerial: serial, signedAt: now, changedAt: now))
        }
        if !earlier.isEmpty { try tx.run(ArchiveAttestations(doseIDs: earlier.map(\.doseID).sorted())) }
        try tx.run(AttestDoses(turnID: turn.turnID, facilityCode: turn.unitCode, at: now, rows: rows))
        for row in rows { try tx.emit(row.event) }
    }

    /// What has moved.
    private func moved(
        _ manifest: Manifest, unitCode: String, ready: Set<DoseID>, in tx: Transaction
    ) throws -> [MovedDose] {
        let stored = try tx.run(StoredDoses(doseIDs: manifest.lines.map(\.doseID).sorted()))
        let locked = stored.compactMap { dose in
            dose.record.map {
                LockedDose(
                    doseID: $0.doseID, doseVersion: $0.version, facilityCode: $0.facilityCode,
                    ready: ready.contains($0.doseID))
            }
        }
        return movedDoses(of: manifest, unitCode: unitCode, locked: locked)
    }

    private func json(of moved: [MovedDose]) -> String {
        var json = JSONWriter()
        json.array { json in
            for dose in moved {
                json.object { json in
                    json.member("position", dose.position)
                    json.member("dose_id", dose.doseID.description)
                    json.member("source_record_id", dose.sourceRecordID)
                    json.member("reason", dose.reason.rawValue)
                }
            }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

/// Not all doses of a turn can be attested; `ready` are those that could.
private struct IncompleteTurn: Error {
    let ready: Set<DoseID>
}
