/// UTF-8 read byte by byte as windows-1252, windows-1258 or Latin-1: `Nguyá»…n VÄƒn An`.
enum Mojibake {
    /// Bytes 0x80…0x9F of windows-1252 (and 1258, which differs in the letters below).
    static let windows1252: [UInt32: UInt8] = {
        let letters: [UInt32] = [
            0x20AC, 0, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152, 0, 0x17D, 0,
            0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A, 0x153, 0, 0x17E,
            0x178,
        ]
        var bytes: [UInt32: UInt8] = [:]
        for (index, letter) in letters.enumerated() where letter != 0 { bytes[letter] = UInt8(0x80 + index) }
        return bytes
    }()

    /// What windows-1258 has in places of its own.
    static let windows1258: [UInt32: UInt8] = [
        0x102: 0xC3, 0x300: 0xCC, 0x110: 0xD0, 0x309: 0xD2, 0x1A0: 0xD5, 0x1AF: 0xDD, 0x303: 0xDE, 0x103: 0xE3,
        0x301: 0xEC, 0x111: 0xF0, 0x323: 0xF2, 0x1A1: 0xF5, 0x1B0: 0xFD, 0x20AB: 0xFE,
    ]

    /// Bytes that are lost on the way, by the bytes before them: a no-break space (0xA0) becomes a space or is trimmed, a
    /// soft hyphen (0xAD) goes, and windows-1252 has nothing for 0x81, 0x8D, 0x8F, 0x90 and 0x9D. Only those that end a
    /// Vietnamese letter; where there are several, the syllable tells.
    private static let lost: [UInt32: (atSpace: [UInt8], elsewhere: [UInt8])] = [
        0xC3: ([0xA0], [0xAD, 0x81, 0x8D, 0x9D]), 0xC4: ([], [0x90]), 0xC6: ([0xA0], []),
        0xE1BA: ([0xA0], [0xAD]), 0xE1BB: ([0xA0], [0x81, 0x8D, 0x8F, 0x9D, 0xAD, 0x90]),
    ]

    /// The text that was meant; nil where the characters are no bytes of UTF-8. Text misread twice is read twice.
    static func repaired(_ text: [UInt32]) -> [UInt32]? {
        guard let once = decoded(text) else { return nil }
        return decoded(once) ?? once
    }

    private static func decoded(_ text: [UInt32]) -> [UInt32]? {
        guard text.contains(where: { $0 >= 0xC3 && $0 <= 0xC6 || $0 == 0xE1 || $0 == 0x102 }) else { return nil }
        var decoded: [UInt32] = []
        var guesses: [(place: Int, letters: [UInt32])] = []
        var index = 0
        var found = false
        while index < text.count {
            guard let lead = byte(text[index]) else { return nil }
            index += 1
            if lead < 0x80 {
                decoded.append(UInt32(lead))
                continue
            }
            let following = lead >= 0xE0 && lead <= 0xEF ? 2 : lead >= 0xC2 && lead <= 0xDF ? 1 : 0
            guard following > 0 else { return nil }
            var bytes = [lead]
            while bytes.count <= following, index < text.count, let next = byte(text[index]), next & 0xC0 == 0x80 {
                bytes.append(next)
                index += 1
            }
            if bytes.count <= following {
                guard bytes.count == following else { return nil }
                let atSpace = index == text.count || text[index] == 0x20
                let before = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                let letters = (atSpace ? lost[before]?.atSpace : nil) ?? []
                let others = (letters.isEmpty ? lost[before]?.elsewhere : nil) ?? []
                guard let first = (letters + others).first else { return nil }
                guesses.append((decoded.count, (letters + others).map { scalar(bytes + [$0]) }))
                bytes.append(first)
                if !letters.isEmpty, endsInsideWord(text, at: index) { index += 1 }
            }
            decoded.append(scalar(bytes))
            found = true
        }
        for guess in guesses.prefix(4) where guess.letters.count > 1 {
            resolve(guess.place, guess.letters, in: &decoded)
        }
        return found ? decoded : nil
    }

    /// Puts the letter in its place that makes a syllable of the word around it.
    private static func resolve(_ place: Int, _ letters: [UInt32], in text: inout [UInt32]) {
        let start = (text[..<place].lastIndex(of: 0x20) ?? -1) + 1
        let end = text[place...].firstIndex(of: 0x20) ?? text.count
        for letter in letters {
            var word = Array(text[start..<end])
            word[place - start] = letter
            guard RawWord(word).isSyllable else { continue }
            text[place] = letter
            return
        }
    }

    private static func scalar(_ bytes: [UInt8]) -> UInt32 {
        bytes.dropFirst().reduce(UInt32(bytes[0]) & (bytes.count == 3 ? 0x0F : 0x1F)) { $0 << 6 | UInt32($1 & 0x3F) }
    }

    /// Whether the space at `index` was a part of the letter: another space or a small letter follows.
    private static func endsInsideWord(_ text: [UInt32], at index: Int) -> Bool {
        guard index + 1 < text.count else { return false }
        let next = text[index + 1]
        return next == 0x20 || next >= 0x61 && next <= 0x7A || next > 0xBF
    }

    private static func byte(_ scalar: UInt32) -> UInt8? {
        if scalar < 0x100 { return UInt8(scalar) }
        return windows1252[scalar] ?? windows1258[scalar]
    }
}
