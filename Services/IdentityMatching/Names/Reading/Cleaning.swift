/// One step by which what is no name is taken out of a name's field. For finding a person only: VERIFY cleans nothing.
enum CleaningRule: String, CaseIterable, Sendable {
    /// `NguyễnVănAn`: a space between a small letter and a capital.
    case joinedCapitalsSplit = "joined-capitals-split"
    /// `(con bà Hoa)`, `[mũi 2]`; an open bracket reaches to the end.
    case bracketsRemoved = "brackets-removed"
    /// What follows ` - `, `/`, `;`, `:` or a comma behind two words; behind one word a comma is a space (Smith, John).
    case notesCut = "notes-cut"
    /// Digits go: `An2`, `1987`.
    case digitsRemoved = "digits-removed"
    /// Full stops, hyphens and other signs are spaces; an apostrophe inside a word stays (K'Brôi).
    case signsAreSpaces = "signs-are-spaces"
    /// `con bà …`, `sinh năm …`, `mũi …` behind two words.
    case notePhrasesCut = "note-phrases-cut"
    /// The same name twice in one field.
    case repetitionRemoved = "repetition-removed"
    /// `Ông`, `Bà`, `Cháu`, `BS` before a name.
    case titlesRemoved = "titles-removed"

    /// The rule applied to words of scalars: the first five to words as typed, the others to normalised words.
    func apply(to words: [[UInt32]]) -> [[UInt32]] {
        switch self {
        case .joinedCapitalsSplit: Cleaning.splitCapitals(words)
        case .bracketsRemoved: Cleaning.withoutBrackets(words)
        case .notesCut: Cleaning.cut(words)
        case .digitsRemoved: words.map { $0.filter { !Cleaning.isDigit($0) } }
        case .signsAreSpaces: Cleaning.withoutSigns(words)
        case .notePhrasesCut: Cleaning.withoutNotes(words)
        case .repetitionRemoved: Cleaning.once(words)
        case .titlesRemoved: Cleaning.withoutTitles(words)
        }
    }

    static let beforeNormalising: [CleaningRule] = [
        .joinedCapitalsSplit, .bracketsRemoved, .notesCut, .digitsRemoved, .signsAreSpaces,
    ]
    static let afterNormalising: [CleaningRule] = [.notePhrasesCut, .repetitionRemoved, .titlesRemoved]
}

/// The cleaning rules' ways.
enum Cleaning {
    private static let titles = Set(NameWordLists.titles.map(scalars))
    private static let bareTitles = Set(NameWordLists.titles.map { bare(scalars($0)) })
    private static let surnames = Set(NameWordLists.surnames.map { bare(scalars($0)) })
    private static let notes = Set(NameWordLists.notes.map { $0.split(separator: " ").map { scalars(String($0)) } })
    private static let bareNotes = Set(notes.map { $0.map(bare) })

    /// Folded titles and notes, packed: whether a name that reads well may still need cleaning.
    private static let packedTitles = PackedWords(NameWordLists.titles.map { PackedWords.packFolded($0) })
    private static let packedNotes = PackedWords(
        NameWordLists.notes.map { phrase in
            phrase.split(separator: " ").reduce(0) { phraseKey($0, PackedWords.packFolded($1)) }
        })

    private static func phraseKey(_ first: UInt64, _ second: UInt64) -> UInt64 {
        first == 0 ? second : first &* 0x9E37_79B9_7F4A_7C15 ^ second
    }

    /// Whether words that all read well may hold a title, a note, or the name twice.
    static func mayApply(to words: [NameWord]) -> Bool {
        guard words.count > 2 else { return false }
        if packedTitles.contains(words[0].folded) { return true }
        if words.count > 3, words.count % 2 == 0, words[0].exact == words[words.count / 2].exact { return true }
        for index in 2..<words.count {
            if packedNotes.contains(words[index].folded) { return true }
            guard index + 1 < words.count else { return false }
            if packedNotes.contains(phraseKey(words[index].folded, words[index + 1].folded)) { return true }
        }
        return false
    }

    static func words(_ text: [UInt32]) -> [[UInt32]] {
        text.split { $0 == 0x20 || $0 >= 0x09 && $0 <= 0x0D || $0 == 0xA0 || $0 == 0x3000 }.map(Array.init)
    }

    static func splitCapitals(_ words: [[UInt32]]) -> [[UInt32]] {
        words.flatMap { word in
            var parts: [[UInt32]] = [[]]
            for (index, scalar) in word.enumerated() {
                if index > 1, isCapital(scalar), isSmall(word[index - 1]), index + 1 < word.count { parts.append([]) }
                parts[parts.count - 1].append(scalar)
            }
            return parts
        }
    }

