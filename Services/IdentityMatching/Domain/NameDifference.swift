/// How a typed name differs from the registered one; both normalised. The most specific reason stands.
enum NameDifference {
    private typealias Word = ArraySlice<UInt32>

    static func reason(typed: String, registered: String?) -> String? {
        if typed.isEmpty { return "ABSENT" }
        guard let registered, registered != typed else { return nil }
        return reason(typed.unicodeScalars.map(\.value), registered.unicodeScalars.map(\.value))
    }

    private static func reason(_ typed: [UInt32], _ registered: [UInt32]) -> String {
        if VietnameseLetters.withoutTones(typed) == VietnameseLetters.withoutTones(registered) {
            return "TONE_MARK_DIFFERS"
        }
        let bareTyped = VietnameseLetters.withoutDiacritics(typed)
        let bareRegistered = VietnameseLetters.withoutDiacritics(registered)
        if bareTyped == bareRegistered { return "DIACRITICS_ONLY" }
        let typedWords = bareTyped.split(separator: 0x20)
        let registeredWords = bareRegistered.split(separator: 0x20)
        if sorted(typedWords) == sorted(registeredWords) { return "ORDER" }
        if isAbbreviation(typedWords, of: registeredWords) { return "ABBREVIATED" }
        if skipsMiddle(typedWords, of: registeredWords) { return "MIDDLE_MISSING" }
        if skipsMiddle(registeredWords, of: typedWords) { return "MIDDLE_EXTRA" }
        return isOneEditAway(bareTyped, bareRegistered) ? "SPELLING_1" : "OTHER_PERSON"
    }

    private static func sorted(_ words: [Word]) -> [Word] { words.sorted { $0.lexicographicallyPrecedes($1) } }

    /// Word by word equal or shortened to a beginning, with or without a full stop: `ng v an`, `nguyễn v. an`.
    private static func isAbbreviation(_ short: [Word], of long: [Word]) -> Bool {
        guard short.count == long.count else { return false }
        return zip(short, long).allSatisfy { part, whole in
            let stem = part.last == 0x2E ? part.dropLast() : part
            return !stem.isEmpty && whole.starts(with: stem)
        }
    }

    /// Whether `short` has surname and given name of `long` and some, but not all, of the words between.
    private static func skipsMiddle(_ short: [Word], of long: [Word]) -> Bool {
        guard short.count >= 2, short.count < long.count, short.first == long.first, short.last == long.last else {
            return false
        }
        var rest = long[...]
        return short.allSatisfy { word in
            guard let index = rest.firstIndex(of: word) else { return false }
            rest = rest[(index + 1)...]
            return true
        }
    }

    /// One letter put in, left out, replaced, or two neighbours exchanged.
    static func isOneEditAway(_ one: [UInt32], _ other: [UInt32]) -> Bool {
        guard abs(one.count - other.count) <= 1 else { return false }
        var start = 0
        while start < one.count, start < other.count, one[start] == other[start] { start += 1 }
        var end = 0
        while end < one.count - start, end < other.count - start,
            one[one.count - 1 - end] == other[other.count - 1 - end]
        {
            end += 1
        }
        let left = one[start..<(one.count - end)]
        let right = other[start..<(other.count - end)]
        if left.count <= 1, right.count <= 1 { return !(left.isEmpty && right.isEmpty) }
        return left.count == 2 && right.count == 2 && left.first == right.last && left.last == right.first
    }
}
