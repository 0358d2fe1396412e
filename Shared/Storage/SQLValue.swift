public import RecordModel

/// A type of PostgreSQL that values are sent as; the raw value is its object identifier.
public enum SQLType: UInt32, Sendable {
    case bool = 16
    case bytes = 17
    case int8 = 20
    case int2 = 21
    case int4 = 23
    case text = 25
    case float8 = 701
    case date = 1082
    case instant = 1184
    case uuid = 2950

    /// The object identifier of the array of this type.
    @usableFromInline var arrayOID: UInt32 {
        switch self {
        case .bool: 1000
        case .bytes: 1001
        case .int2: 1005
        case .int4: 1007
        case .text: 1009
        case .int8: 1016
        case .float8: 1022
        case .date: 1182
        case .instant: 1185
        case .uuid: 2951
        }
    }
}

/// One parameter of a statement, already in PostgreSQL's binary form, with its declared type.
///
/// Scalars take an optional: nil is SQL's NULL of that type. Arrays take any collection, so that a batch's column is
/// `.texts(rows.lazy.map(\.name))` and no array of Swift values is made for it.
/// A text with a NUL character is refused by the server (SQLSTATE 22021).
public struct SQLValue: Sendable {
    public let oid: UInt32
    /// Nil is NULL.
    public let bytes: [UInt8]?

    @inlinable
    init(oid: UInt32, bytes: [UInt8]?) {
        self.oid = oid
        self.bytes = bytes
    }

    @inlinable
    static func scalar<Value>(_ type: SQLType, _ value: Value?, _ write: (Value, inout [UInt8]) -> Void) -> SQLValue {
        guard let value else { return SQLValue(oid: type.rawValue, bytes: nil) }
        var buffer: [UInt8] = []
        write(value, &buffer)
        return SQLValue(oid: type.rawValue, bytes: buffer)
    }

    public static func null(_ type: SQLType) -> SQLValue { SQLValue(oid: type.rawValue, bytes: nil) }
    public static func text(_ value: String?) -> SQLValue { scalar(.text, value) { $1.append(contentsOf: $0.utf8) } }
    public static func bytes(_ value: [UInt8]?) -> SQLValue { SQLValue(oid: SQLType.bytes.rawValue, bytes: value) }
    public static func int4(_ value: Int32?) -> SQLValue { scalar(.int4, value) { $1.appendBigEndian($0) } }
    public static func int8(_ value: Int64?) -> SQLValue { scalar(.int8, value) { $1.appendBigEndian($0) } }
    public static func bool(_ value: Bool?) -> SQLValue { scalar(.bool, value) { $1.append($0 ? 1 : 0) } }
    public static func float8(_ value: Double?) -> SQLValue {
        scalar(.float8, value) { $1.appendBigEndian($0.bitPattern) }
    }
    public static func instant(_ value: Instant?) -> SQLValue {
        scalar(.instant, value) { $1.appendBigEndian($0.postgresMicroseconds) }
    }
    public static func date(_ value: CalendarDate?) -> SQLValue {
        scalar(.date, value) { $1.appendBigEndian($0.postgresDays) }
    }
    @inlinable
    public static func uuid<Kind>(_ value: Identifier<Kind>?) -> SQLValue {
        scalar(.uuid, value) { identifier, buffer in
            buffer.appendBigEndian(identifier.high)
            buffer.appendBigEndian(identifier.low)
        }
    }
}

extension Instant {
    /// Microseconds since 2000-01-01T00:00:00Z, PostgreSQL's epoch.
    @usableFromInline var postgresMicroseconds: Int64 { microseconds &- Instant.postgresEpoch }
    @usableFromInline static let postgresEpoch: Int64 = 946_684_800_000_000
}

extension CalendarDate {
    @usableFromInline static let postgresEpochDay = 10_957
    @usableFromInline var postgresDays: Int32 {
        Int32(truncatingIfNeeded: daysSince1970 - CalendarDate.postgresEpochDay)
    }
}

extension [UInt8] {
    /// Appends an integer in network order.
    @inlinable
    mutating func appendBigEndian<Value: FixedWidthInteger>(_ value: Value) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// Overwrites four bytes with a length that is known only now.
    @inlinable
    mutating func patchBigEndian(_ value: Int32, at offset: Int) {
        Swift.withUnsafeBytes(of: value.bigEndian) { source in
            for index in 0..<4 { self[offset + index] = source[index] }
        }
    }
}
