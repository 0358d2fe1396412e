/// Vietnamese character sets from before Unicode, as they look when their bytes are shown as Latin 1 or windows-1252.
///
/// Sources: TCVN 5712:1993 (VN3), the VNI-Windows font layout, and Microsoft's code pages 1258 and 1252, as published.
enum OldCharacterSets {
    private static let letters = "aàảãáạăằẳẵắặâầẩẫấậđeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵ"
    private static let tcvn3Bytes: [UInt8] = [
        0x61, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xA8, 0xBB, 0xBC, 0xBD, 0xBE, 0xC6, 0xA9, 0xC7, 0xC8, 0xC9, 0xCA, 0xCB,
        0xAE, 0x65, 0xCC, 0xCE, 0xCF, 0xD0, 0xD1, 0xAA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0x69, 0xD7, 0xD8, 0xDC, 0xDD,
        0xDE, 0x6F, 0xDF, 0xE1, 0xE2, 0xE3, 0xE4, 0xAB, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xAC, 0xEA, 0xEB, 0xEC, 0xED,
        0xEE, 0x75, 0xEF, 0xF1, 0xF2, 0xF3, 0xF4, 0xAD, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0x79, 0xFA, 0xFB, 0xFC, 0xFD,
        0xFE,
    ]

    /// Capitals with a tone have no code of their own in TCVN3: fonts of capitals show the small letter's.
    static let tcvn3: [Unicode.Scalar: Unicode.Scalar] = {
        var table: [Unicode.Scalar: Unicode.Scalar] = [
            "Ă": "\u{A1}", "Â": "\u{A2}", "Ê": "\u{A3}", "Ô": "\u{A4}", "Ơ": "\u{A5}", "Ư": "\u{A6}", "Đ": "\u{A7}",
        ]
        for (letter, byte) in zip(letters.unicodeScalars, tcvn3Bytes) where byte >= 0x80 {
            table[letter] = Unicode.Scalar(byte)
            let capital = String(letter).uppercased().unicodeScalars.first!
            if table[capital] == nil { table[capital] = Unicode.Scalar(byte) }
        }
        return table
    }()

    // MARK: VNI-Windows: the plain letter, then a character that holds modifier and tone.

    private static let vniTone: [VietnameseLetters.Tone: Unicode.Scalar] = [
        .acute: "\u{F9}", .grave: "\u{F8}", .hook: "\u{FB}", .tilde: "\u{F5}", .dot: "\u{EF}",
    ]
    private static let vniCircumflex: [VietnameseLetters.Tone: Unicode.Scalar] = [
        .level: "\u{E2}", .acute: "\u{E1}", .grave: "\u{E0}", .hook: "\u{E5}", .tilde: "\u{E3}", .dot: "\u{E4}",
    ]
    private static let vniBreve: [VietnameseLetters.Tone: Unicode.Scalar] = [
        .level: "\u{EA}", .acute: "\u{E9}", .grave: "\u{E8}", .hook: "\u{FA}", .tilde: "\u{FC}", .dot: "\u{EB}",
    ]
    private static let vniWhole: [Unicode.Scalar: Unicode.Scalar] = [
        "đ": "\u{F1}", "í": "\u{ED}", "ì": "\u{EC}", "ỉ": "\u{E6}", "ĩ": "\u{F3}", "ị": "\u{F2}", "ỵ": "\u{EE}",
    ]

    static func vniFont(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let small = String(scalar).lowercased().unicodeScalars.first!
            let isCapital = small != scalar
            func append(_ code: Unicode.Scalar) {
                out.append(isCapital ? String(code).uppercased().unicodeScalars.first! : code)
            }
            if let whole = vniWhole[small] {
                append(whole)
            } else if let vowel = VietnameseLetters.vowel(small) {
                switch vowel.modifier {
                case "\u{302}":
                    append(vowel.base)
                    append(vniCircumflex[vowel.tone]!)
                case "\u{306}":
                    append(vowel.base)
                    append(vniBreve[vowel.tone]!)
                case "\u{31B}":
                    append(vowel.base == "o" ? "\u{F4}" : "\u{F6}")
                    if let tone = vniTone[vowel.tone] { append(tone) }
                default:
                    append(vowel.base)
                    if let tone = vniTone[vowel.tone] { append(tone) }
                }
            } else {
                out.append(scalar)
            }
        }
        return String(out)
    }

    // MARK: windows-1258 and windows-1252

    /// The letter with its modifier, then the tone as a character of its own.
    static func toneApart(_ text: String, _ mark: (VietnameseLetters.Tone) -> Unicode.Scalar?) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            guard var vowel = VietnameseLetters.vowel(scalar), let tone = mark(vowel.tone) else {
                out.append(scalar)
                continue
            }
            vowel.tone = .level
            out.append(VietnameseLetters.letter(vowel))
            out.append(tone)
        }
        return String(out)
    }

    /// What windows-1258's bytes for the tones (D2, CC, EC, DE, F2) are in windows-1252.
    static let windows1252Tone: [VietnameseLetters.Tone: Unicode.Scalar] = [
        .hook: "\u{D2}", .grave: "\u{CC}", .acute: "\u{EC}", .tilde: "\u{DE}", .dot: "\u{F2}",
    ]
    /// Letters whose byte in windows-1258 is another letter in windows-1252.
    static let windows1252Letter: [Unicode.Scalar: Unicode.Scalar] = [
        "ă": "\u{E3}", "Ă": "\u{C3}", "đ": "\u{F0}", "Đ": "\u{D0}", "ơ": "\u{F5}", "Ơ": "\u{D5}", "ư": "\u{FD}",
        "Ư": "\u{DD}",
    ]

    /// Bytes 80…9F of windows-1252; the five that it leaves open stay control characters.
    static let windows1252: [UInt8: Unicode.Scalar] = {
        let shown: [UInt8: UInt32] = [
            0x80: 0x20AC, 0x82: 0x201A, 0x83: 0x192, 0x84: 0x201E, 0x85: 0x2026, 0x86: 0x2020, 0x87: 0x2021,
            0x88: 0x2C6, 0x89: 0x2030, 0x8A: 0x160, 0x8B: 0x2039, 0x8C: 0x152, 0x8E: 0x17D, 0x91: 0x2018,
            0x92: 0x2019, 0x93: 0x201C, 0x94: 0x201D, 0x95: 0x2022, 0x96: 0x2013, 0x97: 0x2014, 0x98: 0x2DC,
            0x99: 0x2122, 0x9A: 0x161, 0x9B: 0x203A, 0x9C: 0x153, 0x9E: 0x17E, 0x9F: 0x178,
        ]
        return shown.mapValues { Unicode.Scalar($0)! }
    }()
}
