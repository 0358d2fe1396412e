/// A word as it was typed, in small letters.
struct RawWord: Sendable {
    var codes: [UInt8]

    init(_ scalars: [UInt32]) { codes = scalars.map { LetterCodes.shared.code(anyCase: Self.plain($0)) } }

    /// Whether the word is a syllable with its diacritics and one tone at most.
    var isSyllable: Bool {
        let table = LetterCodes.shared
        var tone: UInt8 = 0
        for code in codes where table.tone[Int(code)] != 0 {
            if tone != 0 { return false }
            tone = table.tone[Int(code)]
        }
        return Syllables.shared.isLegal(codes.map { table.toneless[Int($0)] }, tone: tone)
    }

    /// Accents that stand behind their letter, as keyboards, PDF and smart quotes give them, as VIQR writes them.
    private static func plain(_ scalar: UInt32) -> UInt32 {
        switch scalar {
        case 0xB4, 0x2019, 0x2BC, 0x2CA, 0x2032: 0x27
        case 0x2CB, 0x2018: 0x60
        case 0x2DC, 0xFF5E: 0x7E
        case 0x2C6: 0x5E
        case 0x2D8: 0x28
        default: scalar
        }
    }
}
