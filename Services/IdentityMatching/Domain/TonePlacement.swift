/// Where a syllable's tone mark stands, made one: on the second vowel of the open syllables oa, oe and uy.
///
/// Both placements are taught (hòa and hoà); they are one word. After q the u belongs to the consonant, so qúy is no
/// other placement of quý but a mistake, and stays one. In a closed syllable (hoàn) there is only one placement.
enum TonePlacement {
    private static let o: UInt32 = 0x6F
    private static let u: UInt32 = 0x75
    private static let a: UInt32 = 0x61
    private static let e: UInt32 = 0x65
    private static let y: UInt32 = 0x79
    private static let q: UInt32 = 0x71

    static func unified(_ text: [Unicode.Scalar], by unify: (inout [UInt32]) -> Void) -> [Unicode.Scalar] {
        var values = text.map(\.value)
        unify(&values)
        return values.map { Unicode.Scalar($0) ?? "\u{FFFD}" }
    }

    /// Moves tones in place; the text is composed and case folded.
    static func unify(_ text: inout [UInt32]) {
        guard text.count >= 2 else { return }
        for index in 1..<text.count {
            let second = text[index]
            guard second == a || second == e || second == y else { continue }
            let tone = second == y ? toneOnU(text[index - 1]) : toneOnO(text[index - 1])
            guard tone > 0, index < 2 || text[index - 2] != q, isOpen(text, after: index) else { continue }
            text[index - 1] = second == y ? u : o
            text[index] = VietnameseLetters.letter(second, tone: tone)
        }
    }

    private static func toneOnO(_ letter: UInt32) -> Int {
        switch letter {
        case 0xF2: 1
        case 0x1ECF: 2
        case 0xF5: 3
        case 0xF3: 4
        case 0x1ECD: 5
        default: 0
        }
    }

    private static func toneOnU(_ letter: UInt32) -> Int {
        switch letter {
        case 0xF9: 1
        case 0x1EE7: 2
        case 0x169: 3
        case 0xFA: 4
        case 0x1EE5: 5
        default: 0
        }
    }

    /// No letter and no mark follows.
    private static func isOpen(_ text: [UInt32], after index: Int) -> Bool {
        guard index + 1 < text.count else { return true }
        let next = text[index + 1]
        if next < 0x80 { return !(next >= 0x61 && next <= 0x7A) }
        guard let properties = Unicode.Scalar(next)?.properties else { return true }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark:
            return false
        default: return true
        }
    }
}

/// A syllable's one tone mark moved to the last of the vowels that stand beside the one that bears it.
///
/// No two words differ by it alone: a syllable has one tone, and its vowels say which word it is. Where two vowels bear a
/// mark, nothing is moved.
enum SyllableTone {
    /// Moves tones in place; the text is composed and case folded.
    static func unify(_ text: inout [UInt32]) {
        var index = 0
        while index < text.count {
            guard VietnameseLetters.tone(ofVowel: text[index]) != nil else {
                index += 1
                continue
            }
            let start = index
            var marked = -1
            var marks = 0
            while index < text.count, let tone = VietnameseLetters.tone(ofVowel: text[index]) {
                if tone > 0 {
                    marked = index
                    marks += 1
                }
                index += 1
            }
            guard marks == 1, index - start > 1, let tone = VietnameseLetters.tone(ofVowel: text[marked]) else {
                continue
            }
            text[marked] = VietnameseLetters.withoutTone(text[marked])
            text[index - 1] = VietnameseLetters.letter(text[index - 1], tone: tone)
        }
    }
}
