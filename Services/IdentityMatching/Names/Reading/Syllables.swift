/// The syllables that can be written in Vietnamese: onset × rhyme × tone, by the rules of spelling.
///
/// Used to judge a reading, never a person: names of the Central Highlands (Ksor, H'Hen) and of foreigners break the
/// rules and are names all the same. A little more is allowed than dictionaries hold.
struct Syllables: Sendable {
    static let shared = Syllables()

    /// Onsets that stand before any rhyme, but for those that begin with yê.
    static let onsets = [
        "", "b", "ch", "d", "đ", "h", "kh", "l", "m", "n", "nh", "p", "ph", "r", "s", "t", "th", "tr", "v", "x",
    ]
    /// Before e, ê, i and y.
    static let onsetsBeforeFront = ["k", "gh", "ngh"]
    /// Before the other vowels.
    static let onsetsBeforeBack = ["c", "g", "ng"]

    /// Rhymes without tones, by their first vowel. oong and ooc are left out: xoong is no name, and oo is telex for ô.
    static let rhymes: [[String]] = [
        ["a", "ac", "ach", "ai", "am", "an", "ang", "anh", "ao", "ap", "at", "au", "ay"],
        ["ăc", "ăm", "ăn", "ăng", "ăp", "ăt"],
        ["âc", "âm", "ân", "âng", "âp", "ât", "âu", "ây"],
        ["e", "ec", "em", "en", "eng", "eo", "ep", "et"],
        ["ê", "êch", "êm", "ên", "ênh", "êp", "êt", "êu"],
        [
            "i", "ia", "ich", "iêc", "iêm", "iên", "iêng", "iêp", "iêt", "iêu", "im", "in", "inh", "ip", "it", "iu",
        ],
        [
            "o", "oa", "oac", "oach", "oai", "oam", "oan", "oang", "oanh", "oao", "oap", "oat", "oay", "oăc", "oăm",
            "oăn", "oăng", "oăt", "oc", "oe", "oen", "oeo", "oet", "oi", "om", "on", "ong", "op", "ot",
        ],
        ["ô", "ôc", "ôi", "ôm", "ôn", "ông", "ôp", "ôt"],
        ["ơ", "ơi", "ơm", "ơn", "ơp", "ơt"],
        [
            "u", "ua", "uân", "uâng", "uât", "uây", "uc", "uê", "uêch", "uênh", "ui", "um", "un", "ung", "uôc", "uôi",
            "uôm", "uôn", "uông", "uôt", "uơ", "up", "ut", "uy", "uya", "uych", "uyên", "uyêt", "uyn", "uynh", "uyt",
            "uyu",
        ],
        [
            "ư", "ưa", "ưc", "ưi", "ưm", "ưn", "ưng", "ươc", "ươi", "ươm", "ươn", "ương", "ươp", "ươt", "ươu", "ưt",
            "ưu",
        ],
        ["y", "yêm", "yên", "yêng", "yêt", "yêu"],
    ]

    /// After qu.
    static let rhymesAfterQu = [
        "a", "ac", "ach", "ai", "an", "ang", "anh", "ao", "at", "au", "ay", "ăc", "ăm", "ăn", "ăng", "ăt", "âc", "ân",
        "âng", "ât", "ây", "e", "en", "eo", "et", "ê", "ên", "êt", "i", "ich", "inh", "it", "y", "ynh", "ych", "yt",
        "yên", "yêt", "ôc", "ơ", "ơi", "ơt",
    ]

    /// After gi, whose i stands for the vowel where the rhyme begins with i: gì, giêng.
    static let rhymesAfterG = ["i", "in", "iêc", "iêng", "iêt"]

    private let toneless: PackedWords
    private let folded: PackedWords

    private init() {
        let all = Self.withoutTones
        toneless = PackedWords(all.map { PackedWords.pack($0) })
        folded = PackedWords(all.map { PackedWords.packFolded($0) })
    }

