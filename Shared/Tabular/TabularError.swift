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

    /// For the person who sent the input.
    public var explanation: (vi: String, en: String) {
        switch self {
        case .emptyInput: ("tệp không có dữ liệu", "the file is empty")
        case .compressed: ("dữ liệu đang nén; hãy giải nén rồi gửi lại", "the data are compressed; send them unpacked")
        case .wrongEncoding: ("tệp không phải UTF-8", "the file is not UTF-8")
        case .missingColumn: ("thiếu cột bắt buộc", "a required column is missing")
        case .repeatedColumn: ("cột bị lặp lại", "a column comes twice")
        case .unreadableHeader: ("không đọc được dòng tiêu đề", "the header line cannot be read")
        case .fieldCount: ("số ô của dòng khác với tiêu đề", "the row has another number of fields than the header")
        case .fieldTooLong: ("một ô quá dài", "a field is too long")
        case .rowTooLong: ("dòng quá dài", "the row is too long")
        case .nulByte: ("dòng có ký tự NUL", "the row holds a NUL byte")
        case .badUTF8: ("dòng có byte không phải UTF-8", "the row holds bytes that are not UTF-8")
        case .unclosedQuote: ("dấu ngoặc kép không được đóng", "a quotation mark is not closed")
        case .textAfterQuote: ("có chữ sau dấu ngoặc kép đóng", "text follows a closing quotation mark")
        case .badJSON: ("JSON không hợp lệ", "this is not valid JSON")
        case .tooDeep: ("JSON lồng nhau quá sâu", "the JSON is nested too deeply")
        case .nestedValue: ("một ô chứa đối tượng hoặc danh sách", "a field holds an object or a list")
        case .truncated: ("dữ liệu bị cắt giữa dòng", "the data end in the middle of a row")
        case .unreadableFile: ("không đọc được tệp", "the file cannot be read")
        }
    }
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
