/// The path of a route: literal segments and parameters, e.g. `/v1/turns/{id}/manifest` or `/v1/exports/turns/{id}.p7s`.
///
/// A parameter matches one segment (with its fixed ending, if the pattern has one) and is percent-decoded after matching,
/// so that a record number holding a slash stays one segment.
public struct PathPattern: Sendable, Hashable {
    enum Segment: Sendable, Hashable {
        case literal(String)
        case parameter(name: String, suffix: String)
    }

    /// The pattern as written.
    public let text: String
    let segments: [Segment]

    /// - Precondition: `text` starts with a slash; parameters are `{name}` at the start of a segment, named once.
    public init(_ text: String) {
        precondition(text.hasPrefix("/"), "path pattern \(text) does not start with a slash")
        self.text = text
        segments = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
            guard part.first == "{" else {
                precondition(!part.contains("{"), "path pattern \(text): a parameter must start its segment")
                return .literal(String(part))
            }
            guard let end = part.firstIndex(of: "}") else { preconditionFailure("path pattern \(text): no }") }
            return .parameter(
                name: String(part[part.index(after: part.startIndex)..<end]),
                suffix: String(part[part.index(after: end)...]))
        }
        let names = parameterNames
        precondition(Set(names).count == names.count, "path pattern \(text) names a parameter twice")
    }

    /// Names of the parameters from left to right.
    public var parameterNames: [String] {
        segments.compactMap { segment in
            if case .parameter(let name, _) = segment { name } else { nil }
        }
    }

    /// The parameters' values if the path fits; nil if it does not, or holds a broken percent code or a NUL.
    func match(_ path: [Substring]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (segment, part) in zip(segments, path) {
            switch segment {
            case .literal(let text):
                guard part == text else { return nil }
            case .parameter(let name, let suffix):
                guard part.hasSuffix(suffix), part.utf8.count > suffix.utf8.count,
                    let value = percentDecoded(part.dropLast(suffix.count))
                else { return nil }
                values[name] = value
            }
        }
        return values
    }

    /// Which of two patterns that both fit is meant: literals before endings before bare parameters.
    static func isMoreSpecific(_ left: PathPattern, _ right: PathPattern) -> Bool {
        func rank(_ segment: Segment) -> Int {
            switch segment {
            case .literal: 0
            case .parameter(_, let suffix): suffix.isEmpty ? 2 : 1
            }
        }
        for (one, other) in zip(left.segments, right.segments) where rank(one) != rank(other) {
            return rank(one) < rank(other)
        }
        return false
    }
}

/// Decodes percent codes; nil when a code is broken, the result is not UTF-8, or it holds a NUL.
func percentDecoded(_ text: some StringProtocol) -> String? {
    func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
    var decoded: [UInt8] = []
    var bytes = text.utf8.makeIterator()
    while let byte = bytes.next() {
        guard byte == UInt8(ascii: "%") else {
            decoded.append(byte)
            continue
        }
        guard let high = bytes.next().flatMap(digit), let low = bytes.next().flatMap(digit) else { return nil }
        decoded.append(high << 4 | low)
    }
    guard !decoded.contains(0) else { return nil }
    return String(validating: decoded, as: UTF8.self)
}

/// Encodes a text as one path segment or query value.
public func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            encoded.append(byte)
        default:
            encoded.append(UInt8(ascii: "%"))
            encoded.append(digits[Int(byte >> 4)])
            encoded.append(digits[Int(byte & 15)])
        }
    }
    return String(decoding: encoded, as: UTF8.self)
}
