/// Characters that look like letters: of other scripts, of other Latin alphabets, digits and signs.
enum LookAlikes {
    /// One for one. Cyrillic and Greek letters come from phones and from text recognition; ð, ɖ and the đồng sign stand
    /// for đ, ǎ for ă.
    static let letters: [(from: String, to: String)] = [
        ("асеорхуікмтнвьԁһ", "aceopxyikmthbbdh"), ("АСЕОРХУІКМТНВԀ", "ACEOPXYIKMTHBD"), ("ӑӐ", "ăĂ"),
        ("αορυικντγεηΑΒΕΗΙΚΜΝΟΡΤΥΧ", "aopuikvtyenABEHIKMNOPTYX"), ("ðɖƉ₫", "đđĐđ"), ("ǎǍĕĔŏŎǒ", "ăĂêÊôÔô"),
        ("ıɑɡ", "iag"),
    ]

    /// Signs that stand for one of several letters; which one, the syllable tells.
    static let signs: [(sign: Character, letters: String)] = [
        ("0", "o"), ("1", "li"), ("|", "li"), ("!", "il"), ("5", "s"), ("@", "a"), ("$", "s"),
    ]

    private static let singles: [UInt32: UInt32] = {
        var singles: [UInt32: UInt32] = [:]
        for row in letters {
            for (from, to) in zip(row.from.unicodeScalars, row.to.unicodeScalars) { singles[from.value] = to.value }
        }
        // Full-width letters.
        for offset in UInt32(0)..<26 {
            singles[0xFF21 + offset] = 0x41 + offset
            singles[0xFF41 + offset] = 0x61 + offset
        }
        return singles
    }()

    private static let choices: [UInt32: [UInt32]] = {
        var choices: [UInt32: [UInt32]] = [:]
        for row in signs {
            guard let sign = row.sign.unicodeScalars.first else { continue }
            choices[sign.value] = row.letters.unicodeScalars.map(\.value)
        }
        return choices
    }()

    /// The text with letters for what looks like them; nil where nothing does.
    static func replaced(_ text: [UInt32]) -> [UInt32]? {
        var changed = false
        var letters = text
        for index in letters.indices {
            guard let letter = singles[letters[index]] else { continue }
            letters[index] = letter
            changed = true
        }
        var words: [[UInt32]] = []
        for part in letters.split(separator: 0x20) {
            let word = Array(part)
            if let read = resolved(word) {
                words.append(read)
                changed = true
            } else {
                words.append(word)
            }
        }
        return changed ? Array(words.joined(separator: [0x20])) : nil
    }

    /// The word with letters for its signs, if that makes a syllable; a sign at the end may as well be a note.
    private static func resolved(_ word: [UInt32]) -> [UInt32]? {
        let places = word.indices.filter { choices[word[$0]] != nil }
        guard !places.isEmpty, places.count <= 3, word.count > places.count else { return nil }
        return resolved(word, places[...])
    }

    private static func resolved(_ word: [UInt32], _ places: ArraySlice<Int>) -> [UInt32]? {
        guard let place = places.first else {
            let raw = RawWord(word)
            let folded = NameWord.folded(raw.codes.map { LetterCodes.shared.folded[Int($0)] }).word
            return raw.isSyllable || Syllables.shared.isSyllableWithoutDiacritics(folded) ? word : nil
        }
        for letter in choices[word[place]] ?? [] {
            var next = word
            next[place] = letter
            if let read = resolved(next, places.dropFirst()) { return read }
        }
        return nil
    }
}
