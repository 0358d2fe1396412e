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

    /// Scalars without any diacritic; đ becomes d. For explaining a difference, never for deciding one.
    static func withoutDiacritics(_ text: [UInt32]) -> [UInt32] { text.map { $0 < limit ? bare[Int($0)] : $0 } }

    private static let limit: UInt32 = 0x1F00
    /// The tone of a vowel; nil for what is no vowel.
    static func tone(ofVowel letter: UInt32) -> Int? {
        guard letter < limit else { return nil }
        let tone = tones[Int(letter)]
        return tone < 0 ? nil : Int(tone)
    }

    static func withoutTone(_ letter: UInt32) -> UInt32 { letter < limit ? toneless[Int(letter)] : letter }

    private static let tones: [Int8] = (0..<limit).map { vowels[$0].map { Int8($0.tone) } ?? -1 }
    private static let toneless: [UInt32] = (0..<limit).map { vowels[$0]?.letter ?? $0 }
    private static let bare: [UInt32] = (0..<limit).map { $0 == 0x111 ? 0x64 : vowels[$0]?.base ?? $0 }
}
