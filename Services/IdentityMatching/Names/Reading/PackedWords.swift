/// A fixed map from packed words (`NameWord.folded` and the like) to packed words: open addressing, no hashing of text.
struct PackedWords: Sendable {
    private let keys: [UInt64]
    private let values: [UInt64]
    private let shift: UInt64

    init(_ pairs: [(key: UInt64, value: UInt64)]) {
        var capacity = 16
        while capacity < pairs.count * 3 { capacity *= 2 }
        let shift = UInt64(64 - capacity.trailingZeroBitCount)
        var keys = [UInt64](repeating: 0, count: capacity)
        var values = keys
        for (key, value) in pairs where key != 0 {
            var slot = Self.slot(key, shift)
            while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & (capacity - 1) }
            keys[slot] = key
            values[slot] = value
        }
        (self.keys, self.values, self.shift) = (keys, values, shift)
    }

    /// A set: each word stands for itself.
    init(_ words: [UInt64]) { self.init(words.map { ($0, $0) }) }

    /// The value of a word; 0 where the word is not in the map.
    func value(_ key: UInt64) -> UInt64 {
        var slot = Self.slot(key, shift)
        while true {
            if keys[slot] == key { return values[slot] }
            if keys[slot] == 0 { return 0 }
            slot = (slot + 1) & (keys.count - 1)
        }
    }

    func contains(_ key: UInt64) -> Bool { key != 0 && value(key) != 0 }

    private static func slot(_ key: UInt64, _ shift: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    /// Up to eight letters as one number, by their codes.
    static func pack(_ text: some StringProtocol) -> UInt64 {
        text.unicodeScalars.reduce(0) { $0 << 8 | UInt64(LetterCodes.shared.code($1.value)) }
    }

    /// Up to eight letters as one number, without diacritics.
    static func packFolded(_ text: some StringProtocol) -> UInt64 {
        text.unicodeScalars.reduce(0) {
            let folded = LetterCodes.shared.folded[Int(LetterCodes.shared.code($1.value))]
            return folded == 0 ? $0 : $0 << 8 | UInt64(folded)
        }
    }
}
