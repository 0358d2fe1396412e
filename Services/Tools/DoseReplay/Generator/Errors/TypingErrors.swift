/// Names that went through a keyboard layout or a character set and did not come back: what clerks' screens and
/// spreadsheets of the 2000s still leave in a form.
import RecordModel

extension Errors {
    /// Telex keys left as typed: `Nguyeenx`. One syllable, or all of them.
    @Sendable static func telexResidue(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        residue(items, .telex, &random)
    }

    /// VNI keys left as typed: `Nguye64n`.
    @Sendable static func vniResidue(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        residue(items, .vni, &random)
    }

    /// The whole name in VIQR (RFC 1456): `Nguye^~n`.
    @Sendable static func viqrText(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { name in words(name).map { KeyStrokes.viqr.typed($0) }.joined(separator: " ") }
    }

    private static func residue(
        _ items: TypedIdentity, _ keys: KeyStrokes, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let all = random.chance(3000)
        let chosen = random.below(words(items.fullName).count)
        return changingName(items) { name in
            words(name).enumerated().map { all || $0.offset == chosen ? keys.typed($0.element) : $0.element }
                .joined(separator: " ")
        }
    }

    /// Text of a TCVN3 (ABC) font shown as Latin 1: `NguyÔn`.
    @Sendable static func tcvn3Text(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { VietnameseLetters.mapped($0) { OldCharacterSets.tcvn3[$0] ?? $0 } }
    }

    /// Text of a VNI-Windows font shown as Latin 1: `Nguyeãn`.
    @Sendable static func vniFontText(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { OldCharacterSets.vniFont($0) }
    }

    /// windows-1258 read as what it is: letters with their modifier, tones as characters of their own. Canonically equal.
    @Sendable static func windows1258Text(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { OldCharacterSets.toneApart($0) { $0.mark } }
    }

    /// windows-1258 bytes read as windows-1252.
    @Sendable static func windows1258Misread(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { name in
            let apart = OldCharacterSets.toneApart(name) { OldCharacterSets.windows1252Tone[$0] }
            return VietnameseLetters.mapped(apart) { OldCharacterSets.windows1252Letter[$0] ?? $0 }
        }
    }

    /// UTF-8 bytes read as windows-1252: `Nguyá»…n`.
    @Sendable static func utf8Misread(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { name in
            text(name.utf8.map { byte in OldCharacterSets.windows1252[byte] ?? Unicode.Scalar(byte) })
        }
    }
}

/// The keys of an input method for a syllable: the letters, their modifiers behind them, the tone at the end.
struct KeyStrokes: Sendable {
    /// By base letter and modifier.
    let modifier: @Sendable (Unicode.Scalar, Unicode.Scalar) -> String
    let tone: [VietnameseLetters.Tone: String]
    let dStroke: String
    /// The tone behind its vowel, not at the end of the syllable.
    let toneAtVowel: Bool

    static let telex = KeyStrokes(
        modifier: { base, mark in mark == "\u{302}" ? String(lower(base)) : "w" },
        tone: [.grave: "f", .acute: "s", .hook: "r", .tilde: "x", .dot: "j"], dStroke: "d", toneAtVowel: false)
    static let vni = KeyStrokes(
        modifier: { _, mark in mark == "\u{302}" ? "6" : mark == "\u{31B}" ? "7" : "8" },
        tone: [.acute: "1", .grave: "2", .hook: "3", .tilde: "4", .dot: "5"], dStroke: "9", toneAtVowel: true)
    static let viqr = KeyStrokes(
        modifier: { _, mark in mark == "\u{302}" ? "^" : mark == "\u{31B}" ? "+" : "(" },
        tone: [.grave: "`", .acute: "'", .hook: "?", .tilde: "~", .dot: "."], dStroke: "d", toneAtVowel: true)

    func typed(_ syllable: String) -> String {
        var keys = ""
        var end = ""
        for scalar in syllable.unicodeScalars {
            if scalar == "đ" || scalar == "Đ" {
                keys += (scalar == "đ" ? "d" : "D") + dStroke
            } else if let vowel = VietnameseLetters.vowel(scalar) {
                keys.unicodeScalars.append(vowel.base)
                if let mark = vowel.modifier { keys += modifier(vowel.base, mark) }
                if toneAtVowel { keys += tone[vowel.tone] ?? "" } else { end += tone[vowel.tone] ?? "" }
            } else {
                keys.unicodeScalars.append(scalar)
            }
        }
        return keys + end
    }

    private static func lower(_ scalar: Unicode.Scalar) -> String { String(scalar).lowercased() }
}
