/// The register check's answer (kết quả đối sánh): three outcomes kept apart (MAT-08), and exempt.
public enum Outcome: Int32, Sendable, CaseIterable {
    case right = 1
    case wrong = 2
    case cannotVerify = 3
    case exempt = 4

    /// As in exports.
    public var label: String {
        switch self {
        case .right: "right"
        case .wrong: "wrong"
        case .cannotVerify: "cannot-verify"
        case .exempt: "exempt"
        }
    }
}

/// The export groups (1908/BYT-CNTT annex 03) and our fourth; they partition all who are not right (EXP-08).
public enum InvalidGroup: Int32, Sendable, CaseIterable {
    case none = 1
    case noID = 2
    case badFormat = 3
    case missingItem = 4
    case verifiedWrong = 5

    public var label: String {
        switch self {
        case .none: "none"
        case .noID: "no-id"
        case .badFormat: "bad-format"
        case .missingItem: "missing-item"
        case .verifiedWrong: "verified-wrong"
        }
    }
}

/// The order of facts about one record: its version, then the assessment (register generation and rule set).
public struct FactOrder: Hashable, Comparable, Sendable {
    public var version: UInt32
    public var assessment: UInt64

    public init(version: UInt32, assessment: UInt64) {
        self.version = version
        self.assessment = assessment
    }

    public static func < (left: FactOrder, right: FactOrder) -> Bool {
        (left.version, left.assessment) < (right.version, right.assessment)
    }
}

public struct Verdict: Hashable, Sendable {
    public var doseID: DoseID
    public var subjectID: SubjectID
    public var facilityCode: String
    public var sourceRecordID: String
    public var doseVersion: UInt32
    public var assessment: UInt64
    public var outcome: Outcome
    public var group: InvalidGroup
    public var ruleVersion: String
    public var decidedAt: Instant
    /// What the record alone gives away; nothing of the register (AUT-17).
    public var hints: [String]

    public init(
        doseID: DoseID, subjectID: SubjectID, facilityCode: String, sourceRecordID: String, doseVersion: UInt32,
        assessment: UInt64, outcome: Outcome, group: InvalidGroup, ruleVersion: String, decidedAt: Instant,
        hints: [String] = []
    ) {
        self.doseID = doseID
        self.subjectID = subjectID
        self.facilityCode = facilityCode
        self.sourceRecordID = sourceRecordID
        self.doseVersion = doseVersion
        self.assessment = assessment
        self.outcome = outcome
        self.group = group
        self.ruleVersion = ruleVersion
        self.decidedAt = decidedAt
        self.hints = hints
    }

    public var order: FactOrder { FactOrder(version: doseVersion, assessment: assessment) }
}

/// Which opaque person a right record is of; without a key: of nobody any more.
public struct PersonLinked: Hashable, Sendable {
    public var doseID: DoseID
    public var subjectID: SubjectID
    public var doseVersion: UInt32
    public var assessment: UInt64
    public var personKey: PersonKey?

    public init(doseID: DoseID, subjectID: SubjectID, doseVersion: UInt32, assessment: UInt64, personKey: PersonKey?) {
        self.doseID = doseID
        self.subjectID = subjectID
        self.doseVersion = doseVersion
        self.assessment = assessment
        self.personKey = personKey
    }

    public var order: FactOrder { FactOrder(version: doseVersion, assessment: assessment) }
}

/// One item that differs from the register, e.g. `name`, `DIACRITICS_ONLY`.
public struct Difference: Hashable, Sendable {
    public var field: String
    public var reason: String

    public init(field: String, reason: String) {
        self.field = field
        self.reason = reason
    }
}

public struct Candidate: Hashable, Sendable {
    public var personalID: String
    public var weight: Double

    public init(personalID: String, weight: Double) {
        self.personalID = personalID
        self.weight = weight
    }
}

public enum Strength: Int32, Sendable, CaseIterable {
    case none = 1
    case weak = 2
    case ambiguous = 3
    case strong = 4

    public var label: String {
        switch self {
        case .none: "none"
        case .weak: "weak"
        case .ambiguous: "ambiguous"
        case .strong: "strong"
        }
    }
}

/// What differs from the register: police side only. No differences: nothing is open any more.
public struct Finding: Hashable, Sendable {
    public var doseID: DoseID
    public var subjectID: SubjectID
    public var facilityCode: String
    public var sourceRecordID: String
    public var doseVersion: UInt32
    public var assessment: UInt64
    public var differences: [Difference]
    /// Best first, at most five.
    public var candidates: [Candidate]
    public var strength: Strength

    public init(
        doseID: DoseID, subjectID: SubjectID, facilityCode: String, sourceRecordID: String, doseVersion: UInt32,
        assessment: UInt64, differences: [Difference], candidates: [Candidate] = [], strength: Strength = .none
    ) {
        self.doseID = doseID
        self.subjectID = subjectID
        self.facilityCode = facilityCode
        self.sourceRecordID = sourceRecordID
        self.doseVersion = doseVersion
        self.assessment = assessment
        self.differences = differences
        self.candidates = candidates
        self.strength = strength
    }

    public var order: FactOrder { FactOrder(version: doseVersion, assessment: assessment) }
}
