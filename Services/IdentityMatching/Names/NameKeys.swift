/// Equality keys of a name, made by the same function for what was typed and for what the register holds. 0: none.
///
/// All are made of letters without diacritics, so that a name typed without them finds its person; those of single words
/// are made of the words' sounds (`SoundKey`), so that a word spelled by ear does.
struct NameKeys: Hashable, Sendable {
    /// All letters in their order; where words begin does not matter.
    var whole: UInt64 = 0
    /// The words in any order.
    var bag: UInt64 = 0
    /// The last word by ear.
    var given: UInt64 = 0
    /// The first word by ear.
    var surname: UInt64 = 0
    /// All words but the last, by ear; 0 for a single word.
    var surnameAndMiddle: UInt64 = 0
    /// All words but the first, by ear; 0 for a single word.
    var middleAndGiven: UInt64 = 0
    /// First and last word by ear, in either order; 0 for a single word.
    var surnameAndGiven: UInt64 = 0
    /// All words by ear, in their order.
    var sound: UInt64 = 0

    init() {}

    /// The keys of words whose sounds have been filled in, with the folded letters of all of them.
    init(words: Span<NameWord>, folds: Span<UInt8>) {
        var letters: UInt64 = 1
        for index in 0..<folds.count { letters = Self.mixed(letters ^ UInt64(folds[index])) }
        self.init(letters: letters, count: words.count, folded: { words[$0].folded }, sound: { words[$0].sound })
    }

    /// The keys of a name given by its words' folded letters, as `RegisterNameReader.foldedWords` gives them.
    init(foldedWords: [[UInt8]]) {
        let words = foldedWords.prefix(WordReader.wordLimit).map { word in
            let folded = NameWord.folded(word)
            return (folded: folded.word, sound: SoundKey.shared.sound(of: folded.word, letters: folded.count))
        }
        var letters: UInt64 = 1
        for word in foldedWords.prefix(WordReader.wordLimit) {
            for letter in word { letters = Self.mixed(letters ^ UInt64(letter)) }
        }
        self.init(letters: letters, count: words.count, folded: { words[$0].folded }, sound: { words[$0].sound })
    }

    private init(letters: UInt64, count: Int, folded: (Int) -> UInt64, sound ear: (Int) -> UInt64) {
        let last = count - 1
        guard last >= 0 else { return }
        whole = Self.key(letters, 1)
        var words: UInt64 = 0
        var sounds: UInt64 = 1
        var withoutLast: UInt64 = 1
        var withoutFirst: UInt64 = 1
        for index in 0...last {
            words &+= Self.mixed(folded(index))
            let heard = ear(index)
            if index == last { withoutLast = sounds }
            sounds = Self.mixed(sounds ^ heard)
            if index > 0 { withoutFirst = Self.mixed(withoutFirst ^ heard) }
        }
        bag = Self.key(words, 2)
        sound = Self.key(sounds, 3)
        given = Self.key(ear(last), 4)
        surname = Self.key(ear(0), 5)
        guard last > 0 else { return }
        surnameAndGiven = Self.key(Self.mixed(ear(0)) &+ Self.mixed(ear(last)), 6)
        surnameAndMiddle = Self.key(withoutLast, 7)
        middleAndGiven = Self.key(withoutFirst, 8)
    }

    private static func key(_ value: UInt64, _ kind: UInt64) -> UInt64 {
        let key = mixed(value &+ kind &* 0xD1B5_4A32_D192_ED03)
        return key == 0 ? 1 : key
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Makes the keys of registered names, keeping its buffers.
struct RegisterNameReader {
    private var reader = WordReader()

    init() {}

    /// The keys of a normalised name in UTF-8.
    mutating func keys(_ name: Span<UInt8>) -> NameKeys {
        reader.read(name)
        reader.hear()
        return NameKeys(words: reader.words.span, folds: reader.folds.span)
    }

    /// The words of a normalised name in UTF-8, without diacritics.
    mutating func foldedWords(_ name: Span<UInt8>) -> [[UInt8]] {
        reader.read(name)
        return Reading.foldedWords(reader.words, reader.folds)
    }
}
