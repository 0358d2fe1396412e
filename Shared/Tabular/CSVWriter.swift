/// Writes CSV (RFC 4180, UTF-8, a header line, LF line ends so that exports compare byte for byte) into a buffer that
/// the caller empties as it streams.
public struct CSVWriter: Sendable {
    /// What has been written since the last `take()`.
    public private(set) var bytes: [UInt8] = []
    private let isForPeople: Bool
    private let lineEnd: [UInt8]

    /// - Parameters:
    ///   - columns: the header; empty writes none.
    ///   - forPeople: true where people open the file in a spreadsheet: a value that would be taken for a formula gets
    ///     an apostrophe before it (OWASP ASVS 1.2.10). False for exports that programs read: values stay as they are.
    ///   - lineEnd: `\n`, or `\r\n` where a program insists.
    public init(columns: [String], forPeople: Bool = false, lineEnd: String = "\n") {
        isForPeople = forPeople
        self.lineEnd = Array(lineEnd.utf8)
        if !columns.isEmpty { row(columns) }
    }

    /// Writes one row.
    public mutating func row(_ values: [String]) {
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            field(value, isOnly: values.count == 1)
        }
        bytes.append(contentsOf: lineEnd)
    }

    /// Gives away what has been written so far.
    public mutating func take() -> [UInt8] {
        let taken = bytes
        bytes = []
        return taken
    }

    private mutating func field(_ value: String, isOnly: Bool) {
        var prefix: [UInt8] = []
        if isForPeople, let first = value.utf8.first, Self.opensFormula(first) { prefix = [UInt8(ascii: "'")] }
        let needsQuotes =
            (isOnly && value.isEmpty)
            || value.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
            || value.utf8.first == 0x20 || value.utf8.last == 0x20
        guard needsQuotes else {
            bytes.append(contentsOf: prefix)
            bytes.append(contentsOf: value.utf8)
            return
        }
        bytes.append(0x22)
        bytes.append(contentsOf: prefix)
        for byte in value.utf8 {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
    }

    private static func opensFormula(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D, 0x00: true
        default: false
        }
    }
}
