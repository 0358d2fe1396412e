import Observability

/// A small tree of named values in a fixed order, written as JSON or YAML: for OpenAPI and AsyncAPI documents, which are
/// generated and compared byte for byte.
public indirect enum Document: Sendable, Hashable {
    case object([Member])
    case array([Document])
    case text(String)
    case integer(Int)
    case boolean(Bool)

    /// A named value.
    public struct Member: Sendable, Hashable {
        public let name: String
        public let value: Document

        public init(_ name: String, _ value: Document) {
            self.name = name
            self.value = value
        }
    }

    /// The members in the order given; nil values are left out.
    public static func members(_ members: KeyValuePairs<String, Document?>) -> Document {
        .object(members.compactMap { name, value in value.map { Member(name, $0) } })
    }

    // MARK: JSON

    /// The document as JSON text, indented by two spaces, with a line feed at the end.
    public var json: String { jsonText(indent: "") + "\n" }

    private func jsonText(indent: String) -> String {
        let deeper = indent + "  "
        switch self {
        case .object(let members):
            if members.isEmpty { return "{}" }
            let lines = members.map { "\(deeper)\(quoted($0.name)): \($0.value.jsonText(indent: deeper))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        case .array(let elements):
            if elements.isEmpty { return "[]" }
            let lines = elements.map { deeper + $0.jsonText(indent: deeper) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(indent)]"
        default: return scalar
        }
    }

    // MARK: YAML

    /// The document as YAML text: block style, texts in double quotes where YAML could read them as something else.
    public var yaml: String {
        var lines: [String] = []
        writeYAML(indent: "", lead: "", to: &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    /// - Parameter lead: what stands before the first line, in the width of `indent`.
    private func writeYAML(indent: String, lead: String, to lines: inout [String]) {
        switch self {
        case .object(let members) where !members.isEmpty:
            for (index, member) in members.enumerated() {
                let start = (index == 0 ? lead : indent) + plain(member.name) + ":"
                member.value.writeValue(after: start, indent: indent + "  ", to: &lines)
            }
        case .array(let elements) where !elements.isEmpty:
            for (index, element) in elements.enumerated() {
                element.writeYAML(indent: indent + "  ", lead: (index == 0 ? lead : indent) + "- ", to: &lines)
            }
        default: lines.append(lead + scalar)
        }
    }

    private func writeValue(after start: String, indent: String, to lines: inout [String]) {
        switch self {
        case .object(let members) where !members.isEmpty:
            lines.append(start)
            writeYAML(indent: indent, lead: indent, to: &lines)
        case .array(let elements) where !elements.isEmpty:
            lines.append(start)
            writeYAML(indent: indent, lead: indent, to: &lines)
        default: lines.append(start + " " + scalar)
        }
    }

    private var scalar: String {
        switch self {
        case .text(let text): quoted(text)
        case .integer(let value): String(value)
        case .boolean(let value): value ? "true" : "false"
        case .object: "{}"
        case .array: "[]"
        }
    }

    /// A JSON text is also a YAML text in double quotes.
    private func quoted(_ text: String) -> String {
        var json = JSONWriter()
        json.element(text)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private func plain(_ name: String) -> String {
        let isPlain = name.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                UInt8(ascii: "$"), UInt8(ascii: "/"):
                true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."): index > 0
            default: false
            }
        }
        return isPlain && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(name.lowercased())
            ? name : quoted(name)
    }
}
