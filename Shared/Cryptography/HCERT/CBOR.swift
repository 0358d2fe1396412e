/// A CBOR data item (RFC 8949).
public indirect enum CBOR: Sendable, Equatable {
    case unsigned(UInt64)
    /// The number -1 - n.
    case negative(UInt64)
    case bytes([UInt8])
    case text(String)
    case array([CBOR])
    /// In the order read; keys are never repeated.
    case map([Pair])
    case tagged(UInt64, CBOR)
    case bool(Bool)
    case null
    case undefined
    /// Any other simple value.
    case simple(UInt8)
    case float(Double)

    /// One entry of a map.
    public struct Pair: Sendable, Equatable {
        public let key: CBOR
        public let value: CBOR

        public init(_ key: CBOR, _ value: CBOR) {
            self.key = key
            self.value = value
        }
    }

    /// A whole number.
    public init(_ number: Int64) {
        self = number < 0 ? .negative(UInt64(-(number + 1))) : .unsigned(UInt64(number))
    }

    /// The whole number, if it is one that fits.
    public var integer: Int64? {
        switch self {
        case .unsigned(let number): Int64(exactly: number)
        case .negative(let number): Int64(exactly: number).map { -1 - $0 }
        default: nil
        }
    }

    /// The text, also under a date-time's tag 0.
    public var text: String? {
        switch self {
        case .text(let text): text
        case .tagged(0, .text(let text)): text
        default: nil
        }
    }

    /// The byte string.
    public var bytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }

    /// The array.
    public var array: [CBOR]? {
        if case .array(let items) = self { items } else { nil }
    }

    /// The value of a map under a key.
    public subscript(_ key: CBOR) -> CBOR? {
        guard case .map(let pairs) = self else { return nil }
        return pairs.first { $0.key == key }?.value
    }

    /// The value of a map under a text key.
    public subscript(_ key: String) -> CBOR? { self[.text(key)] }

    /// The deterministic encoding (RFC 8949 §4.2.1): shortest forms, definite lengths, map keys in the
    /// order of their encodings. Floats are written as double precision.
    public var encoded: [UInt8] {
        var writer = CBORWriter()
        writer.write(self)
        return writer.bytes
    }
}

/// Writes CBOR, shortest forms only. Who writes a map item by item keeps the keys in order and the counts right.
public struct CBORWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// A whole number.
    public mutating func write(_ number: Int64) {
        if number < 0 { head(1, UInt64(-(number + 1))) } else { head(0, UInt64(number)) }
    }

    /// A text.
    public mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { buffer in
            head(3, UInt64(buffer.count))
            bytes.append(contentsOf: buffer)
        }
    }

    /// A byte string.
    public mutating func write(_ string: [UInt8]) {
        head(2, UInt64(string.count))
        bytes.append(contentsOf: string)
    }

    /// The start of an array of so many items.
    public mutating func startArray(_ count: Int) { head(4, UInt64(count)) }

    /// The start of a map of so many entries.
    public mutating func startMap(_ count: Int) { head(5, UInt64(count)) }

    /// The tag of the next item.
    public mutating func tag(_ number: UInt64) { head(6, number) }

    /// Any item, maps sorted.
    public mutating func write(_ item: CBOR) {
        switch item {
        case .unsigned(let number): head(0, number)
        case .negative(let number): head(1, number)
        case .bytes(let string): write(string)
        case .text(let text): write(text)
        case .array(let items):
            startArray(items.count)
            for item in items { write(item) }
        case .map(let pairs):
            startMap(pairs.count)
            let encoded = pairs.map { ($0.key.encoded, $0.value) }
            for (key, value) in encoded.sorted(by: { $0.0.lexicographicallyPrecedes($1.0) }) {
                bytes.append(contentsOf: key)
                write(value)
            }
        case .tagged(let number, let item):
            tag(number)
            write(item)
        case .bool(let value): bytes.append(value ? 0xf5 : 0xf4)
        case .null: bytes.append(0xf6)
        case .undefined: bytes.append(0xf7)
        case .simple(let value): head(7, UInt64(value))
        case .float(let value):
            bytes.append(0xfb)
            big(value.bitPattern, 8)
        }
    }

    private mutating func head(_ major: UInt8, _ number: UInt64) {
        let first = major << 5
        switch number {
        case 0..<24: bytes.append(first | UInt8(number))
        case 24..<0x100:
            bytes.append(first | 24)
            big(number, 1)
        case 0x100..<0x1_0000:
            bytes.append(first | 25)
            big(number, 2)
        case 0x1_0000..<0x1_0000_0000:
            bytes.append(first | 26)
            big(number, 4)
        default:
            bytes.append(first | 27)
            big(number, 8)
        }
    }

    private mutating func big(_ number: UInt64, _ count: Int) {
        for shift in stride(from: (count - 1) * 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }
}
