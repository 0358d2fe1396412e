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

/// Makes a turn take effect: one transaction, all doses or none.
///
/// The signature is verified before anything else is looked at: chain to the trust anchors, then the certificate's
/// registration for the unit. Then the rows of all doses are locked in the order of their ids and compared with what was
/// signed; whatever moved since the turn was prepared fails the whole turn and is listed.
struct TurnSigning {
    let trust: TrustAnchors
    let limits: SigningLimits
    let metrics: SigningMetrics

    /// Throws `SignatureRefusal`.
    func take(_ signature: TurnSignature, at now: Instant, in tx: Transaction) throws -> SignatureOutcome {
        guard let turn = try tx.run(LockTurn(turnID: signature.turnID)).first else {
            throw SignatureRefusal.unknownTurn
        }
        guard turn.unitCode == signature.unitCode else { throw SignatureRefusal.foreignTurn }
        let digest = SHA256.hash(signature.der)
        if turn.state == .signed, turn.signatureSHA256 == digest { return .signed(turn) }
        guard turn.state(at: now) == .prepared,
            let bytes = try tx.run(ManifestOfTurn(turnID: turn.turnID)).first ?? nil
        else { throw SignatureRefusal.notOpen(turn.state(at: now)) }
        let signer = try verify(signature.der, over: bytes, at: now)
        try checkRegistration(of: signer, unitCode: turn.unitCode, in: tx)
        let manifest = try Manifest(bytes: bytes)
        let doses = try tx.run(LockSignable(doseIDs: manifest.lines.map(\.doseID).sorted()))
        let attestations = Dictionary(
            uniqueKeysWithValues: try tx.run(AttestationsOfDoses(doseIDs: doses.map(\.doseID))).map {
                ($0.doseID, $0.attestation)
            })
        let ready = doses.compactMap { ReadyDose($0, attestation: attestations[$0.doseID], limits: limits) }
        let moved = movedDoses(of: manifest, unitCode: turn.unitCode, locked: locked(doses, ready))
        guard moved.isEmpty else {
            try tx.run(
                MarkTurnEnded(turnID: turn.turnID, state: .failed, endedAt: now, moved: json(of: moved)))
            return .moved(moved)
        }
        try tx.run(RemoveReady(doses: ready))
        try attest(
            manifest, doses, before: attestations, turnID: turn.turnID, serial: signer.serial, at: now, in: tx)
        try tx.run(
            MarkTurnSigned(
                turnID: turn.turnID, signature: signature.der, signatureSHA256: digest, signerSerial: signer.serial,
                signerCertificate: signer.der, signedBy: signature.signedBy, signedAt: now))
        return .signed(try tx.run(TurnByID(turnID: turn.turnID))[0])
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

    private func attest(
        _ manifest: Manifest, _ doses: [StoredDose], before: [DoseID: Attestation], turnID: TurnID, serial: String,
        at now: Instant, in tx: Transaction
    ) throws {
        let stored = Dictionary(uniqueKeysWithValues: doses.map { ($0.doseID, $0) })
        var rows: [StoredAttestation] = []
        rows.reserveCapacity(doses.count)
        for (index, line) in manifest.lines.enumerated() {
            guard let dose = stored[line.doseID], let fact = dose.facts.dose, let verdict = dose.facts.verdict else {
                continue
            }
            rows.append(
                StoredAttestation(
                    doseID: dose.doseID, subjectID: dose.subjectID, facilityCode: dose.facilityCode,
                    sourceRecordID: dose.sourceRecordID,
                    attestation: Attestation(
                        order: FactOrder(version: fact.version, assessment: verdict.order.assessment),
                        revision: (before[dose.doseID]?.revision ?? 0) + 1, basis: .signed, staleness: nil,
                        turnID: turnID,
                        position: UInt32(index + 1), content: fact.content, contentSHA256: line.contentSHA256,
                        signerSerial: serial, signedAt: now, changedAt: now)))
        }
        if !before.isEmpty { try tx.run(ArchiveAttestations(doseIDs: before.keys.sorted())) }
        try tx.run(PutAttestations(rows: rows.sorted { $0.doseID < $1.doseID }))
        for row in rows { try tx.emit(row.event) }
    }

    private func locked(_ doses: [StoredDose], _ ready: [ReadyDose]) -> [LockedDose] {
        let ready = Set(ready.lazy.map(\.doseID))
        return doses.map {
            LockedDose(
                doseID: $0.doseID, doseVersion: $0.facts.dose?.version ?? 0, facilityCode: $0.facilityCode,
                ready: ready.contains($0.doseID))
        }
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
