/// How two words agree, the nearest first.
enum WordRelation: UInt8, Comparable, Sendable {
    case same, placement, toneByEar, tone, diacritics, lost, byEar, abbreviated, oneEdit, twoEdits, other

    static func < (one: WordRelation, other: WordRelation) -> Bool { one.rawValue < other.rawValue }

    /// One word, however it was written down.
    var isOneWord: Bool { self <= .byEar }
}

/// Compares words of two readers; nothing is allocated.
enum WordComparison {
    /// By their letters only, sounds excepted.
    static func relation(_ typed: NameWord, _ registered: NameWord) -> WordRelation? {
        if typed.exact == registered.exact { return .same }
        if typed.toneless == registered.toneless { return toneRelation(typed.tone, registered.tone) }
        guard typed.folded == registered.folded, !typed.traits.contains(.unknownLetters) else { return nil }
        return .diacritics
    }

    /// One sound; đ is one with d where diacritics were left out, but with none of d's sounds.
    static func soundsAlike(_ one: NameWord, _ other: NameWord) -> Bool {
        guard one.sound == other.sound else { return false }
        let strokes = (one.traits.contains(.strokeFirst), other.traits.contains(.strokeFirst))
        return strokes.0 == strokes.1 || one.firstLetter == other.firstLetter
    }

    private static func toneRelation(_ one: UInt8, _ other: UInt8) -> WordRelation {
        if one == other { return .placement }
        return one + other == 5 && (one == 2 || one == 3) ? .toneByEar : .tone
    }

    /// Whether the lost letters of one word can stand for letters of the other.
    static func fills(_ lost: Span<UInt8>, _ range: Range<Int>, _ whole: Span<UInt8>, _ other: Range<Int>) -> Bool {
        guard range.count == other.count else { return false }
        var kept = 0
        for offset in 0..<range.count {
            let letter = lost[range.lowerBound + offset]
            if letter == LetterCodes.lost { continue }
            guard letter == whole[other.lowerBound + offset] else { return false }
            kept += 1
        }
        return kept > 0
    }

    /// `v`, `v.`, `ng.`: a beginning of the word that is one letter, ends with a full stop or has no vowel.
    static func isAbbreviation(_ short: NameWord, _ shortFolds: Span<UInt8>, _ long: NameWord, _ longFolds: Span<UInt8>)
        -> Bool
    {
        let (part, whole) = (short.folds.range, long.folds.range)
        guard part.count < whole.count else { return false }
        guard part.count == 1 || short.traits.contains(.stop) || short.letters & vowels == 0 else { return false }
        for offset in 0..<part.count
        where shortFolds[part.lowerBound + offset] != longFolds[whole.lowerBound + offset] {
            return false
        }
        return true
    }

    /// a, e, i, o, u, y as bits of `NameWord.letters`.
    private static let vowels: UInt32 = 1 << 0 | 1 << 4 | 1 << 8 | 1 << 14 | 1 << 20 | 1 << 24

    /// The number of single edits (a letter in, out, replaced, two neighbours exchanged) between two runs of letters, if
    /// it is at most `limit`; else `limit + 1`.
    static func edits(
        _ one: Span<UInt8>, _ first: Range<Int>, _ other: Span<UInt8>, _ second: Range<Int>, limit: Int
    ) -> Int {
        var (start, end) = (first.lowerBound, first.upperBound)
        var (otherStart, otherEnd) = (second.lowerBound, second.upperBound)
        while start < end, otherStart < otherEnd, one[start] == other[otherStart] {
            start += 1
            otherStart += 1
        }
        while start < end, otherStart < otherEnd, one[end - 1] == other[otherEnd - 1] {
            end -= 1
            otherEnd -= 1
        }
        let (left, right) = (end - start, otherEnd - otherStart)
        if left == 0 || right == 0 { return min(max(left, right), limit + 1) }
        guard limit > 0, abs(left - right) <= limit else { return limit + 1 }
        if left == 1, right == 1 { return 1 }
        // The first letters differ: each of the four edits, then the rest with one edit less.
        var best = limit
        best = min(best, edits(one, start + 1..<end, other, otherStart + 1..<otherEnd, limit: limit - 1))
        best = min(best, edits(one, start + 1..<end, other, otherStart..<otherEnd, limit: limit - 1))
        best = min(best, edits(one, start..<end, other, otherStart + 1..<otherEnd, limit: limit - 1))
        if left > 1, right > 1, one[start] == other[otherStart + 1], one[start + 1] == other[otherStart] {
            best = min(best, edits(one, start + 2..<end, other, otherStart + 2..<otherEnd, limit: limit - 1))
        }
        return best + 1
    }
}
