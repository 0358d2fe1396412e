import RecordModel

/// What the health side may be told about a record that is not right: deduced from the record alone (AUT-17).
///
/// No value and no fact of the register enters here; the same record has the same hints whatever the register holds.
enum Hint: String, CaseIterable, Sendable {
    case leadingZeroLost = "LEADING_ZERO_LOST"
    case lettersInNumber = "LETTERS_IN_NUMBER"
    case scientificNotation = "SCIENTIFIC_NOTATION"
    case wrongLength = "WRONG_LENGTH"
    case unknownProvince = "UNKNOWN_PROVINCE_IN_NUMBER"
    case sexContradictsNumber = "SEX_CONTRADICTS_NUMBER"
    case birthYearContradictsNumber = "BIRTH_YEAR_CONTRADICTS_NUMBER"
    /// The facility has typed the same number under another name too; found among its own records (`OwnNumbers`).
    case duplicateNumber = "DUPLICATE_NUMBER_IN_FACILITY"
    case kindContradictsNumber = "KIND_CONTRADICTS_NUMBER"
    case nameAbsent = "NAME_ABSENT"
    case sexAbsent = "SEX_ABSENT"
    case sexUnreadable = "SEX_UNREADABLE"
    case birthDateAbsent = "BIRTH_DATE_ABSENT"
    case yearOnly = "YEAR_ONLY"
    case impossibleDate = "IMPOSSIBLE_DATE"
    case birthDateUnreadable = "BIRTH_DATE_UNREADABLE"
    case nationalityUnknown = "NATIONALITY_UNKNOWN"
    case exemptWithPersonalID = "EXEMPT_WITH_PERSONAL_ID"

    /// The hints of a record with this outcome; a right record has none.
    static func hints(for record: ReadItems, idKind: String, outcome: Outcome) -> [Hint] {
        switch outcome {
        case .right: return []
        case .exempt:
            if case .personal = record.number { return [.exemptWithPersonalID] }
            return []
        case .wrong, .cannotVerify: break
        }
        var hints = record.nationality == .unknown ? [Hint.nationalityUnknown] : []
        hints += ofNumber(record)
        if let kind = contradiction(of: idKind, with: record.number) { hints.append(kind) }
        if !record.hasName { hints.append(.nameAbsent) }
        switch record.sex {
        case .absent: hints.append(.sexAbsent)
        case .unreadable: hints.append(.sexUnreadable)
        case .known: break
        }
        switch record.birthDate {
        case .absent: hints.append(.birthDateAbsent)
        case .bareYear: hints.append(.yearOnly)
        case .impossible: hints.append(.impossibleDate)
        case .unreadable: hints.append(.birthDateUnreadable)
        case .known: break
        }
        return hints
    }

    private static func ofNumber(_ record: ReadItems) -> [Hint] {
        switch NumberForm(record.number) {
        case .otherLength(let zeroLost): return zeroLost ? [.leadingZeroLost, .wrongLength] : [.wrongLength]
        case .scientific: return [.scientificNotation]
        case .malformed: return [.lettersInNumber]
        case .absent, .old, .personal: break
        }
        switch record.number {
        case .absent, .old, .malformed: return []
        case .personal(let id):
            let digits = PersonalIDDigits(id)
            var hints: [Hint] = []
            // 001…096 are provinces; higher numbers name a country of birth, 000 names nothing.
            if digits.province == 0 { hints.append(.unknownProvince) }
            if case .known(let sex) = record.sex, sex != digits.sex { hints.append(.sexContradictsNumber) }
            switch record.birthDate {
            case .known(let date) where date.year != digits.birthYear: hints.append(.birthYearContradictsNumber)
            case .bareYear(let year) where year != digits.birthYear: hints.append(.birthYearContradictsNumber)
            default: break
            }
            return hints
        }
    }

    /// The kind is a word of the form, no item: it is always read by the rules of version 1.
    private static func contradiction(of idKind: String, with number: IDNumber) -> Hint? {
        if idKind.isEmpty { return nil }
        switch (RuleSet.first.values.normalise(idKind), number) {
        case ("cccd", .old), ("cmnd", .personal), ("passport", .personal), ("passport", .old):
            return .kindContradictsNumber
        default: return nil
        }
    }
}
