/// On whose authority a correction was made (AUT-01).
public enum CorrectionAuthority: Int32, Sendable {
    case police = 1
    case health = 2
}

/// Dose fields as confirmed by the giving facility; empty means unchanged.
public struct DoseCorrection: Hashable, Sendable {
    public var doseNumber: String
    public var vaccine: String
    public var lotNumber: String
    public var injectedOn: String
    public var doseKind: String

    public init(
        doseNumber: String = "", vaccine: String = "", lotNumber: String = "", injectedOn: String = "",
        doseKind: String = ""
    ) {
        self.doseNumber = doseNumber
        self.vaccine = vaccine
        self.lotNumber = lotNumber
        self.injectedOn = injectedOn
        self.doseKind = doseKind
    }
}

/// A decision of the correction desk on its way back to Intake; takes effect once.
public struct CorrectionApplied: Hashable, Sendable {
    public enum Correction: Hashable, Sendable {
        case identity(TypedIdentity)
        case dose(DoseCorrection)
    }

    public var correctionID: CorrectionID
    public var doseID: DoseID
    public var subjectID: SubjectID
    /// The version the decision was made on.
    public var doseVersion: UInt32
    public var authority: CorrectionAuthority
    public var decidedByUnit: String
    public var decidedAt: Instant
    public var correction: Correction

    public init(
        correctionID: CorrectionID, doseID: DoseID, subjectID: SubjectID, doseVersion: UInt32,
        authority: CorrectionAuthority, decidedByUnit: String, decidedAt: Instant, correction: Correction
    ) {
        self.correctionID = correctionID
        self.doseID = doseID
        self.subjectID = subjectID
        self.doseVersion = doseVersion
        self.authority = authority
        self.decidedByUnit = decidedByUnit
        self.decidedAt = decidedAt
        self.correction = correction
    }
}

public enum AttestationStatus: Int32, Sendable {
    case signed = 1
    /// Covered by minutes (biên bản), not signed (MIN-04).
    case minutes = 2
    /// Signed once, but the signed content changed or the verdict is no longer right.
    case stale = 3
}

/// A facility's signature over one version of a dose record.
public struct DoseAttested: Hashable, Sendable {
    public var doseID: DoseID
    public var subjectID: SubjectID
    public var facilityCode: String
    public var sourceRecordID: String
    /// The version that was signed.
    public var doseVersion: UInt32
    /// Grows with every attestation fact of this dose; the greatest stands.
    public var revision: UInt64
    public var status: AttestationStatus
    public var turnID: TurnID
    /// Line within the turn's manifest, from 1.
    public var position: UInt32
    /// SHA-256 over salt and canonical signed content.
    public var contentSHA256: [UInt8]
    /// Upper-case hexadecimal.
    public var signerSerial: String
    public var signedAt: Instant

    public init(
        doseID: DoseID, subjectID: SubjectID, facilityCode: String, sourceRecordID: String, doseVersion: UInt32,
        revision: UInt64, status: AttestationStatus, turnID: TurnID, position: UInt32, contentSHA256: [UInt8],
        signerSerial: String, signedAt: Instant
    ) {
        self.doseID = doseID
        self.subjectID = subjectID
        self.facilityCode = facilityCode
        self.sourceRecordID = sourceRecordID
        self.doseVersion = doseVersion
        self.revision = revision
        self.status = status
        self.turnID = turnID
        self.position = position
        self.contentSHA256 = contentSHA256
        self.signerSerial = signerSerial
        self.signedAt = signedAt
    }
}

public enum PassportStatus: Int32, Sendable, CaseIterable {
    case valid = 1
    /// A newer passport took its place; it stays true.
    case superseded = 2
    /// It was false, its holder asked for it, or its key was lost.
    case revoked = 3

    public var label: String {
        switch self {
        case .valid: "valid"
        case .superseded: "superseded"
        case .revoked: "revoked"
        }
    }
}

public struct PassportChanged: Hashable, Sendable {
    /// UVCI, random.
    public var certificateID: String
    public var personKey: PersonKey
    public var status: PassportStatus
    /// Grows with every change of this passport; the greatest stands.
    public var revision: UInt32
    public var doseID: DoseID
    public var doseVersion: UInt32
    public var facilityCode: String
    public var sourceRecordID: String
    /// The QR's text, from `HC1:` on.
    public var hc1: String
    public var issuedAt: Instant
    public var expiresAt: Instant
    public var changedAt: Instant
    public var reason: String
    /// The passport that took this one's place, or empty.
    public var supersededBy: String

    public init(
        certificateID: String, personKey: PersonKey, status: PassportStatus, revision: UInt32, doseID: DoseID,
        doseVersion: UInt32, facilityCode: String, sourceRecordID: String, hc1: String, issuedAt: Instant,
        expiresAt: Instant, changedAt: Instant, reason: String = "", supersededBy: String = ""
    ) {
        self.certificateID = certificateID
        self.personKey = personKey
        self.status = status
        self.revision = revision
        self.doseID = doseID
        self.doseVersion = doseVersion
        self.facilityCode = facilityCode
        self.sourceRecordID = sourceRecordID
        self.hc1 = hc1
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.changedAt = changedAt
        self.reason = reason
        self.supersededBy = supersededBy
    }
}
