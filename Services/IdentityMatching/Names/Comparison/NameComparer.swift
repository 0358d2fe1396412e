/// Compares typed names with registered ones; keeps its buffers, allocates nothing for a comparison.
///
/// Order of questions: the same bytes; the same words but for tones, diacritics or lost letters; the same letters with
/// other spaces; the same words in another order; then what agrees word by word. The best reading stands, the earlier
/// of two that agree equally.
struct NameComparer {
    private var reader = WordReader()
    private var scratch: [UInt8] = []
    private var reread: [UInt8] = []
    /// Takes what is registered from version 1 to the standing set; nil where both read names alike.
    private var normaliser: NameNormaliser?

    /// - Parameter rules: the set by which typed names are prepared.
    init(rules: RuleSet = .first) {
        normaliser = rules.names == RuleSet.first.names ? nil : NameNormaliser(rules: rules)
    }

    /// For a registered name at hand as text, normalised.
    mutating func compare(_ typed: PreparedName, registered: String) -> NameComparison {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: registered.utf8)
        let bytes = scratch
        return compare(typed, registered: bytes.span)
    }

    /// The registered name is in the form of version 1 or of the set of this comparer, UTF-8.
    mutating func compare(_ typed: PreparedName, registered: Span<UInt8>) -> NameComparison {
        guard normaliser != nil else { return compareNormalised(typed, registered) }
        normaliser?.normalise(registered, into: &reread)
        let bytes = reread
        return compareNormalised(typed, bytes.span)
    }

    private mutating func compareNormalised(_ typed: PreparedName, _ registered: Span<UInt8>) -> NameComparison {
        if typed.isAbsent || registered.isEmpty { return Self.outcome(.absent) }
        if Self.isEqual(typed.readings[0].bytes, registered) {
            return NameComparison(
                agreement: .same, reading: 0, source: .asTyped, evidence: [], agreeingWords: UInt32.max)
        }
        reader.read(registered)
        var best = Self.outcome(.different)
        for index in typed.readings.indices {
            let found = compare(typed.readings[index], registered: registered)
            guard index == 0 || found.agreement < best.agreement else { continue }
            best = found
            best.reading = index
            best.source = typed.readings[index].source
        }
        return best
    }

    private mutating func compare(_ typed: Reading, registered: Span<UInt8>) -> NameComparison {
        if typed.source != .asTyped, Self.isEqual(typed.bytes, registered) {
            var outcome = Self.outcome(.sameAfterDecoding)
            outcome.agreeingWords = UInt32.max
            return outcome
        }
        if let outcome = compareInPlace(typed) { return outcome }
        if let outcome = compareJoined(typed) { return outcome }
        var matching = WordMatching(typed: typed.words.count, registered: reader.words.count)
        match(typed, &matching)
        return matching.outcome
    }

    /// Word by word where both have as many: nothing but tones, diacritics or lost letters.
    private func compareInPlace(_ typed: Reading) -> NameComparison? {
        guard typed.words.count == reader.words.count, !typed.words.isEmpty else { return nil }
        var worst = WordRelation.same
        for index in typed.words.indices {
            guard let relation = written(typed, index, index) else { return nil }
            worst = max(worst, relation)
        }
        var outcome = Self.outcome(.diacriticsDiffer)
        outcome.agreeingWords = UInt32.max
        switch worst {
        case .placement: outcome.agreement = .tonePlacement
        case .toneByEar: outcome.agreement = .toneByEar
        case .tone: outcome.agreement = .toneDiffers
        case .lost: outcome.agreement = .lettersLost
        default: outcome.agreement = .diacriticsDiffer
        }
        switch outcome.agreement {
        case .lettersLost: outcome.evidence = .lostLetters
        case .diacriticsDiffer: outcome.evidence = .diacritics
        default: outcome.evidence = .tones
        }
        return outcome
    }

    /// The letters of both without spaces.
    private func compareJoined(_ typed: Reading) -> NameComparison? {
        let (one, other) = (typed.folds.span, reader.folds.span)
        guard one.count == other.count, one.count > 1 else { return nil }
        for index in 0..<one.count where one[index] != other[index] { return nil }
        var outcome = Self.outcome(typed.words.count == reader.words.count ? .diacriticsDiffer : .spacingDiffers)
        outcome.evidence = .spacing
        outcome.agreeingWords = UInt32.max
        return outcome
    }

    /// Equal but for what a pen or a code page leaves out.
    private func written(_ typed: Reading, _ index: Int, _ other: Int) -> WordRelation? {
        let (word, registered) = (typed.words[index], reader.words[other])
        if let relation = WordComparison.relation(word, registered) { return relation }
        guard word.traits.contains(.lostLetters) else { return nil }
        let fills = WordComparison.fills(
            typed.folds.span, word.folds.range, reader.folds.span, registered.folds.range)
        return fills ? .lost : nil
    }

    /// Finds for each word the word of the other name that it agrees with: words that are written alike before words that
    /// sound alike before words that are near; in each case first and last words before the others.
    private mutating func match(_ typed: Reading, _ matching: inout WordMatching) {
        for likeness in 0..<3 {
            for round in 0..<WordMatching.rounds {
                guard matching.isOpen else { return }
                pair(typed, likeness, round, &matching)
            }
        }
        matching.joined = joinedEdits(typed)
    }

    private mutating func pair(_ typed: Reading, _ likeness: Int, _ round: Int, _ matching: inout WordMatching) {
        for index in typed.words.indices {
            for other in matching.candidates(for: index, round: round) {
                let relation: WordRelation
                switch likeness {
                case 0: relation = written(typed, index, other) ?? .other
                case 1:
                    reader.hear(other)
                    relation = WordComparison.soundsAlike(typed.words[index], reader.words[other]) ? .byEar : .other
                default: relation = near(typed, index, other)
                }
                guard relation != .other else { continue }
                matching.pair(index, other, relation)
                break
            }
        }
    }

    /// Abbreviated, or an edit or two away.
    private func near(_ typed: Reading, _ index: Int, _ other: Int) -> WordRelation {
        let (word, registered) = (typed.words[index], reader.words[other])
        let apart = (word.letters ^ registered.letters).nonzeroBitCount
        guard apart <= 4 || word.letters & ~registered.letters == 0 else { return .other }
        let (folds, others) = (typed.folds.span, reader.folds.span)
        if WordComparison.isAbbreviation(word, folds, registered, others) { return .abbreviated }
        let (shorter, longer) = (
            min(word.folds.count, registered.folds.count), max(word.folds.count, registered.folds.count)
        )
        guard apart <= 4, longer > 1, longer - shorter <= 2 else { return .other }
        let limit = shorter >= 4 && longer >= 5 ? 2 : 1
        switch WordComparison.edits(folds, word.folds.range, others, registered.folds.range, limit: limit) {
        case 0, 1: return .oneEdit
        case 2 where limit == 2: return .twoEdits
        default: return .other
        }
    }

    /// Edits between the names without spaces, where words may have been glued as well; 3 for more than one.
    private func joinedEdits(_ typed: Reading) -> Int {
        let (one, other) = (typed.folds.span, reader.folds.span)
        guard typed.words.count != reader.words.count, abs(one.count - other.count) <= 1, one.count > 5 else {
            return 3
        }
        return WordComparison.edits(one, 0..<one.count, other, 0..<other.count, limit: 1) <= 1 ? 1 : 3
    }

    private static func isEqual(_ one: [UInt8], _ other: Span<UInt8>) -> Bool {
        guard one.count == other.count else { return false }
        for index in 0..<one.count where one[index] != other[index] { return false }
        return true
    }

    private static func outcome(_ agreement: NameAgreement) -> NameComparison {
        NameComparison(agreement: agreement, reading: 0, source: .asTyped, evidence: [], agreeingWords: 0)
    }
}
