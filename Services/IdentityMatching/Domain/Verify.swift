import RecordModel

/// What counting needs to know about a decision beyond outcome and group (MAT-09).
struct DecisionTraits: OptionSet, Hashable, Sendable {
    let rawValue: Int32
    /// The number has the form of a personal id.
    static let personalID = DecisionTraits(rawValue: 1)
    /// The register knows the number. Police side only, like the three that follow.
    static let numberKnown = DecisionTraits(rawValue: 2)
    static let nameDiffers = DecisionTraits(rawValue: 4)
    static let birthDateDiffers = DecisionTraits(rawValue: 8)
    static let sexDiffers = DecisionTraits(rawValue: 16)
    /// The facility has taken the record back.
    static let withdrawn = DecisionTraits(rawValue: 32)
    /// Not judged: the record was guessed at (see `HeldRecords`).
    static let held = DecisionTraits(rawValue: 64)
}

/// The official answer to one record.
struct Judgement: Hashable, Sendable {
    var outcome: Outcome
    var group: InvalidGroup
    /// Of a right record: the personal id whose key it is linked to.
    var person: Int64?
}

/// The answer to one record, with what differs.
struct Decision: Sendable {
    var judgement: Judgement
    var traits: DecisionTraits = []
    /// Of a record that is not right: what differs. Police side only.
    var differences: [Difference] = []
    /// The name as it was read to say how it differs, for whoever looks for candidates.
    var name: PreparedName?
}

/// VERIFY, the official act: `matching.md` §0 by one rule set, which reads both sides. Deterministic, no score, no clock, no
/// I/O. Keep one for a batch: it reuses its buffers.
struct Verify {
    private var normaliser: NameNormaliser
    private var differences: Differences

    init(rules: RuleSet = .first) {
        normaliser = NameNormaliser(rules: rules)
        differences = Differences(rules: rules)
    }

    mutating func read(_ typed: TypedItems) -> ReadItems { ReadItems(typed, normaliser: &normaliser) }

    /// Outcome, group and person, and of a record that is not right what differs from those who hold its number.
    mutating func decide(_ record: ReadItems, holders: Range<Int>, in register: RegisterAnswers) -> Decision {
        var decision = Decision(judgement: judge(record, holders: holders, in: register))
        if case .personal = record.number { decision.traits.insert(.personalID) }
        switch decision.judgement.outcome {
        case .right, .exempt: break
        case .wrong, .cannotVerify: differences.explain(&decision, of: record, holders: holders, in: register)
        }
        return decision
    }

    /// Outcome, group and person alone: the official act.
    mutating func judge(_ record: ReadItems, holders: Range<Int>, in register: RegisterAnswers) -> Judgement {
        switch record.nationality {
        case .foreign: return Judgement(outcome: .exempt, group: .none)
        case .unknown: return Judgement(outcome: .cannotVerify, group: .missingItem)
        case .vietnam: break
        }
        switch record.number {
        case .absent: return Judgement(outcome: .cannotVerify, group: .noID)
        case .malformed: return Judgement(outcome: .cannotVerify, group: .badFormat)
        case .personal, .old: break
        }
        guard record.hasName, case .known(let sex) = record.sex, case .known(let birthDate) = record.birthDate
        else { return Judgement(outcome: .cannotVerify, group: .missingItem) }
        for holder in holders {
            let person = register[holder]
            if person.birthDate == birthDate, person.sex == sex,
                register.withName(of: person, { normaliser.areEqual(record.name, $0) })
            {
                return Judgement(outcome: .right, group: .none, person: person.keyID)
            }
        }
        return Judgement(outcome: .wrong, group: .verifiedWrong)
    }
}