    /// Every syllable, without tones.
    static var withoutTones: [String] {
        var all: [String] = []
        for rhyme in rhymes.joined() {
            let isFront = "eêiy".contains(rhyme.first ?? "a")
            all += onsets.filter { $0.isEmpty || !rhyme.hasPrefix("yê") }.map { $0 + rhyme }
            if isFront, !rhyme.hasPrefix("yê") { all += onsetsBeforeFront.map { $0 + rhyme } }
            if !isFront {
                all += onsetsBeforeBack.map { $0 + rhyme }
                all.append("gi" + rhyme)
            }
        }
        return all + rhymesAfterQu.map { "qu" + $0 } + rhymesAfterG.map { "g" + $0 }
    }

    /// Whether a word can be read as it stands: a syllable with its diacritics, one without any, or an initial.
    func isSound(_ word: NameWord) -> Bool {
        if word.traits.contains(.notVietnamese) { return false }
        if word.codes.count == 1 { return true }
        if !word.traits.contains(.notASCII) { return folded.contains(word.folded) }
        return toneless.contains(word.toneless) && Self.carries(word.tone, word.folded)
    }

    /// Syllables that end with c, ch, p or t have sắc or nặng, or none where tones were left out.
    private static func carries(_ tone: UInt8, _ folded: UInt64) -> Bool {
        guard tone >= 1, tone <= 3 else { return true }
        switch folded & 0xFF {
        case 0x63, 0x70, 0x74: return false
        case 0x68: return folded & 0xFFFF != 0x6368
        default: return true
        }
    }

    /// Whether folded letters are a syllable whose diacritics were left out.
    func isSyllableWithoutDiacritics(_ folded: UInt64) -> Bool { self.folded.contains(folded) }

    /// Whether codes without tones are a syllable that carries the tone.
    func isLegal(_ codes: [UInt8], tone: UInt8) -> Bool {
        guard codes.count <= 8, !codes.isEmpty else { return false }
        var packed: UInt64 = 0
        var plain: UInt64 = 0
        for code in codes {
            packed = packed << 8 | UInt64(code)
            plain = plain << 8 | UInt64(LetterCodes.shared.folded[Int(code)])
        }
        return toneless.contains(packed) && Self.carries(tone, plain)
    }
}

/// Where the tone mark of a syllable stands, in the form of the rule set (hoà, thuý).
enum ToneMark {
    /// The vowel that carries the tone: the last one with a diacritic (ươ: ơ); of plain vowels the one before the final
    /// vowel, or the last before a consonant, and the second of oa, oe and uy. The u of qu and the i of gia are no vowels.
    static func place(in codes: [UInt8]) -> Int? {
        var vowels: [Int] = []
        for (index, code) in codes.enumerated() where isVowel(code) {
            if code >= LetterCodes.firstVowel {
                vowels = vowels.filter { codes[$0] >= LetterCodes.firstVowel }
                vowels.append(index)
                continue
            }
            if vowels.contains(where: { codes[$0] >= LetterCodes.firstVowel }) { continue }
            vowels.append(index)
        }
        if let last = vowels.last, codes[last] >= LetterCodes.firstVowel { return last }
        if vowels.count > 1, let first = codes.first, vowels[0] == 1 {
            if first == 0x71, codes[1] == 0x75 { vowels.removeFirst() }
            if first == 0x67, codes[1] == 0x69 { vowels.removeFirst() }
        }
        guard let last = vowels.last else { return nil }
        if vowels.count == 1 || last < codes.count - 1 { return last }
        if vowels.count > 2 { return vowels[vowels.count - 2] }
        let pair = (codes[vowels[0]], codes[last])
        let second = pair == (0x6F, 0x61) || pair == (0x6F, 0x65) || pair == (0x75, 0x79)
        return second ? last : vowels[0]
    }

    /// The codes with the tone on its vowel.
    static func applied(_ tone: UInt8, to codes: [UInt8]) -> [UInt8] {
        guard tone > 0, let place = place(in: codes) else { return codes }
        var marked = codes
        marked[place] = LetterCodes.shared.code(codes[place], tone: tone)
        return marked
    }

    static func isVowel(_ code: UInt8) -> Bool {
        if code >= LetterCodes.firstVowel { return code < LetterCodes.dStroke }
        switch code {
        case 0x61, 0x65, 0x69, 0x6F, 0x75, 0x79: return true
        default: return false
        }
    }
}
