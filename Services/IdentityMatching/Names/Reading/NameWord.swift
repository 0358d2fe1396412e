/// One word of a name, packed for comparing: equal numbers, equal words.
struct NameWord: Hashable, Sendable {
    /// The word as normalised, with its diacritics.
    let exact: UInt64
    /// Without tones; ă, â, ê, ô, ơ, ư and đ stay.
    let toneless: UInt64
    /// Letters and digits without diacritics; đ is d; apostrophes and the like are gone.
    let folded: UInt64
    /// By ear (`SoundKey`); 0 until somebody has asked for it.
    var sound: UInt64 = 0
    /// One bit for each of the 26 letters that occur.
    let letters: UInt32
    /// The first folded letter.
    let firstLetter: UInt8
    /// Where the codes of the word stand in its reader.
    let codes: ByteRange
    /// Where its folded letters stand in its reader.
    let folds: ByteRange
    /// The tone of the syllable: the first that occurs, as in `LetterCodes.tone`.
    let tone: UInt8
    let traits: WordTraits
}

/// A place in a buffer of at most 255 bytes.
struct ByteRange: Hashable, Sendable {
    let start: UInt8
    let count: UInt8
    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
}

/// What is special about a word.
struct WordTraits: OptionSet, Hashable, Sendable {
    let rawValue: UInt8
    /// Holds `?` where a letter was.
    static let lostLetters = WordTraits(rawValue: 1)
    /// Ends with a full stop.
    static let stop = WordTraits(rawValue: 2)
    /// Holds more than letters of the Vietnamese alphabet: digits, signs, letters of other alphabets.
    static let notVietnamese = WordTraits(rawValue: 4)
    /// Holds characters other than ASCII.
    static let notASCII = WordTraits(rawValue: 8)
    /// Holds letters that `LetterCodes` does not tell apart.
    static let unknownLetters = WordTraits(rawValue: 16)
    /// Begins with đ.
    static let strokeFirst = WordTraits(rawValue: 32)
}

extension NameWord {
    /// `folded` of a word given by its folded letters.
    static func folded(_ letters: some Sequence<UInt8>) -> (word: UInt64, count: Int) {
        var (packed, hash, count): (UInt64, UInt64, Int) = (0, 0, 0)
        for letter in letters {
            packed = packed << 8 | UInt64(letter)
            hash = WordReader.mix(hash, UInt64(letter))
            count += 1
        }
        return (count <= 8 ? packed : hash | 1 << 63, count)
    }
}

/// Splits a normalised name into words, keeping its buffers from name to name.
///
/// Reads at most 16 words and 240 characters: more is no name, and whether two names are the same is decided on all
/// bytes by the comparer, never here.
struct WordReader {
    static let wordLimit = 16
    static let letterLimit = 240

    private(set) var words: [NameWord] = []
    private(set) var codes: [UInt8] = []
    /// The folded letters of all words, without spaces.
    private(set) var folds: [UInt8] = []
    private let table = LetterCodes.shared
    private let sounds = SoundKey.shared
    private var building = Building()

    init() {
        words.reserveCapacity(Self.wordLimit)
        codes.reserveCapacity(256)
        folds.reserveCapacity(256)
    }

    /// Reads UTF-8; bytes that are no UTF-8 are letters nobody knows.
    mutating func read(_ name: Span<UInt8>) {
        begin()
        var index = 0
        let count = name.count
        while index < count, codes.count < Self.letterLimit, words.count < Self.wordLimit {
            let byte = name[index]
            index += 1
            if byte < 0x80 {
                if byte == 0x20 { finishWord() } else { append(byte, UInt32(byte)) }
                continue
            }
            var scalar = UInt32(byte)
            var following = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC0 ? 1 : 0
            if following > 0 { scalar &= 0x3F >> UInt32(following) }
            while following > 0, index < count, name[index] & 0xC0 == 0x80 {
                scalar = scalar << 6 | UInt32(name[index] & 0x3F)
                index += 1
                following -= 1
            }
            append(table.code(scalar), scalar)
        }
        finishWord()
    }