    static func withoutBrackets(_ words: [[UInt32]]) -> [[UInt32]] {
        var depth = 0
        var kept: [[UInt32]] = []
        for word in words {
            var rest: [UInt32] = []
            for scalar in word {
                switch scalar {
                case 0x28, 0x5B, 0x7B, 0x3C, 0xFF08: depth += 1
                case 0x29, 0x5D, 0x7D, 0x3E, 0xFF09: depth = max(0, depth - 1)
                default: if depth == 0 { rest.append(scalar) }
                }
            }
            if !rest.isEmpty { kept.append(rest) }
        }
        return kept
    }

    static func cut(_ words: [[UInt32]]) -> [[UInt32]] {
        var kept: [[UInt32]] = []
        for word in words {
            if kept.count >= 2, word.allSatisfy(isDash) { break }
            guard let sign = word.firstIndex(where: isSeparator) else {
                kept.append(word)
                continue
            }
            if sign > 0 { kept.append(Array(word[..<sign])) }
            if kept.count >= 2 { break }
            let rest = word[(sign + 1)...].map { isSeparator($0) ? 0x20 : $0 }
            kept += Self.words(rest)
        }
        return kept
    }

    static func withoutSigns(_ words: [[UInt32]]) -> [[UInt32]] {
        words.flatMap { word in
            let letters = word.map { isSign($0) ? 0x20 : $0 }
            return Self.words(letters).map { part in
                var part = part[...]
                while let first = part.first, isApostrophe(first) { part.removeFirst() }
                while let last = part.last, isApostrophe(last) { part.removeLast() }
                return Array(part)
            }.filter { !$0.isEmpty }
        }
    }

    static func withoutNotes(_ words: [[UInt32]]) -> [[UInt32]] {
        guard words.count > 2 else { return words }
        let isBare = words.allSatisfy { $0.allSatisfy { $0 < 0x80 } }
        let notes = isBare ? bareNotes : notes
        for index in 2..<words.count {
            if notes.contains([words[index]]) { return Array(words[..<index]) }
            if index + 1 < words.count, notes.contains([words[index], words[index + 1]]) {
                return Array(words[..<index])
            }
        }
        return words
    }

    static func once(_ words: [[UInt32]]) -> [[UInt32]] {
        let half = words.count / 2
        guard half >= 2, words.count == half * 2, words[..<half] == words[half...] else { return words }
        return Array(words[..<half])
    }

    /// Drops titles while a name of two words is left. A title written without diacritics, or one that is a name too,
    /// goes before a surname or another title only.
    static func withoutTitles(_ words: [[UInt32]]) -> [[UInt32]] {
        var rest = words[...]
        while rest.count > 2, let first = rest.first {
            let next = bare(rest[rest.startIndex + 1])
            guard titles.contains(first) || bareTitles.contains(bare(first)) else { break }
            let isRank = first.allSatisfy { !ToneMark.isVowel(LetterCodes.shared.code($0)) } && first.count > 1
            guard isRank || surnames.contains(next) || bareTitles.contains(next) else { break }
            rest = rest.dropFirst()
        }
        return Array(rest)
    }

    static func isDigit(_ scalar: UInt32) -> Bool {
        scalar >= 0x30 && scalar <= 0x39 || scalar >= 0xFF10 && scalar <= 0xFF19
    }

    private static func isDash(_ scalar: UInt32) -> Bool {
        scalar == 0x2D || scalar >= 0x2010 && scalar <= 0x2015
    }

    private static func isSeparator(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x2C, 0x2F, 0x3A, 0x3B, 0x5C, 0x7C: true
        default: false
        }
    }

    private static func isApostrophe(_ scalar: UInt32) -> Bool {
        scalar == 0x27 || scalar == 0x60 || scalar == 0xB4 || scalar == 0x2019 || scalar == 0x2018 || scalar == 0x2BC
    }

    private static func isSign(_ scalar: UInt32) -> Bool {
        if scalar == LetterCodes.lostScalar || scalar == 0xFFFD || isApostrophe(scalar) { return false }
        if scalar < 0x80 { return !(scalar | 0x20 >= 0x61 && scalar | 0x20 <= 0x7A) }
        guard let properties = Unicode.Scalar(scalar)?.properties else { return true }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark, .format:
            return false
        default: return true
        }
    }

    private static func isCapital(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 { return scalar >= 0x41 && scalar <= 0x5A }
        return Unicode.Scalar(scalar)?.properties.generalCategory == .uppercaseLetter
    }

    private static func isSmall(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 { return scalar >= 0x61 && scalar <= 0x7A }
        return Unicode.Scalar(scalar)?.properties.generalCategory == .lowercaseLetter
    }

    private static func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }
    private static func bare(_ word: [UInt32]) -> [UInt32] { VietnameseLetters.withoutDiacritics(word) }
}
