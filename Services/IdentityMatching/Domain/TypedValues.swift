import RecordModel

/// Sex as the register holds it.
enum Sex: Int32, Sendable {
    case male = 0
    case female = 1
}

/// A typed sex, read.
enum SexReading: Hashable, Sendable {
    case absent
    case known(Sex)
    /// None of the accepted words.
    case unreadable

    /// `M`/`F`, `0` = male, `1` = female (the platform's import form), `Nam`/`Nữ`, any case.
    init(typed text: String, rules: RuleSet = .first) {
        switch text {
        case "M", "Nam", "0", "m", "nam", "NAM": self = .known(.male)
        case "F", "Nữ", "1", "f", "nữ", "NỮ": self = .known(.female)
        case "": self = .absent
        default:
            switch rules.values.normalise(text) {
            case "": self = .absent
            case "m", "nam", "0": self = .known(.male)
            case "f", "nữ", "1": self = .known(.female)
            default: self = .unreadable
            }
        }
    }
}

/// A typed date of birth, read.
enum BirthDateReading: Hashable, Sendable {
    case absent
    case known(CalendarDate)
    /// Four digits and nothing else.
    case bareYear(Int)
    /// Of an accepted form, but no such day.
    case impossible(year: Int, month: Int, day: Int)
    /// Of no accepted form.
    case unreadable

    /// `YYYY-MM-DD` or `dd/MM/yyyy`; day first, never month first. A full 01/01/yyyy is a date like any other.
    init(typed text: String, rules: RuleSet = .first) {
        if text.isEmpty {
            self = .absent
        } else if let reading = Self.read(text.utf8.span) {
            self = reading
        } else {
            let normalised = rules.values.normalise(text)
            self = normalised.isEmpty ? .absent : Self.read(normalised.utf8.span) ?? .unreadable
        }
    }

    /// Nil where the text has none of the forms.
    private static func read(_ text: Span<UInt8>) -> BirthDateReading? {
        switch text.count {
        case 4: return number(text, 0..<4).map { .bareYear($0) }
        case 10 where text[4] == 0x2D && text[7] == 0x2D: return date(text, year: 0..<4, month: 5..<7, day: 8..<10)
        case 10 where text[2] == 0x2F && text[5] == 0x2F: return date(text, year: 6..<10, month: 3..<5, day: 0..<2)
        default: return nil
        }
    }

    private static func date(
        _ text: Span<UInt8>, year: Range<Int>, month: Range<Int>, day: Range<Int>
    ) -> BirthDateReading? {
        guard let year = number(text, year), let month = number(text, month), let day = number(text, day) else {
            return nil
        }
        let date = CalendarDate(year: year, month: month, day: day)
        return date.map { .known($0) } ?? .impossible(year: year, month: month, day: day)
    }

    private static func number(_ text: Span<UInt8>, _ places: Range<Int>) -> Int? {
        var value = 0
        for place in places {
            let digit = text[place]
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return value
    }
}

/// A typed nationality, read; a text without a letter, or with a digit, names no country.
func readNationality(typed text: String) -> Nationality {
    if text.isEmpty { return .vietnam }
    if text.unicodeScalars.allSatisfy({ $0.properties.isWhitespace || $0.properties.generalCategory == .format }) {
        return .vietnam
    }
    var hasLetter = false
    for scalar in text.unicodeScalars {
        if scalar.properties.numericType != nil { return .unknown }
        if scalar.properties.isAlphabetic { hasLetter = true }
    }
    return hasLetter ? CountryCatalogue.standard.nationality(typed: text) : .unknown
}
