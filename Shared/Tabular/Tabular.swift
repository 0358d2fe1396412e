// Tabular: rows of text out of bytes, and bytes out of rows.
//
// What it is: streaming readers for CSV (RFC 4180), NDJSON and a JSON array of flat objects, and a writer of CSV.
// Bytes are fed in chunks of any size; rows come out as soon as they are complete. Nothing here does network,
// database or domain work; only `TabularFile.swift` opens files.
//
// How it fails: every problem is a `TabularError` that names line, row, column and rule, never a value. A problem of
// one row refuses that row and the next row still goes through; a problem of the whole input (no header, compressed
// data, a required column missing) is marked `isFatal`, is reported once, and ends the reading. Memory is bounded by
// one chunk and one row: a line of a gigabyte is skipped while it streams by.
//
// Who may touch it: everyone may use it; it depends on the standard library alone and must stay so.

/// How an input's bytes are to be read.
public enum TabularFormat: String, Sendable, CaseIterable {
    case csv
    case ndjson
    case jsonArray = "json-array"

    /// The format that the first bytes of an input look like: `[` an array, `{` one object a line, anything else CSV.
    public static func detected(in bytes: [UInt8]) -> TabularFormat? {
        var start = 0
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
        for byte in bytes[start...] {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: continue
            case UInt8(ascii: "["): return .jsonArray
            case UInt8(ascii: "{"): return .ndjson
            default: return .csv
            }
        }
        return nil
    }

    /// The format that a media type names, where it names one (parameters such as `charset` are ignored).
    public init?(mediaType: String) {
        let name = mediaType.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        switch name {
        case "text/csv", "application/csv": self = .csv
        case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines":
            self = .ndjson
        case "application/json": self = .jsonArray
        default: return nil
        }
    }
}

/// What a row may cost. The defaults are the limits that `formats.md` readers promise.
public struct TabularLimits: Sendable, Equatable {
    /// Bytes of one value, after unquoting.
    public var field: Int
    /// Bytes of one row as sent.
    public var row: Int
    /// How deeply a JSON value may nest, the row's own object counted as 1.
    public var depth: Int

    public init(field: Int = 64 * 1024, row: Int = 1024 * 1024, depth: Int = 16) {
        self.field = field
        self.row = row
        self.depth = depth
    }

    public static let standard = TabularLimits()
}
