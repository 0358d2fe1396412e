import RecordModel

/// Register values as lists show them: enough to tell candidates apart, not enough to use (`matching.md` §1.7).
enum Masking {
    /// `Nguyễn V** A**`: the surname, then the first letter of each word and two stars, however long the word is.
    ///
    /// A first word that is no surname by its looks (the only word, more than seven letters as in a name without spaces,
    /// anything but letters) is masked like the rest; of what is no word at all nothing is left.
    static func name(_ name: String) -> String {
        let words = name.split(whereSeparator: \.isWhitespace)
        return words.enumerated().map { index, word in
            guard word.allSatisfy(\.isLetter) else { return "**" }
            return index == 0 && words.count > 1 && word.count <= 7 ? String(word) : String(word.prefix(1)) + "**"
        }.joined(separator: " ")
    }

    /// A short value from a list (sex, country) as it was typed; anything longer, in which somebody may have typed
    /// anything, not at all.
    static func code(_ text: String) -> String {
        text.count <= 4 && text.allSatisfy { $0.isLetter || $0 == "0" || $0 == "1" } ? text : "**"
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
