/// W3C trace context, version 00 (`traceparent`): carried through HTTP headers, message headers and log lines.
public struct TraceContext: Sendable, Hashable {
    /// 32 lower-case hexadecimal digits, not all zero.
    public let traceID: String
    /// 16 lower-case hexadecimal digits, not all zero.
    public let spanID: String
    /// Whether the caller records this trace.
    public let sampled: Bool

    /// Reads a `traceparent` header; nil when it does not follow the standard.
    public init?(traceparent: String) {
        let parts = traceparent.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].utf8.count == 2, parts[0] != "ff", parts[0] != "00" || parts.count == 4,
            parts[1].utf8.count == 32, parts[2].utf8.count == 16, parts[3].utf8.count == 2,
            parts.prefix(4).allSatisfy({ $0.utf8.allSatisfy(Self.isLowerHexadecimal) }),
            parts[1].utf8.contains(where: { $0 != UInt8(ascii: "0") }),
            parts[2].utf8.contains(where: { $0 != UInt8(ascii: "0") }),
            let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        traceID = String(parts[1])
        spanID = String(parts[2])
        sampled = flags & 1 == 1
    }

    private init(traceID: String, spanID: String, sampled: Bool) {
        self.traceID = traceID
        self.spanID = spanID
        self.sampled = sampled
    }

    /// A new trace with random ids.
    public static func random() -> TraceContext {
        TraceContext(
            traceID: hexadecimal(UInt64.random(in: 1 ... .max)) + hexadecimal(UInt64.random(in: 1 ... .max)),
            spanID: hexadecimal(UInt64.random(in: 1 ... .max)), sampled: false)
    }

    /// The same trace, a new span: for what this process does in answer.
    public func child() -> TraceContext {
        TraceContext(
            traceID: traceID, spanID: Self.hexadecimal(UInt64.random(in: 1 ... .max)), sampled: sampled)
    }

    /// The header's text.
    public var traceparent: String { "00-\(traceID)-\(spanID)-\(sampled ? "01" : "00")" }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    private static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
