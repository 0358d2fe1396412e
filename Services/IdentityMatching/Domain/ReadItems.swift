import RecordModel

/// What a record has typed that VERIFY looks at.
struct TypedItems: Hashable, Sendable {
    var identity: TypedIdentity
    var nationality: String
    /// For hints only.
    var idKind: String
}

/// The items read by a rule set.
///
/// The name stays as it was typed: it is made comparable where it is compared (`NameNormaliser.areEqual`), which most names
/// do not need.
struct ReadItems: Sendable {
    let nationality: Nationality
    let number: IDNumber
    /// As typed.
    let name: String
    /// Whether the rules leave anything of the name.
    let hasName: Bool
    let sex: SexReading
    let birthDate: BirthDateReading

    init(_ typed: TypedItems, normaliser: inout NameNormaliser) {
        let rules = normaliser.rules
        nationality = readNationality(typed: typed.nationality)
        number = IDNumber(typed: typed.identity.idNumber, rules: rules)
        name = typed.identity.fullName
        hasName = !normaliser.leavesNothing(of: name)
        sex = SexReading(typed: typed.identity.sex, rules: rules)
        birthDate = BirthDateReading(typed: typed.identity.dateOfBirth, rules: rules)
    }

    /// The number that the register is asked for; foreigners are not looked up. Where the nationality names no country, it
    /// decides nothing, but the police side is told what differs.
    var askedNumber: IDNumber {
        if case .foreign = nationality { return .absent }
        return number
    }
}
