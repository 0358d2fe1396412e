/// The words that registered names are made of, without diacritics, and how many persons have each as surname and as given
/// name. Term frequencies come from it, and the words one letter away from a mistyped one.
struct Vocabulary: Sendable {
    struct Word: Sendable {
        let letters: [UInt8]
        let surnames: UInt32
        let givens: UInt32
        let all: UInt32
    }

    private(set) var words: [Word] = []
    /// Persons by the key of a surname, of a given name, both by ear.
    private var surnames: [UInt64: UInt32] = [:]
    private var givens: [UInt64: UInt32] = [:]
    /// Words by the hash of what is left of them when one letter is taken out, and by the whole word.
    private var shortened: [UInt64: [UInt32]] = [:]

    /// Words that hardly anybody has are mistakes of the register more often than names; none is offered for another.
    private static let leastPersons: UInt32 = 2
    private static let longest = 12

    init(words: [Word]) {
        self.words = words
        for (index, word) in words.enumerated() {
            let keys = NameKeys(foldedWords: [word.letters])
            if word.surnames > 0 { surnames[keys.surname, default: 0] &+= word.surnames }
            if word.givens > 0 { givens[keys.given, default: 0] &+= word.givens }
            guard word.all >= Self.leastPersons || words.count < 20_000, word.letters.count <= Self.longest else {
                continue
            }
            for key in Self.shortenings(word.letters) { shortened[key, default: []].append(UInt32(index)) }
        }
    }

    func persons(withGiven key: UInt64) -> UInt32 { givens[key] ?? 0 }
    func persons(withSurname key: UInt64) -> UInt32 { surnames[key] ?? 0 }

    /// Words one letter put in, left out or replaced away, or with two neighbours exchanged; the most frequent first.
    func neighbours(of word: [UInt8], most: Int) -> [[UInt8]] {
        guard word.count >= 2, word.count <= Self.longest else { return [] }
        var found: Set<UInt32> = []
        for key in Self.shortenings(word) { found.formUnion(shortened[key] ?? []) }
        // Two neighbours exchanged share no shortening of one letter only where the word has two letters.
        let near = found.lazy.map { words[Int($0)] }.filter { $0.letters != word && Self.isNear($0.letters, word) }
        return near.sorted { ($0.all, $1.letters.count) > ($1.all, $0.letters.count) }.prefix(most).map(\.letters)
    }

    private static func shortenings(_ word: [UInt8]) -> [UInt64] {
        var keys = [Mixing.hash(word)]
        for place in word.indices where place == 0 || word[place] != word[place - 1] {
            keys.append(Mixing.hash(word[..<place] + word[(place + 1)...]))
        }
        return keys
    }

    private static func isNear(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        guard abs(one.count - other.count) <= 1 else { return false }
        var start = 0
        while start < one.count, start < other.count, one[start] == other[start] { start += 1 }
        var end = 0
        while end < min(one.count, other.count) - start, one[one.count - 1 - end] == other[other.count - 1 - end] {
            end += 1
        }
        let left = one.count - start - end
        let right = other.count - start - end
        if left <= 1, right <= 1 { return true }
        return left == 2 && right == 2 && one[start] == other[start + 1] && one[start + 1] == other[start]
    }

    // MARK: In the file

    /// Each word: length, letters, three counts of four bytes.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        for word in words {
            bytes.append(UInt8(word.letters.count))
            bytes.append(contentsOf: word.letters)
            for count in [word.surnames, word.givens, word.all] {
                for shift in stride(from: 0, to: 32, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: count >> UInt32(shift)))
                }
            }
        }
        return bytes
    }

    /// Nil for bytes that `encoded` has not written.
    init?(encoded bytes: [UInt8]) {
        var words: [Word] = []
        var place = 0
        while place < bytes.count {
            let length = Int(bytes[place])
            guard place + 1 + length + 12 <= bytes.count else { return nil }
            let letters = Array(bytes[(place + 1)..<(place + 1 + length)])
            place += 1 + length
            var counts: [UInt32] = []
            for _ in 0..<3 {
                counts.append((0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) })
                place += 4
            }
            words.append(Word(letters: letters, surnames: counts[0], givens: counts[1], all: counts[2]))
        }
        self.init(words: words)
    }
}

/// Counts words while an index is built. A register that holds more different words than any language has is counted only
/// as far as memory is bounded.
struct VocabularyCounter {
    private struct Counts {
        var surnames: UInt32 = 0
        var givens: UInt32 = 0
        var all: UInt32 = 0
    }

    private var counts: [[UInt8]: Counts] = [:]
    private static let most = 500_000

    mutating func add(_ words: [[UInt8]]) {
        for (index, word) in words.enumerated() {
            let word = word.count > 255 ? Array(word.prefix(255)) : word
            if counts.count >= Self.most, counts[word] == nil { continue }
            counts[word, default: Counts()].all &+= 1
            if index == 0 { counts[word]?.surnames &+= 1 }
            if index == words.count - 1 { counts[word]?.givens &+= 1 }
        }
    }

    /// Most frequent first, then by letters: the same register gives the same file.
    var vocabulary: Vocabulary {
        let words = counts.map {
            Vocabulary.Word(letters: $0.key, surnames: $0.value.surnames, givens: $0.value.givens, all: $0.value.all)
        }
        return Vocabulary(
            words: words.sorted { left, right in
                left.all != right.all ? left.all > right.all : left.letters.lexicographicallyPrecedes(right.letters)
            })
    }
}
