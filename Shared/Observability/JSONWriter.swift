/// Writes JSON text into one byte array, without Foundation: for log lines, problem bodies, streamed rows and documents.
///
/// The writer sets commas itself. Keys are written as given, in the order given; texts are escaped by RFC 8259.
public struct JSONWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Takes what has been written and leaves the writer empty, keeping nothing open: for streams, row by row.
    public mutating func take() -> [UInt8] {
        defer {
            bytes = []
            needsComma = false
        }
        return bytes
    }

    // MARK: Structure

    /// Writes an object; `name` is its key inside an object, absent elsewhere.
    public mutating func object(_ name: String? = nil, _ body: (inout JSONWriter) throws -> Void) rethrows {
        try nested(name, "{", "}", body)
    }

    /// Writes an array; `name` is its key inside an object, absent elsewhere.
    public mutating func array(_ name: String? = nil, _ body: (inout JSONWriter) throws -> Void) rethrows {
        try nested(name, "[", "]", body)
    }

    private mutating func nested(
        _ name: String?, _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONWriter) throws -> Void
    ) rethrows {
        start(name)
        bytes.append(UInt8(ascii: open))
        needsComma = false
        try body(&self)
        bytes.append(UInt8(ascii: close))
        needsComma = true
    }

    // MARK: Members and elements

    public mutating func member(_ name: String, _ value: String) {
        start(name)
        text(value)
    }

    /// Writes the text, or `null`.
    public mutating func member(_ name: String, _ value: String?) {
        start(name)
        if let value { text(value) } else { bytes.append(contentsOf: "null".utf8) }
    }

    public mutating func member(_ name: String, _ value: some BinaryInteger) {
        start(name)
        number(value)
    }

    public mutating func member(_ name: String, _ value: Bool) {
        start(name)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// Writes the number; `null` where JSON has none (infinities, not-a-number).
    public mutating func member(_ name: String, _ value: Double) {
        start(name)
        number(value)
    }

    /// Writes a value that is JSON already.
    public mutating func member(_ name: String, json value: [UInt8]) {
        start(name)
        bytes.append(contentsOf: value)
    }

    public mutating func element(_ value: String) {
        start(nil)
        text(value)
    }

    public mutating func element(_ value: some BinaryInteger) {
        start(nil)
        number(value)
    }

    /// Writes an element that is JSON already.
    public mutating func element(json value: [UInt8]) {
        start(nil)
        bytes.append(contentsOf: value)
    }

    /// Appends one byte as it is, for example the line feed after a document.
    public mutating func raw(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = false
    }

    // MARK: Scalars

    private mutating func start(_ name: String?) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        if let name {
            text(name)
            bytes.append(UInt8(ascii: ":"))
        }
    }

    private mutating func number(_ value: some BinaryInteger) {
        bytes.append(contentsOf: String(value).utf8)
    }

    private mutating func number(_ value: Double) {
        bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
    }

    private mutating func text(_ value: String) {
        var value = value
        bytes.append(UInt8(ascii: "\""))
        value.withUTF8 { utf8 in
            var clean = utf8.startIndex
            for index in utf8.indices {
                let byte = utf8[index]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F else {
                    continue
                }
                bytes.append(contentsOf: utf8[clean..<index])
                clean = index + 1
                escape(byte)
            }
            bytes.append(contentsOf: utf8[clean...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(Self.hexadecimal[Int(byte >> 4)])
            bytes.append(Self.hexadecimal[Int(byte & 15)])
        }
    }

    private static let hexadecimal = Array("0123456789abcdef".utf8)
}
