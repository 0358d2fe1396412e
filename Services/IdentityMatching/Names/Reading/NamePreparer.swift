/// Prepares typed names, keeping its buffers.
///
/// A name all of whose words are Vietnamese syllables or initials, with no title and no note, is read as typed and in no
/// other way; that is the hot path. Only where something does not read, it is cleaned and decoded, and a decoded reading
/// stands only if it leaves fewer words unreadable than there were.
struct NamePreparer {
    /// What is read of a text in other ways than as typed; nobody's name is longer.
    static let scalarLimit = 320
    private var normaliser: NameNormaliser
    private var reader = WordReader()

    init(rules: RuleSet = .first) { normaliser = NameNormaliser(rules: rules) }

    /// Reads the text as it was typed, not normalised: old encodings die in case folding.
    mutating func prepare(_ typed: String) -> PreparedName {
        prepare(typed, normalised: normaliser.normalise(typed))
    }

    /// The same where the text has been normalised already.
    mutating func prepare(_ typed: String, normalised: String) -> PreparedName {
        let asTyped = Reading(.asTyped, normalised, reader: &reader)
        let unread = Self.unread(asTyped.words)
        let mayHoldMore = Cleaning.mayApply(to: asTyped.words)
        if unread == 0, !mayHoldMore { return PreparedName(readings: [asTyped]) }
        let raw = typed.unicodeScalars.prefix(Self.scalarLimit).map(\.value)
        var readings = [asTyped]
        if Self.needsCleaning(raw) || unread == 0 {
            let words = Cleaning.words(raw)
            let kept = Self.cleaned(words)
            // Signs that no rule takes away leave the name as typed.
            if mayHoldMore || kept != words {
                let cleaned = read(.cleaned, kept)
                if !cleaned.words.isEmpty, cleaned.bytes != asTyped.bytes { readings.append(cleaned) }
            }
        }
        guard unread > 0 else { return PreparedName(readings: readings) }
        var decoded: [(unread: Int, reading: Reading)] = []
        for (source, text) in Self.decodings(of: raw) {
            let reading = read(source, Self.cleaned(Cleaning.words(text)))
            let left = Self.unread(reading.words)
            guard left < unread, !reading.words.isEmpty else { continue }
            decoded.append((left, reading))
        }
        let least = decoded.map(\.unread).min() ?? 0
        for (left, reading) in decoded where left == least && readings.count < PreparedName.readingLimit {
            if readings.contains(where: { $0.bytes == reading.bytes }) { continue }
            readings.append(reading)
        }
        return PreparedName(readings: readings)
    }

    private static func cleaned(_ words: [[UInt32]]) -> [[UInt32]] {
        CleaningRule.beforeNormalising.reduce(words) { $1.apply(to: $0) }
    }

    /// Words that are cleaned, normalised.
    private mutating func read(_ source: ReadingSource, _ words: [[UInt32]]) -> Reading {
        let normalised = normaliser.normalise(Self.text(words))
        let name = Cleaning.words(normalised.unicodeScalars.map(\.value))
        let cleaned = CleaningRule.afterNormalising.reduce(name) { $1.apply(to: $0) }
        return Reading(source, cleaned == name ? normalised : Self.text(cleaned), reader: &reader)
    }

    /// What the text may have been meant to be, the surest first.
    private static func decodings(of raw: [UInt32]) -> [(ReadingSource, [UInt32])] {
        var decodings: [(ReadingSource, [UInt32])] = []
        if let repaired = Mojibake.repaired(raw) { decodings.append((.mojibake, repaired)) }
        if LegacyEncoding.mayHold(raw) {
            decodings += LegacyEncoding.all.map { ($0.source, $0.decoded(raw)) }
        }
        let words = Cleaning.words(raw)
        let codes = words.map { RawWord($0).codes }
        for method in TypingMethod.all {
            if let text = typed(words, codes, with: method) { decodings.append((method.source, text)) }
        }
        if let letters = LookAlikes.replaced(raw) { decodings.append((.lookAlikes, letters)) }
        return decodings
    }

    /// The words with syllables for those that the method's keys make; nil where there are none.
    ///
    /// - Parameter codes: of each word, in small letters.
    private static func typed(_ words: [[UInt32]], _ codes: [[UInt8]], with method: TypingMethod) -> [UInt32]? {
        let syllables = codes.map { method.mayHaveTyped($0) ? method.syllable($0[...]) : nil }
        guard syllables.contains(where: { $0 != nil }) else { return nil }
        var text: [UInt32] = []
        for (word, syllable) in zip(words, syllables) {
            if !text.isEmpty { text.append(0x20) }
            guard let syllable else {
                text += word
                continue
            }
            for code in syllable { text.append(LetterCodes.shared.scalars[Int(code)]) }
        }
        return text
    }

    /// How many words are neither syllables nor initials.
    private static func unread(_ words: [NameWord]) -> Int {
        let syllables = Syllables.shared
        return words.reduce(0) { $0 + (syllables.isSound($1) ? 0 : 1) }
    }

    /// Whether the text holds signs, digits or capitals inside words.
    private static func needsCleaning(_ raw: [UInt32]) -> Bool {
        var small = false
        for scalar in raw {
            if scalar >= 0x41, scalar <= 0x5A, small { return true }
            small = scalar >= 0x61 && scalar <= 0x7A || scalar >= 0xDF
            if scalar < 0x80 {
                let isLetter = scalar | 0x20 >= 0x61 && scalar | 0x20 <= 0x7A
                if !isLetter, scalar != 0x20 { return true }
            } else if scalar < 0xC0 || scalar >= 0x2000 {
                return true
            }
        }
        return false
    }

    private static func text(_ words: [[UInt32]]) -> String {
        var text = String.UnicodeScalarView()
        for (index, word) in words.enumerated() {
            if index > 0 { text.append(" ") }
            for scalar in word { text.append(Unicode.Scalar(scalar) ?? "\u{FFFD}") }
        }
        return String(text)
    }
}
