import RecordModel

/// What a record has typed that VERIFY looks at.
struct TypedItems: Hashable, Sendable {
    var identity: TypedIdentity
    var nationality: String
    /// For hints only.
    var idKind: String
}

/// The items read and normalised.
struct ReadItems: Sendable {
    let nationality: Nationality
    let number: IDNumber
    /// Normalised.
    let name: String
    /// As typed.
    let typedName: String
    let sex: SexReading
    let birthDate: BirthDateReading

    init(_ typed: TypedItems, normaliser: inout NameNormaliser) {
        nationality = readNationality(typed: typed.nationality)
        let rules = normaliser.rules
        number = IDNumber(typed: typed.identity.idNumber, rules: rules)
        name = normaliser.normalise(typed.identity.fullName)
        typedName = typed.identity.fullName
        sex = SexReading(typed: typed.identity.sex, rules: rules)
        birthDate = BirthDateReading(typed: typed.identity.dateOfBirth, rules: rules)
    }
}

/// A person of the register, as far as VERIFY needs it.
struct RegisterPerson: Hashable, Sendable {
    let personalID: Int64
    let oldID: Int32?
    /// As the register has it.
    var fullName: String = ""
    /// Normalised.
    var name: String
    let sex: Sex
    let birthDate: CalendarDate
    /// The personal id whose key the person keeps: another than `personalID` only where the number was changed.
    let keyID: Int64
}

/// The persons who hold the numbers of a batch, found by binary search.
struct RegisterAnswers: Sendable {
    /// By personal id.
    private var persons: [RegisterPerson] = []
    /// By old id; an old number may stand at several persons.
    private var holdersOfOld: [RegisterPerson] = []

    init(_ persons: [RegisterPerson] = []) { add(persons) }

    /// Adds persons; one that is there already changes nothing.
    mutating func add(_ found: [RegisterPerson]) {
        persons = Self.merged(persons, found) { ($0.personalID, 0) }
        holdersOfOld = Self.merged(holdersOfOld, found.filter { $0.oldID != nil }) {
            (Int64($0.oldID ?? 0), $0.personalID)
        }
    }

    private static func merged(
        _ held: [RegisterPerson], _ found: [RegisterPerson], _ key: (RegisterPerson) -> (Int64, Int64)
    ) -> [RegisterPerson] {
        if found.isEmpty { return held }
        let isInOrder = held.isEmpty && zip(found, found.dropFirst()).allSatisfy { key($0) < key($1) }
        if isInOrder { return found }
        var kept: [RegisterPerson] = []
        kept.reserveCapacity(held.count + found.count)
        for person in (held + found).sorted(by: { key($0) < key($1) })
        where kept.last.map({ key($0) != key(person) }) ?? true {
            kept.append(person)
        }
        return kept
    }

    func holders(of number: IDNumber) -> ArraySlice<RegisterPerson> {
        switch number {
        case .personal(let id): Self.run(of: id, in: persons) { $0.personalID }
        case .old(let id): Self.run(of: Int64(id), in: holdersOfOld) { Int64($0.oldID ?? 0) }
        case .absent, .malformed: []
        }
    }

    private static func run(
        of id: Int64, in sorted: [RegisterPerson], _ key: (RegisterPerson) -> Int64
    ) -> ArraySlice<RegisterPerson> {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if key(sorted[middle]) < id { low = middle + 1 } else { high = middle }
        }
        var end = low
        while end < sorted.count, key(sorted[end]) == id { end += 1 }
        return sorted[low..<end]
    }

    /// The same persons, their names normalised by another set.
    func reading(by rules: RuleSet) -> RegisterAnswers {
        var normaliser = NameNormaliser(rules: rules)
        func reread(_ person: RegisterPerson) -> RegisterPerson {
            var person = person
            person.name = normaliser.normalise(person.fullName)
            return person
        }
        var answers = RegisterAnswers()
        answers.persons = persons.map(reread)
        answers.holdersOfOld = holdersOfOld.map(reread)
        return answers
    }
}

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

/// The answer to one record.
struct Decision: Hashable, Sendable {
    var outcome: Outcome
    var group: InvalidGroup
    /// Of a right record: whose key it is linked to.
    var person: RegisterPerson?
    /// Of a record that is not right: what differs. Police side only.
    var differences: [Difference] = []
    var traits: DecisionTraits = []
}

/// VERIFY, the official act: `matching.md` §0, by the rule set that has read the items. Deterministic, no score, no clock, no I/O.
enum Verify {
    /// The answers to the records, in their order.
    static func decide(_ records: [ReadItems], register: RegisterAnswers) -> [Decision] {
        var names = NameDifference()
        return records.map { decide($0, register: register, names: &names) }
    }

    static func decide(_ record: ReadItems, register: RegisterAnswers) -> Decision {
        var names = NameDifference()
        return decide(record, register: register, names: &names)
    }

    private static func decide(
        _ record: ReadItems, register: RegisterAnswers, names: inout NameDifference
    ) -> Decision {
        var decision = judge(record, register: register)
        if case .personal = record.number { decision.traits.insert(.personalID) }
        if decision.outcome == .wrong || decision.outcome == .cannotVerify {
            Differences.explain(&decision, of: record, holders: register.holders(of: record.number), names: &names)
        }
        return decision
    }

    /// Outcome, group and person alone: nothing of what differs.
    static func judge(_ record: ReadItems, register: RegisterAnswers) -> Decision {
        switch record.nationality {
        case .foreign: return Decision(outcome: .exempt, group: .none)
        case .unknown: return Decision(outcome: .cannotVerify, group: .missingItem)
        case .vietnam: break
        }
        switch record.number {
        case .absent: return Decision(outcome: .cannotVerify, group: .noID)
        case .malformed: return Decision(outcome: .cannotVerify, group: .badFormat)
        case .personal, .old: break
        }
        guard !record.name.isEmpty, case .known(let sex) = record.sex, case .known(let birthDate) = record.birthDate
        else { return Decision(outcome: .cannotVerify, group: .missingItem) }
        for person in register.holders(of: record.number)
        where person.birthDate == birthDate && person.sex == sex && person.name == record.name {
            return Decision(outcome: .right, group: .none, person: person)
        }
        return Decision(outcome: .wrong, group: .verifiedWrong)
    }
}
