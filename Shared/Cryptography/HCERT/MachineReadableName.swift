import Foundation

/// Names for machines: ICAO Doc 9303-3 §6.A, and for the 47 accented Vietnamese capitals that its table does
/// not have, the letter without its marks.
///
/// Space and hyphen become `<`, also a comma; apostrophes and all other characters are left out; fillers are
/// collapsed and trimmed.
public enum MachineReadableName {
    /// The name in `A-Z` and `<`, at most 80 characters; empty if nothing of it can be written so.
    public static func transliterate(_ name: String) -> String {
        var letters: [UInt8] = []
        for scalar in composed(name).unicodeScalars {
            let one = scalar.value < 0x1f00 ? table[Int(scalar.value)] : spell(scalar)
            for letter in one where letter != filler || (letters.last ?? filler) != filler {
                letters.append(letter)
            }
        }
        letters = Array(letters.prefix(80))
        while letters.last == filler { letters.removeLast() }
        return String(decoding: letters, as: UTF8.self)
    }

    /// The name in Unicode's composed form (NFC), spaces trimmed and collapsed, invisible characters left out.
    public static func display(_ name: String) -> String {
        let composed = composed(name)
        var text = String.UnicodeScalarView()
        var gap = false
        for scalar in composed.unicodeScalars {
            if isSpace(scalar) {
                gap = !text.isEmpty
            } else if isLetter(scalar) || scalar.properties.generalCategory != .format {
                if gap { text.append(" ") }
                gap = false
                // What Vietnamese keyboards of other countries give for Đ.
                text.append(scalar == "\u{00D0}" ? "\u{0110}" : scalar)
            }
        }
        return String(text)
    }

    /// Latin letters, of which nothing has to be looked up.
    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21..<0x7f, 0xc0..<0x250, 0x1ea0..<0x1f00: true
        default: false
        }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value <= 0x20 || (!isLetter(scalar) && scalar.properties.isWhitespace)
    }

    private static let filler = UInt8(ascii: "<")

    /// NFC. Latin letters that come without combining marks are in that form already.
    private static func composed(_ name: String) -> String {
        let plain = name.unicodeScalars.allSatisfy { $0.value < 0x300 || (0x1ea0..<0x1f00).contains($0.value) }
        return plain ? name : name.precomposedStringWithCanonicalMapping
    }

    /// The spellings of the first letters of Unicode, made once.
    private static let table: [[UInt8]] = (0..<0x1f00).map { value in
        Unicode.Scalar(UInt32(value)).map(spell) ?? []
    }

    /// The rows of the table that are not the letter without its marks.
    private static let special: [Unicode.Scalar: String] = [
        "Ä": "AE", "Å": "AA", "Æ": "AE", "Ð": "D", "Đ": "D", "Ħ": "H", "Ĳ": "IJ", "Ŀ": "L", "Ł": "L",
        "Ŋ": "N", "Ö": "OE", "Ø": "OE", "Œ": "OE", "ẞ": "SS", "Þ": "TH", "Ŧ": "T", "Ü": "UE",
    ]

    private static func spell(_ scalar: Unicode.Scalar) -> [UInt8] {
        switch scalar {
        case " ", "\u{00A0}", "-", "\u{2010}", "\u{2011}", ",", "\t", "\n", "\r": return [filler]
        case "A"..."Z": return [UInt8(scalar.value)]
        case "a"..."z": return [UInt8(scalar.value - 32)]
        default: break
        }
        if scalar.value < 0x80 { return [] }
        var spelled: [UInt8] = []
        for capital in scalar.properties.uppercaseMapping.unicodeScalars {
            if let letters = special[capital] {
                spelled += Array(letters.utf8)
            } else {
                let parts = String(capital).decomposedStringWithCanonicalMapping.unicodeScalars
                spelled += parts.filter { ("A"..."Z").contains($0) }.map { UInt8($0.value) }
            }
        }
        return spelled
    }
}
