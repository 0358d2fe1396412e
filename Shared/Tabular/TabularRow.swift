/// The columns that a reader is to deliver, in the order in which rows answer by index.
public final class TabularSchema: Sendable {
    public let columns: [String]
    /// Columns without which an input makes no sense at all.
    public let required: [String]
    let indexes: [String: Int]
    let names: [[UInt8]]

    /// - Parameter required: columns that a CSV header must have. NDJSON has no header: an absent key is an empty value.
    public init(columns: [String], required: [String] = []) {
        self.columns = columns
        self.required = required
        var indexes: [String: Int] = [:]
        for (index, column) in columns.enumerated() where indexes[column] == nil { indexes[column] = index }
        self.indexes = indexes
        names = columns.map { Array($0.utf8) }
    }

    /// The index of a column, or nil if the schema does not have it.
    public func index(of column: String) -> Int? { indexes[column] }
}

/// One row: values as text, looked up by the schema's index or by name. An absent value is the empty string.
public struct TabularRow: Sendable {
    /// The line on which the row starts, counted from 1.
    public let line: Int
    /// The data row, counted from 1 (a header is not counted).
    public let number: Int
    public let schema: TabularSchema
    /// All kept values, one after another; valid UTF-8.
    let bytes: [UInt8]
    /// Start and end of each column's value in `bytes`.
    let ranges: [UInt32]

    /// The value of the column with this index.
    public subscript(_ index: Int) -> String {
        let start = Int(ranges[2 * index])
        let end = Int(ranges[2 * index + 1])
        if start == end { return "" }
        return bytes.withUnsafeBufferPointer {
            String(decoding: UnsafeBufferPointer(rebasing: $0[start..<end]), as: UTF8.self)
        }
    }

    /// The value of the named column; empty if the input or the schema does not have it.
    public subscript(_ column: String) -> String {
        guard let index = schema.indexes[column] else { return "" }
        return self[index]
    }

    /// The bytes of a column's value.
    public func utf8(_ index: Int) -> ArraySlice<UInt8> {
        bytes[Int(ranges[2 * index])..<Int(ranges[2 * index + 1])]
    }

    /// True if the column is absent or empty.
    public func isEmpty(_ index: Int) -> Bool { ranges[2 * index] == ranges[2 * index + 1] }
}
