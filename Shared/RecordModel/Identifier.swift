/// A 16-byte identifier that cannot be taken for one of another kind; prints as a UUID.
public struct Identifier<Kind>: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Nil unless there are exactly 16 bytes (big endian).
    @inlinable
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var position = 0
        for byte in bytes {
            if position < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
            position += 1
        }
        self.init(high: high, low: low)
    }

    /// Reads the usual text form with or without hyphens, any case.
    public init?(_ text: String) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var digits = 0
        for byte in text.utf8 {
            let value: UInt8
            switch byte {
            case 0x30...0x39: value = byte - 0x30
            case 0x41...0x46: value = byte - 0x41 + 10
            case 0x61...0x66: value = byte - 0x61 + 10
            case 0x2D: continue
            default: return nil
            }
            guard digits < 32 else { return nil }
            if digits < 16 { high = high << 4 | UInt64(value) } else { low = low << 4 | UInt64(value) }
            digits += 1
        }
        guard digits == 32 else { return nil }
        self.init(high: high, low: low)
    }

    /// Random (UUIDv4), from the system's generator.
    public static func random() -> Self {
        var generator = SystemRandomNumberGenerator()
        let high: UInt64 = generator.next()
        let low: UInt64 = generator.next()
        return Self(
            high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x0000_0000_0000_4000,
            low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    /// UUIDv8 (RFC 9562): four bytes of the facility's hash, then a message authentication code, so that the same
    /// input has the same identifier, rows of a facility lie together, and nothing can be guessed from it.
    ///
    /// - Parameter mac: at least 12 bytes.
    public static func versioned8(facilityHash: UInt32, mac: [UInt8]) -> Self {
        precondition(mac.count >= 12, "twelve bytes of the code are needed")
        var high = UInt64(facilityHash)
        for index in 0..<4 { high = high << 8 | UInt64(mac[index]) }
        var low: UInt64 = 0
        for index in 4..<12 { low = low << 8 | UInt64(mac[index]) }
        return Self(
            high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x0000_0000_0000_8000,
            low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    /// Where the identifiers of one facility's rows lie: between these two, and those of facilities whose hash begins alike.
    public static func range(facilityHash: UInt32) -> ClosedRange<Self> {
        let start = UInt64(facilityHash) << 32
        return Self(high: start, low: 0)...Self(high: start | 0xFFFF_FFFF, low: .max)
    }

    /// Sixteen bytes, big endian.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            for index in 0..<8 {
                buffer[index] = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * index))
                buffer[index + 8] = UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * index))
            }
            count = 16
        }
    }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }

    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    buffer[position] = 0x2D
                    position += 1
                }
                let word = index < 16 ? high : low
                let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (index % 16))) & 0xF
                buffer[position] = nibble < 10 ? 0x30 + nibble : 0x61 + nibble - 10
                position += 1
            }
            return 36
        }
    }
}

public enum DoseKindTag {}
public enum SubjectTag {}
public enum PersonTag {}
public enum TurnTag {}
public enum TaskTag {}
public enum CorrectionTag {}
public enum UploadTag {}

/// A dose record of one facility (mũi tiêm).
public typealias DoseID = Identifier<DoseKindTag>
/// What one facility calls one person (đối tượng).
public typealias SubjectID = Identifier<SubjectTag>
/// The opaque key of a person of the register; never shown, never logged.
public typealias PersonKey = Identifier<PersonTag>
/// A signing turn (lượt ký).
public typealias TurnID = Identifier<TurnTag>
public typealias TaskID = Identifier<TaskTag>
public typealias CorrectionID = Identifier<CorrectionTag>
public typealias UploadID = Identifier<UploadTag>