    /// Fills in the words' sounds.
    mutating func hear() {
        for index in words.indices where words[index].sound == 0 { hear(index) }
    }

    /// The sound of one word.
    mutating func hear(_ index: Int) {
        guard words[index].sound == 0 else { return }
        words[index].sound = sounds.sound(of: words[index].folded, letters: Int(words[index].folds.count))
    }

    private mutating func begin() {
        words.removeAll(keepingCapacity: true)
        codes.removeAll(keepingCapacity: true)
        folds.removeAll(keepingCapacity: true)
        building = Building()
    }

    private mutating func append(_ code: UInt8, _ scalar: UInt32) {
        codes.append(code)
        building.exact = building.exact << 8 | UInt64(code)
        building.exactHash = Self.mix(building.exactHash, UInt64(scalar))
        let toneless = table.toneless[Int(code)]
        building.toneless = building.toneless << 8 | UInt64(toneless)
        building.tonelessHash = Self.mix(
            building.tonelessHash, code >= LetterCodes.firstBucket ? UInt64(scalar) : UInt64(toneless))
        if building.tone == 0 { building.tone = table.tone[Int(code)] }
        if code >= 0x80 { building.traits.insert(.notASCII) }
        if !LetterCodes.isVietnamese(code) { building.traits.insert(.notVietnamese) }
        if code >= LetterCodes.firstBucket { building.traits.insert(.unknownLetters) }
        if code == LetterCodes.dStroke, codes.count == building.firstCode + 1 { building.traits.insert(.strokeFirst) }
        let folded = table.folded[Int(code)]
        guard folded != 0 else { return }
        folds.append(folded)
        building.folded = building.folded << 8 | UInt64(folded)
        building.foldedHash = Self.mix(building.foldedHash, UInt64(folded))
        if folded >= 0x61, folded <= 0x7A { building.letters |= 1 << UInt32(folded - 0x61) }
        if folded == LetterCodes.lost { building.traits.insert(.lostLetters) }
    }

    private mutating func finishWord() {
        let codeCount = codes.count - building.firstCode
        let foldCount = folds.count - building.firstFold
        if foldCount > 0 {
            if codes[codes.count - 1] == 0x2E { building.traits.insert(.stop) }
            let packed = codeCount <= 8 && !building.traits.contains(.unknownLetters)
            words.append(
                NameWord(
                    exact: packed ? building.exact : building.exactHash | 1 << 63,
                    toneless: packed ? building.toneless : building.tonelessHash | 1 << 63,
                    folded: foldCount <= 8 ? building.folded : building.foldedHash | 1 << 63,
                    letters: building.letters, firstLetter: folds[building.firstFold],
                    codes: ByteRange(
                        start: UInt8(truncatingIfNeeded: building.firstCode),
                        count: UInt8(truncatingIfNeeded: codeCount)),
                    folds: ByteRange(
                        start: UInt8(truncatingIfNeeded: building.firstFold),
                        count: UInt8(truncatingIfNeeded: foldCount)),
                    tone: building.tone, traits: building.traits))
        }
        building = Building(firstCode: codes.count, firstFold: folds.count)
    }

    /// A word while its letters come.
    private struct Building {
        var firstCode = 0
        var firstFold = 0
        var exact: UInt64 = 0
        var toneless: UInt64 = 0
        var folded: UInt64 = 0
        var exactHash: UInt64 = 0
        var tonelessHash: UInt64 = 0
        var foldedHash: UInt64 = 0
        var letters: UInt32 = 0
        var tone: UInt8 = 0
        var traits: WordTraits = []

    }

    fileprivate static func mix(_ hash: UInt64, _ value: UInt64) -> UInt64 {
        let mixed = (hash ^ value &+ 0x9E37_79B9) &* 0x9E37_79B9_7F4A_7C15
        return mixed ^ mixed >> 29
    }
}
