/// The four mandatory items (9438/BYT-CNTT) exactly as typed, dirt included.
public struct TypedIdentity: Hashable, Sendable {
    public var fullName: String
    public var sex: String
    public var dateOfBirth: String
    public var idNumber: String

    public init(fullName: String = "", sex: String = "", dateOfBirth: String = "", idNumber: String = "") {
        self.fullName = fullName
        self.sex = sex
        self.dateOfBirth = dateOfBirth
        self.idNumber = idNumber
    }
}

/// What else the facility said about the person, as typed.
public struct SubjectDetails: Hashable, Sendable {
    public var idKind: String
    public var nationality: String
    public var surname: String
    public var givenNames: String
    public var phone: String
    /// Official five-digit commune code.
    public var residenceCommune: String

    public init(
        idKind: String = "", nationality: String = "", surname: String = "", givenNames: String = "",
        phone: String = "", residenceCommune: String = ""
    ) {
        self.idKind = idKind
        self.nationality = nationality
        self.surname = surname
        self.givenNames = givenNames
        self.phone = phone
        self.residenceCommune = residenceCommune
    }
}

public enum DoseKind: Int32, Sendable, CaseIterable {
    case unspecified = 0
    case primary = 1
    case additional = 2
    case booster = 3

    /// As in the dose stream.
    public var label: String {
        switch self {
        case .unspecified: ""
        case .primary: "primary"
        case .additional: "additional"
        case .booster: "booster"
        }
    }

    public init?(label: String) {
        guard let kind = Self.allCases.first(where: { $0.label == label }) else { return nil }
        self = kind
    }
}

public enum EntryBasis: Int32, Sendable, CaseIterable {
    case session = 1
    case late = 2
    case backEntry = 3
    case earlierCertificate = 4

    public var label: String {
        switch self {
        case .session: "session"
        case .late: "late"
        case .backEntry: "back-entry"
        case .earlierCertificate: "earlier-certificate"
        }
    }

    public init?(label: String) {
        guard let basis = Self.allCases.first(where: { $0.label == label }) else { return nil }
        self = basis
    }
}

public enum RecordStatus: Int32, Sendable, CaseIterable {
    case active = 1
    /// The facility took a mistaken record back; it stays in the history.
    case withdrawn = 2

    public var label: String { self == .active ? "active" : "withdrawn" }
}

/// On whose word the identity of a record stands.
public enum IdentityAuthority: Int32, Sendable {
    case facility = 1
    case police = 2
}

/// The dose itself in the project's own values.
public struct DoseDetails: Hashable, Sendable {
    /// 0 where what was typed is no whole number.
    public var doseNumber: Int32
    public var doseNumberTyped: String
    /// Product name of the vaccine value set, e.g. `Comirnaty`.
    public var vaccine: String
    public var lotNumber: String
    /// `YYYY-MM-DD`.
    public var injectedOn: String
    public var kind: DoseKind
    /// The unit that typed it, where it is not the facility that gave it.
    public var enteredByUnit: String
    public var entryBasis: EntryBasis
    /// Where it was given, if not in Viet Nam.
    public var givenCountry: String

    public init(
        doseNumber: Int32, doseNumberTyped: String, vaccine: String, lotNumber: String, injectedOn: String,
        kind: DoseKind = .unspecified, enteredByUnit: String = "", entryBasis: EntryBasis = .session,
        givenCountry: String = ""
    ) {
        self.doseNumber = doseNumber
        self.doseNumberTyped = doseNumberTyped
        self.vaccine = vaccine
        self.lotNumber = lotNumber
        self.injectedOn = injectedOn
        self.kind = kind
        self.enteredByUnit = enteredByUnit
        self.entryBasis = entryBasis
        self.givenCountry = givenCountry
    }
}

/// A version of a dose record as Intake accepted it. Intake alone makes versions.
public struct DoseRecord: Hashable, Sendable {
    public var doseID: DoseID
    public var subjectID: SubjectID
    public var facilityCode: String
    public var sourceRecordID: String
    /// Counts from 1; the greatest stands.
    public var version: UInt32
    public var enteredAt: Instant
    public var recordedAt: Instant
    public var identity: TypedIdentity
    public var subject: SubjectDetails
    public var dose: DoseDetails
    public var status: RecordStatus
    public var identityAuthority: IdentityAuthority
    /// The facility has since typed an identity other than the one that police confirmed.
    public var identityConflict: Bool
    /// Salt of the signed content's digest, 16 bytes.
    public var salt: [UInt8]

    public init(
        doseID: DoseID, subjectID: SubjectID, facilityCode: String, sourceRecordID: String, version: UInt32,
        enteredAt: Instant, recordedAt: Instant, identity: TypedIdentity, subject: SubjectDetails, dose: DoseDetails,
        status: RecordStatus = .active, identityAuthority: IdentityAuthority = .facility,
        identityConflict: Bool = false, salt: [UInt8]
    ) {
        self.doseID = doseID
        self.subjectID = subjectID
        self.facilityCode = facilityCode
        self.sourceRecordID = sourceRecordID
        self.version = version
        self.enteredAt = enteredAt
        self.recordedAt = recordedAt
        self.identity = identity
        self.subject = subject
        self.dose = dose
        self.status = status
        self.identityAuthority = identityAuthority
        self.identityConflict = identityConflict
        self.salt = salt
    }
}
