/// One byte for each letter that names are made of, so that words can be packed into machine words and compared at once.
///
/// ASCII stands for itself; the Vietnamese vowels with diacritics follow from 0x80 (six tones to each row of
/// `VietnameseLetters.rows`), then đ, then letters of other Latin alphabets. Everything else falls into one of sixteen
/// buckets: codes explain differences, equality is decided on bytes.
struct LetterCodes: Sendable {
    static let shared = LetterCodes()

    static let firstVowel: UInt8 = 0x80
    static let dStroke: UInt8 = 0xC8
    static let firstForeign: UInt8 = 0xC9
    static let firstBucket: UInt8 = 0xF0
    /// A letter lost in a code page that lacks it (`Nguy?n`), also U+FFFD.
    static let lost: UInt8 = 0x3F
    static let lostScalar: UInt32 = 0x3F

    /// Letters of other alphabets in Latin script and what they fold to.
    static let foreign: [(letters: String, folded: Character)] = [
        ("åäæāą", "a"), ("çčć", "c"), ("ëĕēě", "e"), ("îïĭī", "i"), ("ñńň", "n"), ("öøŏōő", "o"), ("ûüŭūů", "u"),
        ("ÿ", "y"), ("ð", "d"), ("ƀ", "b"), ("š", "s"), ("ž", "z"), ("ř", "r"), ("ł", "l"), ("þ", "t"),
    ]

    private let ofLatin: [UInt8]
    private let ofLatinAdditional: [UInt8]
    private let ofCapitals: [UInt32: UInt8]
    /// The code without tone: ă, â, ê, ô, ơ, ư and đ stay.
    let toneless: [UInt8]
    /// The letter without any diacritic; 0 for what is no letter, digit or lost letter.
    let folded: [UInt8]
    /// 0 none, 1 huyền, 2 hỏi, 3 ngã, 4 sắc, 5 nặng.
    let tone: [UInt8]
    /// The scalar of a code below the buckets.
    let scalars: [UInt32]

    private init() {
        var scalars = [UInt32](repeating: 0, count: 256)
        var toneless = (0...255).map { UInt8($0) }
        var folded = [UInt8](repeating: 0, count: 256)
        var tone = [UInt8](repeating: 0, count: 256)
        var codes: [UInt32: UInt8] = [:]
        for code in UInt8(0)..<0x80 {
            scalars[Int(code)] = UInt32(code)
            codes[UInt32(code)] = code
            if Self.isLetterOrDigit(code) || code == Self.lost { folded[Int(code)] = code }
        }
        for (row, vowels) in VietnameseLetters.rows.enumerated() {
            let base = vowels.base.asciiValue ?? 0
            let letters = vowels.letters.unicodeScalars.map(\.value)
            let plain = letters[0] < 0x80 ? base : Self.firstVowel + UInt8(row * 6)
            for (mark, scalar) in letters.enumerated() {
                let code = scalar < 0x80 ? base : Self.firstVowel + UInt8(row * 6 + mark)
                codes[scalar] = code
                scalars[Int(code)] = scalar
                toneless[Int(code)] = plain
                folded[Int(code)] = base
                tone[Int(code)] = UInt8(mark)
            }
        }
        codes[0x111] = Self.dStroke
        scalars[Int(Self.dStroke)] = 0x111
        folded[Int(Self.dStroke)] = 0x64
        var next = Self.firstForeign
        for row in Self.foreign {
            for scalar in row.letters.unicodeScalars {
                codes[scalar.value] = next
                scalars[Int(next)] = scalar.value
                folded[Int(next)] = row.folded.asciiValue ?? 0
                next += 1
            }
        }
        for bucket in Self.firstBucket...255 { folded[Int(bucket)] = bucket }
        codes[0xFFFD] = Self.lost
        self.scalars = scalars
        self.toneless = toneless
        self.folded = folded
        self.tone = tone
        var capitals: [UInt32: UInt8] = [0xD0: Self.dStroke]
        for (scalar, code) in codes {
            guard let upper = Unicode.Scalar(scalar)?.properties.uppercaseMapping.unicodeScalars, upper.count == 1,
                let capital = upper.first, capital.value != scalar, codes[capital.value] == nil || capital.isASCII,
                capitals[capital.value] == nil
            else { continue }
            capitals[capital.value] = code
        }
        ofCapitals = capitals
        ofLatin = (0..<0x250).map { codes[$0] ?? 0xFF }
        ofLatinAdditional = (0x1E00..<0x1F00).map { codes[$0] ?? 0xFF }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        byte >= 0x61 && byte <= 0x7A || byte >= 0x41 && byte <= 0x5A || byte >= 0x30 && byte <= 0x39
    }

    /// The code of a scalar of a normalised name.
    func code(_ scalar: UInt32) -> UInt8 {
        var code: UInt8 = 0xFF
        if scalar < 0x250 {
            code = ofLatin[Int(scalar)]
        } else if scalar >= 0x1E00, scalar < 0x1F00 {
            code = ofLatinAdditional[Int(scalar - 0x1E00)]
        } else if scalar == 0xFFFD {
            return Self.lost
        }
        return code == 0xFF ? Self.firstBucket + UInt8(truncatingIfNeeded: scalar % 16) : code
    }

    /// The code of a letter as typed, capital or small.
    func code(anyCase scalar: UInt32) -> UInt8 {
        if scalar >= 0x61, scalar <= 0x7A { return UInt8(scalar) }
        return ofCapitals[scalar] ?? code(scalar)
    }

    /// The code of a Vietnamese vowel (its code without tone) with this tone; other codes stay.
    func code(_ toneless: UInt8, tone: UInt8) -> UInt8 {
        let plain = toneless < 0x80 ? Self.plainRows[Int(toneless)] : toneless
        guard plain >= Self.firstVowel, plain < Self.dStroke else { return toneless }
        return tone == 0 ? toneless : plain + tone
    }

    /// Whether the letter belongs to the Vietnamese alphabet.
    static func isVietnamese(_ code: UInt8) -> Bool {
        if code >= firstVowel { return code <= dStroke }
        guard code >= 0x61, code <= 0x7A else { return false }
        return code != 0x66 && code != 0x6A && code != 0x77 && code != 0x7A
    }

    /// The code at which the row of a vowel without diacritics begins; 0 for other letters.
    private static let plainRows: [UInt8] = {
        var rows = [UInt8](repeating: 0, count: 128)
        for (row, vowels) in VietnameseLetters.rows.enumerated() {
            guard let first = vowels.letters.unicodeScalars.first, first.isASCII else { continue }
            rows[Int(first.value)] = firstVowel + UInt8(row * 6)
        }
        return rows
    }()
}
