import Foundation

@testable import IdentityMatching

/// Vietnamese written the ways that keyboards and old encodings leave behind, made from Unicode's own decomposition: the
/// other way round than the module reads it, and from other tables.
enum OldSpelling: String, CaseIterable, Sendable {
    case telexBehindVowel, telexAtEnd, vniBehindVowel, vniAtEnd, viqr, tcvn3, vniWindows, decomposed1258, mixed1258
    case latin1Mojibake, windows1252Mojibake

    /// A word that reads in no other way, so that all words of a name are decoded.
    static let key = "nguyễn"

    func encoded(_ word: String) -> String {
        switch self {
        case .telexBehindVowel: keyed(word, OldSpellingTables.telex, atEnd: false)
        case .telexAtEnd: keyed(word, OldSpellingTables.telex, atEnd: true)
        case .vniBehindVowel: keyed(word, OldSpellingTables.vni, atEnd: false)
        case .vniAtEnd: keyed(word, OldSpellingTables.vni, atEnd: true)
        case .viqr: keyed(word, OldSpellingTables.viqr, atEnd: false)
        case .tcvn3: tcvn3(word)
        case .vniWindows: vniWindows(word)
        case .decomposed1258: windows1258(word, precomposed: "")
        case .mixed1258: windows1258(word, precomposed: "àáèéíóùú")
        case .latin1Mojibake: misread(word, .isoLatin1)
        case .windows1252Mojibake: misread(word, .windowsCP1252)
        }
    }

    /// A letter: its base, the mark of its quality and its tone, as combining characters.
    private func parts(_ letter: Character) -> (base: String, quality: UInt32?, tone: UInt32?) {
        if letter == "đ" { return ("đ", nil, nil) }
        var (base, quality, tone): (String, UInt32?, UInt32?) = ("", nil, nil)
        for scalar in String(letter).decomposedStringWithCanonicalMapping.unicodeScalars {
            switch scalar.value {
            case 0x302, 0x306, 0x31B: quality = scalar.value
            case 0x300, 0x301, 0x303, 0x309, 0x323: tone = scalar.value
            default: base.unicodeScalars.append(scalar)
            }
        }
        return (base, quality, tone)
    }

    private func keyed(_ word: String, _ keys: [UInt32: String], atEnd: Bool) -> String {
        var (typed, last) = ("", "")
        for letter in word {
            let (base, quality, tone) = parts(letter)
            if base == "đ" {
                typed += "d" + (keys[0x111] ?? "")
                continue
            }
            let mark = quality.flatMap { keys[$0] } ?? ""
            typed += base + (mark == "again" ? base : mark)
            let key = tone.flatMap { keys[$0] } ?? ""
            if atEnd {
                last += key
            } else {
                typed += key
            }
        }
        return typed + last
    }

    /// Bytes by TCVN 5712:1993 in the order of the alphabet, seen as Latin-1.
    private func tcvn3(_ word: String) -> String {
        String(word.map { OldSpellingTables.tcvn3[$0] ?? $0 })
    }

    private func vniWindows(_ word: String) -> String {
        word.map { letter in
            let (base, quality, tone) = parts(letter)
            if base == "đ" { return "ñ" }
            if base == "i" { return tone.flatMap { OldSpellingTables.vniOnI[$0] } ?? "i" }
            if base == "y", tone == 0x323 { return "î" }
            switch quality {
            case nil: return base + (tone.flatMap { OldSpellingTables.vniPlain[$0] } ?? "")
            case 0x302: return base + (OldSpellingTables.vniHat[tone ?? 0] ?? "")
            case 0x306: return base + (OldSpellingTables.vniBreve[tone ?? 0] ?? "")
            default: return (base == "o" ? "ô" : "ö") + (tone.flatMap { OldSpellingTables.vniPlain[$0] } ?? "")
            }
        }.joined()
    }

    private func windows1258(_ word: String, precomposed: String) -> String {
        word.map { letter in
            if precomposed.contains(letter) { return String(letter) }
            let (base, quality, tone) = parts(letter)
            var seen = base
            switch (base, quality) {
            case ("đ", _): seen = "ð"
            case ("a", 0x306): seen = "ã"
            case ("o", 0x31B): seen = "õ"
            case ("u", 0x31B): seen = "ý"
            case (_, 0x302): seen = (base + "\u{302}").precomposedStringWithCanonicalMapping
            default: break
            }
            return seen + (tone.flatMap { OldSpellingTables.tones1258[$0] } ?? "")
        }.joined()
    }

    private func misread(_ word: String, _ encoding: String.Encoding) -> String {
        var text = String.UnicodeScalarView()
        for byte in word.utf8 {
            let seen =
                encoding == .isoLatin1 ? nil : String(data: Data([byte]), encoding: encoding)?.unicodeScalars.first
            text.append(seen ?? Unicode.Scalar(byte))
        }
        return String(text)
    }
}

enum OldSpellingTables {
    static let telex: [UInt32: String] = [
        0x302: "again", 0x306: "w", 0x31B: "w", 0x111: "d", 0x300: "f", 0x301: "s", 0x303: "x", 0x309: "r", 0x323: "j",
    ]
    static let vni: [UInt32: String] = [
        0x302: "6", 0x306: "8", 0x31B: "7", 0x111: "9", 0x300: "2", 0x301: "1", 0x303: "4", 0x309: "3", 0x323: "5",
    ]
    static let viqr: [UInt32: String] = [
        0x302: "^", 0x306: "(", 0x31B: "+", 0x111: "d", 0x300: "`", 0x301: "'", 0x303: "~", 0x309: "?", 0x323: ".",
    ]
    static let vniPlain: [UInt32: String] = [0x301: "ù", 0x300: "ø", 0x309: "û", 0x303: "õ", 0x323: "ï"]
    static let vniHat: [UInt32: String] = [0: "â", 0x301: "á", 0x300: "à", 0x309: "å", 0x303: "ã", 0x323: "ä"]
    static let vniBreve: [UInt32: String] = [0: "ê", 0x301: "é", 0x300: "è", 0x309: "ú", 0x303: "ü", 0x323: "ë"]
    static let vniOnI: [UInt32: String] = [0x301: "í", 0x300: "ì", 0x309: "æ", 0x303: "ó", 0x323: "ò"]
    static let tones1258: [UInt32: String] = [0x300: "Ì", 0x309: "Ò", 0x303: "Þ", 0x301: "ì", 0x323: "ò"]

    /// Letters by code point from 0xB5 on, a blank where the standard has none for a small letter.
    static let tcvn3: [Character: Character] = {
        var table: [Character: Character] = ["ă": "¨", "â": "©", "ê": "ª", "ô": "«", "ơ": "¬", "ư": "\u{AD}", "đ": "®"]
        let row = """
            àảãáạ ằẳẵắ       ặầẩẫấậè ẻẽéẹềểễếệìỉ   ĩíịò ỏõóọồổỗốộờởỡớợù ủũúụừửữứựỳỷỹýỵ
            """
        for (offset, letter) in row.enumerated() where letter != " " {
            if let scalar = Unicode.Scalar(0xB5 + offset) { table[letter] = Character(scalar) }
        }
        return table
    }()
}
