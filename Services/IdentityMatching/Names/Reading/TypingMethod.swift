/// A way of typing Vietnamese with a Latin keyboard: which key does what to the syllable. Where the input method was off,
/// the keys themselves stand in the name.
struct TypingMethod: Sendable {
    /// What a key does.
    enum Key: Sendable {
        /// Puts a tone on the syllable (`LetterCodes.tone`); 0 takes it off.
        case tone(UInt8)
        /// The last a, e or o becomes â, ê or ô.
        case circumflex
        /// The same letter again: â, ê, ô; đ. In the second variant only where nothing stands between (ngoẻo).
        case again
        /// The last u or o becomes ư or ơ; uo becomes ươ.
        case horn
        /// The last a becomes ă.
        case breve
        /// Horn or breve, or ư where there is no vowel to change.
        case hornOrBreve
        /// The first d becomes đ.
        case stroke
    }

    let source: ReadingSource
    /// By letter code; nil for keys that are only letters.
    private let keys: [Key?]

    init(_ source: ReadingSource, _ keys: [(String, Key)]) {
        self.source = source
        var table = [Key?](repeating: nil, count: 256)
        for (letters, key) in keys {
            for letter in letters.utf8 { table[Int(letter)] = key }
        }
        self.keys = table
    }

    /// Telex: `Nguyeenx`, `Huwowngf`, `ddaats`.
    static let telex = TypingMethod(
        .telex,
        [
            ("f", .tone(1)), ("r", .tone(2)), ("x", .tone(3)), ("s", .tone(4)), ("j", .tone(5)), ("z", .tone(0)),
            ("aeod", .again), ("w", .hornOrBreve),
        ])

    /// VNI typing: `Nguye6n4`, `Tha3o`, `D9uc1`.
    static let vni = TypingMethod(
        .vni,
        [
            ("2", .tone(1)), ("3", .tone(2)), ("4", .tone(3)), ("1", .tone(4)), ("5", .tone(5)), ("0", .tone(0)),
            ("6", .circumflex), ("7", .horn), ("8", .breve), ("9", .stroke),
        ])

    /// VIQR (RFC 1456): `Nguye^~n`, `Va(n`, `DDu+'c`.
    static let viqr = TypingMethod(
        .viqr,
        [
            ("`", .tone(1)), ("?", .tone(2)), ("~", .tone(3)), ("'", .tone(4)), (".", .tone(5)), ("^", .circumflex),
            ("+*", .horn), ("(", .breve), ("d", .again),
        ])

    static let all = [telex, vni, viqr]

    /// Whether a word holds anything that this method may have put there: a key that is no letter, a double d, or for
    /// Telex, whose keys are letters all, anything.
    func mayHaveTyped(_ codes: [UInt8]) -> Bool {
        if source == .telex || codes.starts(with: [0x64, 0x64]) { return true }
        return codes.contains { keys[Int($0)] != nil && !($0 >= 0x61 && $0 <= 0x7A) }
    }

    /// The syllable that the keys make; nil if they make none, or if no key did anything.
    func syllable(_ typed: ArraySlice<UInt8>) -> [UInt8]? {
        guard typed.count >= 2, typed.count <= 12 else { return nil }
        for variant in 0...1 {
            var syllable = Typing()
            for code in typed { syllable.press(code, keys[Int(code)], variant: variant) }
            guard !syllable.failed, syllable.changed else { return nil }
            if Syllables.shared.isLegal(syllable.codes, tone: syllable.tone) {
                return ToneMark.applied(syllable.tone, to: syllable.codes)
            }
        }
        return nil
    }

    /// A syllable while it is typed.
    private struct Typing {
        var codes: [UInt8] = []
        var tone: UInt8 = 0
        var changed = false
        var failed = false
        private var hasTypedTone = false

        private static let (a, d, e, o, u): (UInt8, UInt8, UInt8, UInt8, UInt8) = (0x61, 0x64, 0x65, 0x6F, 0x75)
        private static let (breveA, hatA, hatE) = (row(1), row(2), row(4))
        private static let (hatO, hornO, hornU) = (row(7), row(8), row(10))

        private static func row(_ index: UInt8) -> UInt8 { LetterCodes.firstVowel + index * 6 }

        mutating func press(_ code: UInt8, _ key: Key?, variant: Int) {
            switch key {
            case .tone(let tone) where codes.contains(where: ToneMark.isVowel): set(tone)
            case .circumflex: circumflex(codes.lastIndex { $0 == Self.a || $0 == Self.e || $0 == Self.o })
            case .again where code == Self.d && codes.first == Self.d: stroke()
            case .again where code != Self.d && codes.contains(code) && (variant == 0 || codes.last == code):
                circumflex(codes.lastIndex(of: code))
            case .horn: horn(variant)
            case .breve: breve()
            case .hornOrBreve: hornOrBreve(variant)
            case .stroke: stroke()
            default: letter(code)
            }
        }

        /// A letter that may bring a tone of its own.
        private mutating func letter(_ code: UInt8) {
            let table = LetterCodes.shared
            codes.append(table.toneless[Int(code)])
            let own = table.tone[Int(code)]
            if own == 0 { return }
            if tone != 0, tone != own { failed = true }
            tone = own
        }

        private mutating func set(_ new: UInt8) {
            // A tone key twice takes the tone back; another tone than the letter's own is no residue.
            if hasTypedTone || tone != 0 && new != 0 && tone != new { failed = true }
            hasTypedTone = new != 0
            tone = new
            changed = true
        }

        private mutating func circumflex(_ index: Int?) {
            guard let index else {
                failed = true
                return
            }
            codes[index] = codes[index] == Self.a ? Self.hatA : codes[index] == Self.e ? Self.hatE : Self.hatO
            changed = true
        }

        private mutating func stroke() {
            guard codes.first == Self.d else {
                failed = true
                return
            }
            codes[0] = LetterCodes.dStroke
            changed = true
        }

        private mutating func breve() {
            guard let index = codes.lastIndex(of: Self.a) else {
                failed = true
                return
            }
            codes[index] = Self.breveA
            changed = true
        }

        /// uo: both, in the second variant o alone (thuở).
        private mutating func horn(_ variant: Int) {
            guard let index = codes.lastIndex(where: { $0 == Self.u || $0 == Self.o }) else {
                failed = true
                return
            }
            changed = true
            if codes[index] == Self.u {
                codes[index] = Self.hornU
                return
            }
            codes[index] = Self.hornO
            if variant == 0, index > 0, codes[index - 1] == Self.u { codes[index - 1] = Self.hornU }
        }

        /// ua is ưa, in the second variant uă; where no vowel is left, w is ư.
        private mutating func hornOrBreve(_ variant: Int) {
            guard let index = codes.lastIndex(where: { $0 == Self.a || $0 == Self.o || $0 == Self.u }) else {
                if codes.contains(where: ToneMark.isVowel) {
                    failed = true
                    return
                }
                codes.append(Self.hornU)
                changed = true
                return
            }
            guard codes[index] == Self.a else { return horn(variant) }
            if variant == 0, index > 0, codes[index - 1] == Self.u, index < 2 || codes[index - 2] != 0x71 {
                codes[index - 1] = Self.hornU
            } else {
                codes[index] = Self.breveA
            }
            changed = true
        }
    }
}
