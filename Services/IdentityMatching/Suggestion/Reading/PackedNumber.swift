/// An identity number of any form in eight bytes.
///
/// Up to fourteen digits: one in each four bits, the first digit highest, and the count in the top byte. Anything else
/// (letters, longer numbers): a hash of 56 bits under the tag 0xFF; then only equality can be seen. 0 is no number.
struct PackedNumber: Hashable, Comparable, Sendable {
    let bits: UInt64

    static let none = PackedNumber(bits: 0)
    private static let hashTag: UInt64 = 0xFF << 56
    private static let digitMask: UInt64 = (1 << 56) - 1

    init(bits: UInt64) { self.bits = bits }

    /// - Parameter cleaned: without separators, upper case (`NumberCleaning.clean`).
    init(cleaned: some Collection<UInt8>) {
        let count = cleaned.count
        guard count > 0 else {
            bits = 0
            return
        }
        guard count <= 14, cleaned.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            bits = Self.hashTag | Mixing.hash(cleaned) & Self.digitMask
            return
        }
        var digits: UInt64 = 0
        for byte in cleaned { digits = digits << 4 | UInt64(byte & 0xF) }
        bits = UInt64(count) << 56 | digits
    }

    /// A whole number with leading zeros to this width (at most 14).
    init(value: Int64, width: Int) {
        var rest = UInt64(value.magnitude)
        var digits: UInt64 = 0
        for place in 0..<width {
            digits |= (rest % 10) << UInt64(4 * place)
            rest /= 10
        }
        bits = UInt64(width) << 56 | digits
    }

    /// From as many digits as there are, each 0…9.
    init(digits: [UInt8]) { self.init(cleaned: digits.map { $0 | 0x30 }) }

    var isAbsent: Bool { bits == 0 }
    var isDigits: Bool { bits != 0 && bits < Self.hashTag }
    /// Digits; 0 where it is not made of digits.
    var length: Int { isDigits ? Int(bits >> 56) : 0 }

    /// The digit at a place from the left; only inside `0..<length`.
    func digit(_ place: Int) -> UInt8 { UInt8(truncatingIfNeeded: bits >> UInt64(4 * (length - 1 - place))) & 0xF }

    var digits: [UInt8] { (0..<length).map(digit) }

    /// The digits from one place to before another as one number with its width: equal parts are equal.
    func part(_ start: Int, _ end: Int) -> UInt64 {
        let shifted = bits & Self.digitMask
        let right = UInt64(4 * (length - end))
        let mask = (UInt64(1) << UInt64(4 * (end - start))) &- 1
        return shifted >> right & mask
    }

    /// The text of a number made of digits; nil for another, whose text stands with the person.
    var text: String? {
        guard isDigits else { return nil }
        return String(decoding: digits.map { $0 | 0x30 }, as: UTF8.self)
    }

    static func < (left: PackedNumber, right: PackedNumber) -> Bool { left.bits < right.bits }
}

/// What separators and spaces do to a number, on both sides.
enum NumberCleaning {
    /// Letters and digits only, letters upper case, digits of any script as ASCII. Letters other than A…Z stay as UTF-8.
    static func clean(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            for byte in text.utf8 { appendASCII(byte, to: &bytes) }
            return bytes
        }
        for scalar in text.unicodeScalars {
            if scalar.isASCII {
                appendASCII(UInt8(truncatingIfNeeded: scalar.value), to: &bytes)
            } else if scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue {
                bytes.append(0x30 + UInt8(value))
            } else if scalar.properties.isAlphabetic {
                bytes.append(contentsOf: String(scalar).utf8)
            }
        }
        return bytes
    }

    private static func appendASCII(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case 0x30...0x39, 0x41...0x5A: bytes.append(byte)
        case 0x61...0x7A: bytes.append(byte - 0x20)
        default: break
        }
    }
}
