/// Why bytes are no acceptable CBOR.
public enum CBORError: String, Error, Sendable {
    case truncated = "the data end in the middle of an item"
    case trailing = "there are bytes after the item"
    case malformed = "the data are not well-formed"
    case tooDeep = "items are nested too deeply"
    case tooLarge = "there are more items than allowed"
    case badText = "a text is not UTF-8"
    case repeatedKey = "a map has a key twice"
}

extension CBOR {
    /// Reads exactly one item. Hostile input costs at most `limit` items of memory, `depth` stack frames, and
    /// never more bytes than were given: a length is believed only as far as the bytes reach.
    public init(decoding bytes: [UInt8], depth: Int = 16, limit: Int = 10_000) throws(CBORError) {
        var decoder = CBORDecoder(bytes: bytes, remaining: limit)
        self = try decoder.item(depth)
        guard decoder.position == bytes.count else { throw .trailing }
    }
}

/// A recursive reader with limits.
struct CBORDecoder {
    let bytes: [UInt8]
    var position = 0
    var remaining: Int

    init(bytes: [UInt8], remaining: Int) {
        self.bytes = bytes
        self.remaining = remaining
    }

    mutating func item(_ depth: Int) throws(CBORError) -> CBOR {
        guard depth > 0 else { throw .tooDeep }
        remaining -= 1
        guard remaining >= 0 else { throw .tooLarge }
        let first = try byte()
        let major = first >> 5
        let information = first & 31
        if information == 31 { return try indefinite(major, depth) }
        if major == 7 { return try simple(information) }
        let number = try argument(information)
        switch major {
        case 0: return .unsigned(number)
        case 1: return .negative(number)
        case 2: return .bytes(Array(try take(number)))
        case 3: return .text(try text(take(number)))
        case 4: return try array(number, depth)
        case 5: return try map(number, depth)
        default: return .tagged(number, try item(depth - 1))
        }
    }

    private mutating func array(_ count: UInt64, _ depth: Int) throws(CBORError) -> CBOR {
        guard count <= UInt64(bytes.count - position) else { throw .truncated }
        var items: [CBOR] = []
        for _ in 0..<count { items.append(try item(depth - 1)) }
        return .array(items)
    }

    private mutating func map(_ count: UInt64, _ depth: Int) throws(CBORError) -> CBOR {
        guard count <= UInt64(bytes.count - position) / 2 else { throw .truncated }
        var pairs: [CBOR.Pair] = []
        var keys: Set<ArraySlice<UInt8>> = []
        for _ in 0..<count { pairs.append(try pair(&keys, depth)) }
        return .map(pairs)
    }

    /// Keys are compared by their bytes: two encodings of one number would be two keys, so the value is
    /// encoded anew first.
    private mutating func pair(_ keys: inout Set<ArraySlice<UInt8>>, _ depth: Int) throws(CBORError) -> CBOR.Pair {
        let key = try item(depth - 1)
        guard keys.insert(ArraySlice(key.encoded)).inserted else { throw .repeatedKey }
        return CBOR.Pair(key, try item(depth - 1))
    }

    private mutating func indefinite(_ major: UInt8, _ depth: Int) throws(CBORError) -> CBOR {
        switch major {
        case 2, 3:
            var joined: [UInt8] = []
            while try !atBreak() {
                remaining -= 1
                guard remaining >= 0 else { throw .tooLarge }
                let first = try byte()
                guard first >> 5 == major, first & 31 != 31 else { throw .malformed }
                let chunk = try take(argument(first & 31))
                // Each chunk of a text is a text of its own (RFC 8949 §3.2.3).
                if major == 3 { _ = try text(chunk) }
                joined.append(contentsOf: chunk)
            }
            return major == 2 ? .bytes(joined) : .text(try text(joined[...]))
        case 4:
            var items: [CBOR] = []
            while try !atBreak() { items.append(try item(depth - 1)) }
            return .array(items)
        case 5:
            var pairs: [CBOR.Pair] = []
            var keys: Set<ArraySlice<UInt8>> = []
            while try !atBreak() { pairs.append(try pair(&keys, depth)) }
            return .map(pairs)
        default: throw .malformed
        }
    }

    private mutating func atBreak() throws(CBORError) -> Bool {
        guard position < bytes.count else { throw .truncated }
        guard bytes[position] == 0xff else { return false }
        position += 1
        return true
    }

    private mutating func simple(_ information: UInt8) throws(CBORError) -> CBOR {
        switch information {
        case 20: return .bool(false)
        case 21: return .bool(true)
        case 22: return .null
        case 23: return .undefined
        case 24:
            let value = try byte()
            guard value >= 32 else { throw .malformed }
            return .simple(value)
        case 25: return .float(CBORDecoder.half(UInt16(try argument(25))))
        case 26: return .float(Double(Float(bitPattern: UInt32(try argument(26)))))
        case 27: return .float(Double(bitPattern: try argument(27)))
        case 0..<20: return .simple(information)
        default: throw .malformed
        }
    }

    /// A half-precision float; `Float16` is not on every platform.
    private static func half(_ bits: UInt16) -> Double {
        let exponent = Int(bits >> 10 & 31)
        let fraction = Double(bits & 1023)
        let sign: Double = bits & 0x8000 == 0 ? 1 : -1
        switch exponent {
        case 0: return sign * fraction / 16_777_216
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default:
            return sign * Double(sign: .plus, exponent: exponent - 25, significand: fraction + 1024)
        }
    }

    private mutating func byte() throws(CBORError) -> UInt8 {
        guard position < bytes.count else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func argument(_ information: UInt8) throws(CBORError) -> UInt64 {
        if information < 24 { return UInt64(information) }
        guard information < 28 else { throw .malformed }
        let count = 1 << Int(information - 24)
        guard bytes.count - position >= count else { throw .truncated }
        var number: UInt64 = 0
        for _ in 0..<count {
            number = number << 8 | UInt64(bytes[position])
            position += 1
        }
        return number
    }

    private mutating func take(_ count: UInt64) throws(CBORError) -> ArraySlice<UInt8> {
        guard count <= UInt64(bytes.count - position) else { throw .truncated }
        defer { position += Int(count) }
        return bytes[position..<position + Int(count)]
    }

    private func text(_ slice: ArraySlice<UInt8>) throws(CBORError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else { throw .badText }
        return text
    }
}
