/// The Vietnamese vowels with their tones, lower case and composed.
enum VietnameseLetters {
    /// A vowel, its tone taken off: `letter` keeps its quality (ă, ê, ơ), `base` does not.
    struct Vowel: Equatable, Sendable {
        /// The vowel without tone.
        let letter: UInt32
        /// a, e, i, o, u or y.
        let base: UInt32
        /// 0 none, 1 huyền, 2 hỏi, 3 ngã, 4 sắc, 5 nặng.
        let tone: Int
    }

    /// Each row: a vowel without tone, then with the five tones, in the order of `Vowel.tone`.
    static let rows: [(base: Character, letters: String)] = [
        ("a", "aàảãáạ"), ("a", "ăằẳẵắặ"), ("a", "âầẩẫấậ"), ("e", "eèẻẽéẹ"), ("e", "êềểễếệ"), ("i", "iìỉĩíị"),
        ("o", "oòỏõóọ"), ("o", "ôồổỗốộ"), ("o", "ơờởỡớợ"), ("u", "uùủũúụ"), ("u", "ưừửữứự"), ("y", "yỳỷỹýỵ"),
    ]

    static let vowels: [UInt32: Vowel] = {
        var vowels: [UInt32: Vowel] = [:]
        for row in rows {
            let letters = row.letters.unicodeScalars.map(\.value)
            let base = row.base.unicodeScalars.first?.value ?? 0
            for (tone, letter) in letters.enumerated() {
                vowels[letter] = Vowel(letter: letters[0], base: base, tone: tone)
            }
        }
        return vowels
    }()

    private static let toned: [UInt32: [UInt32]] = {
        var toned: [UInt32: [UInt32]] = [:]
        for row in rows {
            let letters = row.letters.unicodeScalars.map(\.value)
            toned[letters[0]] = letters
        }
        return toned
    }()

    /// The vowel (without tone) with this tone.
    static func letter(_ vowel: UInt32, tone: Int) -> UInt32 { toned[vowel]?[tone] ?? vowel }

    /// Scalars without tones; ă, â, ê, ô, ơ, ư and đ stay.
    static func withoutTones(_ text: [UInt32]) -> [UInt32] { text.map { $0 < limit ? toneless[Int($0)] : $0 } }

    /// Scalars without any diacritic; đ becomes d. For explaining a difference, never for deciding one.
    static func withoutDiacritics(_ text: [UInt32]) -> [UInt32] { text.map { $0 < limit ? bare[Int($0)] : $0 } }

    private static let limit: UInt32 = 0x1F00
    private static let toneless: [UInt32] = (0..<limit).map { vowels[$0]?.letter ?? $0 }
    private static let bare: [UInt32] = (0..<limit).map { $0 == 0x111 ? 0x64 : vowels[$0]?.base ?? $0 }
}

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

    static func unified(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
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
