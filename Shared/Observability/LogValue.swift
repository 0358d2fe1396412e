/// What a field of a log line holds. Literals work as they are (`"rows": 12`); variables name their case
/// (`"rows": .int(count)`), and texts may be interpolated (`"topic": "\(topic.name)"`).
public enum LogValue: Sendable, Hashable {
    case string(String)
    case int(Int)
    case double(Double)
    case bool(Bool)

    /// The longest text of one field in UTF-8 bytes; what is longer is cut and marked by an ellipsis.
    static let longestText = 2_000

    /// An error as it describes itself.
    public static func error(_ error: any Error) -> LogValue { .string("\(error)") }

    /// A 64-bit count.
    public static func int64(_ value: Int64) -> LogValue { .int(Int(value)) }

    func write(_ name: String, to json: inout JSONWriter) {
        switch self {
        case .string(let text): json.member(name, Self.cut(text))
        case .int(let value): json.member(name, value)
        case .double(let value): json.member(name, value)
        case .bool(let value): json.member(name, value)
        }
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > longestText else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: longestText)
        while end > text.startIndex, text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
        return String(text[..<end]) + "…"
    }
}

extension LogValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}
