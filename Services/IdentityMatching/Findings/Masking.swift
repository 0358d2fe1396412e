import RecordModel

/// Register values as lists show them: enough to tell candidates apart, not enough to use (`matching.md` §1.7).
enum Masking {
    /// `Nguyễn V** A**`: the surname, then the first letter of each word and two stars, however long the word is.
    static func name(_ name: String) -> String {
        let words = name.split(whereSeparator: \.isWhitespace)
        return words.enumerated().map { index, word in
            index == 0 && words.count > 1 ? String(word) : String(word.prefix(1)) + "**"
        }.joined(separator: " ")
    }

    /// The first and last three digits; short numbers not at all.
    static func number(_ number: String) -> String {
        guard number.count > 6 else { return String(repeating: "*", count: number.count) }
        return number.prefix(3) + String(repeating: "*", count: number.count - 6) + number.suffix(3)
    }

    /// The year.
    static func birthDate(_ iso: String) -> String { iso.isEmpty ? "" : iso.prefix(4) + "-**-**" }
}

extension Masking {
    /// A date as typed, in whatever form: its digits but those of a year are hidden.
    static func typedDate(_ text: String) -> String {
        switch BirthDateReading(typed: text) {
        case .known(let date): birthDate(date.iso)
        case .bareYear(let year): String(year)
        case .absent: ""
        case .impossible, .unreadable: String(repeating: "*", count: min(text.count, 10))
        }
    }
}
