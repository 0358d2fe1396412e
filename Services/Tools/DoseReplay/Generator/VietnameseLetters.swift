/// Vietnamese letters taken apart into base, modifier (circumflex, breve, horn) and tone, and put together again:
/// what the error classes need, from one table, the same on every machine.
enum VietnameseLetters {
    enum Tone: Int, CaseIterable {
        case level, grave, acute, hook, tilde, dot

        /// The combining character; nil for the level tone.
        var mark: Unicode.Scalar? {
            switch self {
            case .level: nil
            case .grave: "\u{300}"
            case .acute: "\u{301}"
            case .hook: "\u{309}"
            case .tilde: "\u{303}"
            case .dot: "\u{323}"
            }
        }
    }

    struct Vowel: Equatable {
        /// The plain Latin letter, in the case of the original.
        var base: Unicode.Scalar
        /// Combining circumflex, breve or horn.
        var modifier: Unicode.Scalar?
        var tone: Tone
    }

    private static let rows: [(base: Unicode.Scalar, modifier: Unicode.Scalar?, forms: String)] = [
        ("a", nil, "aàáảãạ"), ("a", "\u{306}", "ăằắẳẵặ"), ("a", "\u{302}", "âầấẩẫậ"),
        ("e", nil, "eèéẻẽẹ"), ("e", "\u{302}", "êềếểễệ"), ("i", nil, "iìíỉĩị"),
        ("o", nil, "oòóỏõọ"), ("o", "\u{302}", "ôồốổỗộ"), ("o", "\u{31B}", "ơờớởỡợ"),
        ("u", nil, "uùúủũụ"), ("u", "\u{31B}", "ưừứửữự"), ("y", nil, "yỳýỷỹỵ"),
        ("A", nil, "AÀÁẢÃẠ"), ("A", "\u{306}", "ĂẰẮẲẴẶ"), ("A", "\u{302}", "ÂẦẤẨẪẬ"),
        ("E", nil, "EÈÉẺẼẸ"), ("E", "\u{302}", "ÊỀẾỂỄỆ"), ("I", nil, "IÌÍỈĨỊ"),
        ("O", nil, "OÒÓỎÕỌ"), ("O", "\u{302}", "ÔỒỐỔỖỘ"), ("O", "\u{31B}", "ƠỜỚỞỠỢ"),
        ("U", nil, "UÙÚỦŨỤ"), ("U", "\u{31B}", "ƯỪỨỬỮỰ"), ("Y", nil, "YỲÝỶỸỴ"),
    ]

    private static let taken: [Unicode.Scalar: Vowel] = {
        var table: [Unicode.Scalar: Vowel] = [:]
        for row in rows {
            for (index, scalar) in row.forms.unicodeScalars.enumerated() {
                table[scalar] = Vowel(base: row.base, modifier: row.modifier, tone: Tone(rawValue: index)!)
            }
        }
        return table
    }()

    /// The vowel that a composed letter is; nil for consonants and everything else.
    static func vowel(_ scalar: Unicode.Scalar) -> Vowel? { taken[scalar] }

    /// The composed letter.
    static func letter(_ vowel: Vowel) -> Unicode.Scalar {
        let row = rows.first { $0.base == vowel.base && $0.modifier == vowel.modifier }!
        return Array(row.forms.unicodeScalars)[vowel.tone.rawValue]
    }

    /// Without any marks, đ as d: what is typed without a Vietnamese keyboard.
    static func withoutDiacritics(_ text: String) -> String {
        mapped(text) { scalar in
            switch scalar {
            case "đ": "d"
            case "Đ": "D"
            default: vowel(scalar)?.base ?? scalar
            }
        }
    }

    /// Canonical decomposition: a dot below stands before circumflex and breve, every other tone after.
    static func decomposed(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            guard let vowel = vowel(scalar) else {
                out.append(scalar)
                continue
            }
            out.append(vowel.base)
            let marks = [vowel.modifier, vowel.tone.mark].compactMap { $0 }
            let dotFirst = vowel.tone == .dot && vowel.modifier != "\u{31B}"
            out.append(contentsOf: dotFirst ? marks.reversed() : marks)
        }
        return String(out)
    }

    static func mapped(_ text: String, _ change: (Unicode.Scalar) -> Unicode.Scalar) -> String {
        var out = String.UnicodeScalarView()
        out.append(contentsOf: text.unicodeScalars.map(change))
        return String(out)
    }

    /// The other tone placement of open syllables in oa, oe, uy (hòa, hoà), not after q; nil where the text has none.
    static func otherTonePlacement(_ text: String) -> String? {
        var scalars = Array(text.unicodeScalars)
        var changed = false
        for index in scalars.indices.dropLast() {
            guard var first = vowel(scalars[index]), var second = vowel(scalars[index + 1]),
                first.modifier == nil, second.modifier == nil,
                first.tone == .level || second.tone == .level, first.tone != second.tone,
                index + 2 == scalars.count || scalars[index + 2] == " ",
                index == 0 || !"qQ".unicodeScalars.contains(scalars[index - 1])
            else { continue }
            let pair = String(Character(first.base)).lowercased() + String(Character(second.base)).lowercased()
            guard ["oa", "oe", "uy"].contains(pair) else { continue }
            (first.tone, second.tone) = (second.tone, first.tone)
            scalars[index] = letter(first)
            scalars[index + 1] = letter(second)
            changed = true
        }
        guard changed else { return nil }
        var out = String.UnicodeScalarView()
        out.append(contentsOf: scalars)
        return String(out)
    }
}
