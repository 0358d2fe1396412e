import RecordModel

/// What a typed number looks like by itself.
enum NumberForm: Hashable, Sendable {
    case absent
    /// Twelve digits.
    case personal
    /// Nine digits.
    case old
    /// Digits, but too few or too many.
    case otherLength(zeroLost: Bool)
    /// `1.09E+11`: a spreadsheet has kept the first digits only.
    case scientific
    case malformed

    init(_ number: IDNumber) {
        switch number {
        case .absent: self = .absent
        case .personal: self = .personal
        case .old: self = .old
        case .malformed(let text):
            self =
                text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
                ? .otherLength(zeroLost: LostZero.isLikely(in: text))
                : Self.isScientific(text) ? .scientific : .malformed
        }
    }

    /// `1.09E+11`, which the rules for numbers have made `109E+11`.
    private static func isScientific(_ text: String) -> Bool {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "E" || $0 == "e" }
        guard parts.count == 2, let first = parts.first, let last = parts.last else { return false }
        let mantissa = first.filter { $0 != "," }
        let exponent = last.drop { $0 == "+" }
        return !mantissa.isEmpty && !exponent.isEmpty && mantissa.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
            && exponent.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }
}

/// A number that a spreadsheet has shortened: every personal id given out at home begins with 0.
enum LostZero {
    static func isLikely(in digits: String) -> Bool {
        guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int64(digits) else { return false }
        switch digits.utf8.count {
        case 10, 11: return PersonalIDDigits.looksGivenOut(value)
        case 8: return true
        default: return false
        }
    }
}

/// The reason of a number, `matching.md` §1.3, against the person who holds it and against a candidate alike.
///
/// Beyond its list: `LETTER_FOR_DIGIT`, `SEVERAL_DIGITS`, `SCIENTIFIC_NOTATION`, and §1.2's `MALFORMED` and `NOT_IN_REGISTER`.
enum NumberReason {
    /// Nil where the number is the person's.
    static func of(_ agreement: NumberAgreement, _ form: NumberForm) -> String? {
        switch agreement {
        case .same: nil
        case .sameOld: "OLD_CMND_MAPS"
        case .zerosRestored: "LEADING_ZERO_LOST"
        case .lettersForDigits: "LETTER_FOR_DIGIT"
        case .transposed: "TRANSPOSITION"
        case .oneDigit, .oldNear: "ONE_DIGIT"
        case .digitMissing, .digitExtra: "WRONG_LENGTH"
        case .twoDigits, .partly: "SEVERAL_DIGITS"
        case .ofRelative, .ofOther: "BELONGS_TO_OTHER"
        case .different, .absent: byForm(form, isNobodys: agreement == .different)
        }
    }

    private static func byForm(_ form: NumberForm, isNobodys: Bool) -> String? {
        switch form {
        case .absent: "ABSENT"
        case .otherLength(let zeroLost): zeroLost ? "LEADING_ZERO_LOST" : "WRONG_LENGTH"
        case .scientific: "SCIENTIFIC_NOTATION"
        case .malformed: "MALFORMED"
        case .personal: isNobodys ? "NOT_IN_REGISTER" : nil
        case .old: isNobodys ? "CMND_UNKNOWN" : nil
        }
    }
}

/// What a typed date of birth looks like by itself.
enum DateForm: Hashable, Sendable {
    case absent
    case yearOnly
    /// A date that is none.
    case impossible
    case unreadable
    case known
}

/// The reason of a date of birth, `matching.md` §1.3, against the person who holds the number and against a candidate alike.
///
/// Beyond its list: `ABSENT`, `UNREADABLE`. Two neighbouring digits exchanged are `OTHER`, as its list has no word for them.
enum DateReason {
    /// Nil where the dates are the same, or nothing is registered to compare with.
    static func of(_ agreement: DateAgreement, _ form: DateForm) -> String? {
        switch agreement {
        case .same: return nil
        case .swapped: return "DAY_MONTH_SWAP"
        case .century: return "CENTURY"
        case .oneDigit: return "ONE_DIGIT"
        case .yearOnly: return "YEAR_ONLY"
        case .transposed, .twoParts, .sameYear, .nextYear, .different, .absent: break
        }
        switch form {
        case .absent: return "ABSENT"
        case .yearOnly: return "YEAR_ONLY"
        case .impossible: return "IMPOSSIBLE_DATE"
        case .unreadable: return "UNREADABLE"
        case .known: return agreement == .absent ? nil : "OTHER"
        }
    }

    /// Of a date as VERIFY has read it.
    static func of(_ typed: BirthDateReading, registered: CalendarDate) -> String? {
        let parts: DateParts
        switch typed {
        case .absent, .unreadable: return of(.absent, typed.form)
        case .bareYear(let year): parts = DateParts(year: year, month: 0, day: 0)
        case .impossible(let year, let month, let day): parts = DateParts(year: year, month: month, day: day)
        case .known(let date):
            if date == registered { return nil }
            parts = DateParts(date)
        }
        return of(DateComparer.compare(parts, DateParts(registered)).agreement, typed.form)
    }
}

extension BirthDateReading {
    var form: DateForm {
        switch self {
        case .absent: .absent
        case .known: .known
        case .bareYear: .yearOnly
        case .impossible: .impossible
        case .unreadable: .unreadable
        }
    }
}

/// The reason of a sex, `matching.md` §1.3.
enum SexReason {
    /// Nil where the sexes are the same, or nothing is registered to compare with.
    static func of(_ typed: SexReading, registered: Sex?, number: IDNumber) -> String? {
        switch typed {
        case .absent: return "ABSENT"
        case .unreadable: return "UNREADABLE"
        case .known(let sex):
            guard let registered, registered != sex else { return nil }
            if case .personal(let id) = number, PersonalIDDigits(id).sex != sex { return "CONTRADICTS_ID" }
            return "FLIPPED"
        }
    }
}
