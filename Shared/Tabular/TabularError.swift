/// The rule that an input or a row broke. Raw values are stable: they stand in error lists that people keep.
public enum TabularRule: String, Sendable {
    case emptyInput = "empty-file"
    case compressed = "compressed"
    case wrongEncoding = "wrong-encoding"
    case missingColumn = "missing-column"
    case repeatedColumn = "repeated-column"
    case unreadableHeader = "unreadable-header"
    case fieldCount = "field-count"
    case fieldTooLong = "field-too-long"
    case rowTooLong = "row-too-long"
    case nulByte = "nul-byte"
    case badUTF8 = "bad-utf-8"
    case unclosedQuote = "unclosed-quote"
    case textAfterQuote = "text-after-quote"
    case badJSON = "bad-json"
    case tooDeep = "too-deep"
    case nestedValue = "nested-value"
    case truncated = "truncated"
    case unreadableFile = "unreadable-file"
}

/// Why an input or one of its rows cannot be read. Holds no value of the input, so that it may be shown and logged.
public struct TabularError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The line, counted from 1, on which the row starts.
    public var line: Int
    /// The data row, counted from 1; 0 where the whole input is meant.
    public var row: Int
    /// The column's name, where one is to blame.
    public var column: String
    public var rule: TabularRule
    /// What is wrong and what to do, in English.
    public var detail: String
    /// True where nothing more can be read from this input.
    public var isFatal: Bool

    public init(
        line: Int, row: Int, column: String = "", rule: TabularRule, detail: String, isFatal: Bool = false
    ) {
        self.line = line
        self.row = row
        self.column = column
        self.rule = rule
        self.detail = detail
        self.isFatal = isFatal
    }

    public var description: String {
        let place = column.isEmpty ? "line \(line)" : "line \(line), column \(column)"
        return "\(place): \(detail) (\(rule.rawValue))"
    }
}
