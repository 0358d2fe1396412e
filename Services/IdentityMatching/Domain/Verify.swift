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
    let name: String
    let sex: SexReading
    let birthDate: BirthDateReading

    init(_ typed: TypedItems, normaliser: inout NameNormaliser) {
        nationality = readNationality(typed: typed.nationality)
        number = IDNumber(typed: typed.identity.idNumber)
        name = normaliser.normalise(typed.identity.fullName)
        sex = SexReading(typed: typed.identity.sex)
        birthDate = BirthDateReading(typed: typed.identity.dateOfBirth)
    }
}

/// A person of the register, as far as VERIFY needs it.
struct RegisterPerson: Hashable, Sendable {
    let personalID: Int64
    let oldID: Int32?
    /// Normalised.
    let name: String
    let sex: Sex
    let birthDate: CalendarDate
    /// The personal id whose key the person keeps: another than `personalID` only where the number was changed.
    let keyID: Int64
}

/// The persons who hold the numbers of a batch.
struct RegisterAnswers: Sendable {
    private var byPersonalID: [Int64: RegisterPerson] = [:]
    /// An old number may stand at several persons.
    private var byOldID: [Int32: [RegisterPerson]] = [:]

    init(_ persons: [RegisterPerson] = []) {
        byPersonalID.reserveCapacity(persons.count)
        for person in persons { add(person) }
    }

    mutating func add(_ person: RegisterPerson) {
        byPersonalID[person.personalID] = person
        if let oldID = person.oldID, byOldID[oldID]?.contains(person) != true {
            byOldID[oldID, default: []].append(person)
        }
    }

    func holders(of number: IDNumber) -> [RegisterPerson] {
        switch number {
        case .personal(let id): byPersonalID[id].map { [$0] } ?? []
        case .old(let id): byOldID[id] ?? []
        case .absent, .malformed: []
        }
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

/// VERIFY, the official act: `matching.md` §0, version 1. Deterministic, no score, no clock, no I/O.
enum Verify {
    /// The answers to the records, in their order.
    static func decide(_ records: [ReadItems], register: RegisterAnswers) -> [Decision] {
        records.map { decide($0, register: register) }
    }

    static func decide(_ record: ReadItems, register: RegisterAnswers) -> Decision {
        var decision = judge(record, register: register)
        if case .personal = record.number { decision.traits.insert(.personalID) }
        if decision.outcome == .wrong || decision.outcome == .cannotVerify {
            Differences.explain(&decision, of: record, holders: register.holders(of: record.number))
        }
        return decision
    }

    private static func judge(_ record: ReadItems, register: RegisterAnswers) -> Decision {
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
