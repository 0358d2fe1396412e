/// Which way of reading made sense of what was typed.
enum ReadingSource: UInt8, CaseIterable, Sendable {
    case asTyped, cleaned, telex, vni, viqr, tcvn3, vniWindows, windows1258, mojibake, lookAlikes
}

/// A typed name, read one way.
struct Reading: Sendable {
    let source: ReadingSource
    /// The name in the form of the rule set, UTF-8.
    let bytes: [UInt8]
    /// At most `WordReader.wordLimit` words, their sounds filled in.
    let words: [NameWord]
    let codes: [UInt8]
    let folds: [UInt8]
    let keys: NameKeys

    /// The words' letters without diacritics.
    var foldedWords: [[UInt8]] { Self.foldedWords(words, folds) }

    static func foldedWords(_ words: [NameWord], _ folds: [UInt8]) -> [[UInt8]] {
        words.map { Array(folds[$0.folds.range]) }
    }

    init(_ source: ReadingSource, _ name: String, reader: inout WordReader) {
        self.source = source
        let bytes = Array(name.utf8)
        reader.read(bytes.span)
        reader.hear()
        self.bytes = bytes
        keys = NameKeys(words: reader.words.span, folds: reader.folds.span)
        // Copied to size: the reader keeps its buffers for the next name.
        words = reader.words.map { $0 }
        codes = reader.codes.map { $0 }
        folds = reader.folds.map { $0 }
    }
}

/// What was typed, read every plausible way: as typed first, then what else it may have been meant to be.
///
/// For SUGGEST and for reasons on the police side only; VERIFY compares what was typed.
struct PreparedName: Sendable {
    static let readingLimit = 4
    /// One to four, the first as typed.
    let readings: [Reading]

    /// Whether nothing visible was typed.
    var isAbsent: Bool { readings[0].bytes.isEmpty }

    /// For a single name; for many keep a `NamePreparer`.
    init(typed: String) {
        var preparer = NamePreparer()
        self = preparer.prepare(typed)
    }

    init(readings: [Reading]) { self.readings = readings }
}
