/// Words by ear: what is one sound somewhere in the country is one key. Coarse on purpose; it finds and explains, and
/// never decides.
///
/// Sources: the usual descriptions of Northern, Central and Southern speech (onsets d/gi/r and s/x, tr/ch merge in the
/// North, v/d in the South, n/l in parts of the Red River delta; final n/ng, t/c and inh/in, ich/it merge in the South;
/// iêu/iu, uôi/ui, iêm/im in the South, ươu/iêu, ưu/iu in the North), and the doublets of `RegionalDoublets`.
struct SoundKey: Sendable {
    static let shared = SoundKey()

    /// Onset as written (folded: đ counts as d), the sound it stands for. The longest that fits is taken.
    static let onsets: [(written: String, sound: String)] = [
        ("ngh", "G"), ("ng", "G"), ("nh", "J"), ("gh", "g"), ("gi", "z"), ("kh", "K"), ("ph", "f"), ("th", "T"),
        ("tr", "c"), ("ch", "c"), ("qu", "ku"), ("c", "k"), ("k", "k"), ("q", "k"), ("d", "z"), ("r", "z"), ("v", "z"),
        ("s", "s"), ("x", "s"), ("l", "n"), ("n", "n"), ("f", "f"),
    ]

    /// Rhyme as written (folded), the rhyme it sounds like; then the codas are merged.
    static let rhymes: [(written: String, sound: String)] = [
        ("y", "i"), ("yen", "ien"), ("yet", "iet"), ("yeng", "ieng"), ("yem", "im"), ("yeu", "iu"), ("ieu", "iu"),
        ("uou", "iu"), ("uu", "iu"), ("uoi", "ui"), ("iem", "im"), ("iep", "ip"), ("uom", "um"), ("inh", "in"),
        ("ich", "it"), ("enh", "en"), ("ech", "et"), ("uynh", "uyn"), ("uych", "uyt"),
    ]

    /// Final consonants, after the rhymes above.
    static let codas: [(written: String, sound: String)] = [("ng", "n"), ("c", "t")]

    private struct Onset: Sendable {
        let letters: [UInt8]
        let sound: [UInt8]
    }

    private let rules: Rules
    /// Words, not sounds: by sound võ would take Đỗ with it, which is Do without diacritics.
    private let doublets: PackedWords

    private init() {
        var table = [[Onset]](repeating: [], count: 256)
        for onset in Self.onsets {
            let letters = onset.written.unicodeScalars.map { LetterCodes.shared.code($0.value) }
            table[Int(letters[0])].append(Onset(letters: letters, sound: Array(onset.sound.utf8)))
        }
        rules = Rules(
            table: table,
            rhymes: PackedWords(Self.rhymes.map { (PackedWords.pack($0.written), PackedWords.pack($0.sound)) }))
        doublets = PackedWords(
            RegionalDoublets.groups.flatMap { group in
                group.dropFirst().map { (PackedWords.packFolded($0), PackedWords.packFolded(group[0])) }
            })
    }

    /// The key of a word by its folded form and the number of its letters. Never 0.
    func sound(of word: UInt64, letters count: Int) -> UInt64 {
        guard count <= 8 else { return word }
        let doublet = doublets.value(word)
        return rules.sound(of: doublet == 0 ? word : doublet)
    }

    /// Onsets and rhymes.
    private struct Rules: Sendable {
        let table: [[Onset]]
        let rhymes: PackedWords

        func sound(of word: UInt64) -> UInt64 {
            var letters = word
            var left = (64 - letters.leadingZeroBitCount + 7) / 8
            var sound: UInt64 = 0
            let first = Self.letter(letters, left, 0)
            for onset in table[Int(first)] where Self.begins(letters, left, with: onset.letters) {
                let next = onset.letters.count < left ? Self.letter(letters, left, onset.letters.count) : 0
                // The i of gi is also the vowel where no other follows: gì, gìn.
                let keepsVowel = onset.letters.count == 2 && onset.letters[1] == 0x69 && !Self.isVowel(next)
                let taken = keepsVowel ? 1 : onset.letters.count
                for byte in onset.sound { sound = sound << 8 | UInt64(byte) }
                left -= taken
                break
            }
            if sound == 0, left > 0, !Self.isVowel(first) {
                sound = UInt64(first)
                left -= 1
            }
            letters = left == 8 ? letters : letters & (1 << UInt64(left * 8) &- 1)
            var rhyme = rhyme(letters)
            guard sound != 0 else { return rhyme }
            while rhyme >> UInt64(left * 8) != 0 || left > 0 && rhyme >> UInt64(left * 8 - 8) == 0 {
                left += rhyme >> UInt64(left * 8) != 0 ? 1 : -1
            }
            rhyme |= sound << UInt64(left * 8)
            return rhyme
        }

        private func rhyme(_ letters: UInt64) -> UInt64 {
            let known = rhymes.value(letters)
            let rhyme = known == 0 ? letters : known
            if rhyme & 0xFFFF == 0x6E67 { return rhyme >> 8 }
            if rhyme & 0xFF == 0x63, rhyme > 0xFF { return rhyme ^ 0x63 ^ 0x74 }
            return rhyme
        }

        private static func letter(_ letters: UInt64, _ count: Int, _ index: Int) -> UInt8 {
            UInt8(truncatingIfNeeded: letters >> UInt64((count - 1 - index) * 8))
        }

        /// The first letter has been compared.
        private static func begins(_ letters: UInt64, _ count: Int, with onset: [UInt8]) -> Bool {
            guard onset.count <= count else { return false }
            for index in 1..<max(1, onset.count) where letter(letters, count, index) != onset[index] { return false }
            return true
        }

        private static func isVowel(_ letter: UInt8) -> Bool {
            switch letter {
            case 0x61, 0x65, 0x69, 0x6F, 0x75, 0x79: true
            default: false
            }
        }
    }
}
