/// Vietnamese of the time before Unicode, pasted as if it were Latin-1: each font's letters as they look in another font.
struct LegacyEncoding: Sendable {
    let source: ReadingSource
    /// One character for one.
    private let single: [UInt32: UInt32]
    /// A letter and the mark behind it for one.
    private let pairs: [UInt64: UInt32]
    /// Whether capitals and small letters are kept apart by the encoding; if not, the text is read in small letters.
    private let isCased: Bool

    private init(
        _ source: ReadingSource, cased: Bool, single: [(from: String, to: String)],
        pairs: [(base: String, mark: String, to: String)] = []
    ) {
        self.source = source
        isCased = cased
        var singles: [UInt32: UInt32] = [:]
        for row in single {
            for (from, to) in zip(row.from.unicodeScalars, row.to.unicodeScalars) { singles[from.value] = to.value }
        }
        self.single = singles
        var doubles: [UInt64: UInt32] = [:]
        for row in pairs {
            for (mark, to) in zip(row.mark.unicodeScalars, row.to.unicodeScalars) {
                guard let base = row.base.unicodeScalars.first else { continue }
                doubles[UInt64(base.value) << 32 | UInt64(mark.value)] = to.value
            }
        }
        self.pairs = doubles
    }

    /// TCVN 5712:1993 VN3, fonts `.VnTime` and the like: `NguyÔn V¨n An`. μ (U+03BC) is what case folding makes of µ.
    static let tcvn3 = LegacyEncoding(
        .tcvn3, cased: true,
        single: [
            ("¡¢£¤¥¦§", "ĂÂÊÔƠƯĐ"), ("¨©ª«¬\u{AD}®", "ăâêôơưđ"), ("µ¶·¸¹μ", "àảãáạà"), ("»¼½¾Æ", "ằẳẵắặ"),
            ("ÇÈÉÊË", "ầẩẫấậ"), ("ÌÎÏÐÑ", "èẻẽéẹ"), ("ÒÓÔÕÖ", "ềểễếệ"), ("×ØÜÝÞ", "ìỉĩíị"), ("ßáâãä", "òỏõóọ"),
            ("åæçèé", "ồổỗốộ"), ("êëìíî", "ờởỡớợ"), ("ïñòóô", "ùủũúụ"), ("õö÷øù", "ừửữứự"), ("úûüýþ", "ỳỷỹýỵ"),
        ])

    /// VNI fonts (`VNI-Times`): `Nguyeãn Vaên An`.
    static let vniWindows = LegacyEncoding(
        .vniWindows, cased: false,
        single: [("íìæóòîôöñ", "íìỉĩịỵơưđ")],
        pairs: [
            ("a", "ùøûõïêéèúüëâáàåãä", "áàảãạăắằẳẵặâấầẩẫậ"), ("e", "ùøûõïâáàåãä", "éèẻẽẹêếềểễệ"),
            ("o", "ùøûõïâáàåãä", "óòỏõọôốồổỗộ"), ("u", "ùøûõï", "úùủũụ"), ("y", "ùøûõï", "ýỳỷỹỵ"),
            ("ô", "ùøûõï", "ớờởỡợ"), ("ö", "ùøûõï", "ứừửữự"),
        ])

    /// windows-1258 read as windows-1252: `NguyêÞn Vãn Ðýìc`; its tones are characters of their own.
    static let windows1258 = LegacyEncoding(
        .windows1258, cased: true,
        single: [
            ("ÌÒÞìòþ", "\u{300}\u{309}\u{303}\u{301}\u{323}\u{303}"), ("ÃÐÕÝ", "ĂĐƠƯ"), ("ãðõý", "ăđơư"),
        ])

    static let all = [tcvn3, vniWindows, windows1258]

    /// Whether the text can be in one of these encodings: nothing but Latin-1, and not ASCII alone.
    static func mayHold(_ text: [UInt32]) -> Bool {
        var high = false
        for scalar in text where scalar >= 0x80 {
            guard scalar < 0x100 || scalar == 0x3BC else { return false }
            high = true
        }
        return high
    }

    /// The text as it was meant, words that make no syllable read again as if their capitals had been lost.
    func decoded(_ text: [UInt32]) -> [UInt32] {
        let words = text.split(separator: 0x20, omittingEmptySubsequences: false)
        return Array(words.map { decodedWord(Array($0)) }.joined(separator: [0x20]))
    }

    private func decodedWord(_ word: [UInt32]) -> [UInt32] {
        let plain = decodedOnce(word)
        guard isCased, !Self.isSyllable(plain) else { return plain }
        let cased = word.indices.filter { Self.otherCase(word[$0]) != nil }.prefix(4)
        guard !cased.isEmpty else { return plain }
        for choice in 1..<(1 << cased.count) {
            var other = word
            for (bit, index) in cased.enumerated() where choice & 1 << bit != 0 {
                other[index] = Self.otherCase(word[index]) ?? word[index]
            }
            let decoded = decodedOnce(other)
            if Self.isSyllable(decoded) { return decoded }
        }
        return plain
    }

    private func decodedOnce(_ word: [UInt32]) -> [UInt32] {
        var decoded: [UInt32] = []
        var index = 0
        while index < word.count {
            let scalar = isCased ? word[index] : Self.small(word[index])
            if index + 1 < word.count {
                let mark = isCased ? word[index + 1] : Self.small(word[index + 1])
                if let letter = pairs[UInt64(scalar) << 32 | UInt64(mark)] {
                    decoded.append(letter)
                    index += 2
                    continue
                }
            }
            let letter = single[scalar] ?? scalar
            if let tone = Self.tones[letter], let last = decoded.last, let toned = Self.toned(last, tone) {
                decoded[decoded.count - 1] = toned
            } else {
                decoded.append(letter)
            }
            index += 1
        }
        return decoded
    }

    /// The combining tone marks of windows-1258.
    private static let tones: [UInt32: UInt8] = [0x300: 1, 0x309: 2, 0x303: 3, 0x301: 4, 0x323: 5]

    /// The vowel with the tone, small letters; nil for what carries none.
    private static func toned(_ letter: UInt32, _ tone: UInt8) -> UInt32? {
        let table = LetterCodes.shared
        let code = table.code(anyCase: letter)
        guard ToneMark.isVowel(code), table.tone[Int(code)] == 0 else { return nil }
        return table.scalars[Int(table.code(code, tone: tone))]
    }

    private static func isSyllable(_ word: [UInt32]) -> Bool {
        RawWord(word).isSyllable
    }

    private static func small(_ scalar: UInt32) -> UInt32 {
        let isCapital = scalar >= 0x41 && scalar <= 0x5A || scalar >= 0xC0 && scalar <= 0xDE && scalar != 0xD7
        return isCapital ? scalar + 0x20 : scalar
    }

    /// The other case of a letter of the upper half of Latin-1.
    private static func otherCase(_ scalar: UInt32) -> UInt32? {
        guard scalar >= 0xC0, scalar <= 0xFE, scalar != 0xD7, scalar != 0xF7, scalar != 0xDF else { return nil }
        return scalar ^ 0x20
    }
}
