public import RecordModel

/// Array parameters. Each has a form for collections with absent elements.
extension SQLValue {
    @inlinable
    static func array<Elements: Collection>(
        _ type: SQLType, _ elements: Elements, width: Int, write: (Elements.Element, inout [UInt8]) -> Void
    ) -> SQLValue {
        array(type, elements, width: width, mayBeNull: false) { element, buffer in
            write(element, &buffer)
            return true
        }
    }

    @inlinable
    static func nullableArray<Value, Elements: Collection>(
        _ type: SQLType, _ elements: Elements, width: Int, write: (Value, inout [UInt8]) -> Void
    ) -> SQLValue where Elements.Element == Value? {
        array(type, elements, width: width, mayBeNull: true) { element, buffer in
            guard let element else { return false }
            write(element, &buffer)
            return true
        }
    }

    /// One dimension, lower bound 1; each element with its length, -1 for NULL.
    @inlinable
    static func array<Elements: Collection>(
        _ type: SQLType, _ elements: Elements, width: Int, mayBeNull: Bool,
        write: (Elements.Element, inout [UInt8]) -> Bool
    ) -> SQLValue {
        let count = elements.count
        var buffer: [UInt8] = []
        buffer.reserveCapacity(20 + count * (4 + width))
        buffer.appendBigEndian(Int32(count == 0 ? 0 : 1))
        buffer.appendBigEndian(Int32(mayBeNull ? 1 : 0))
        buffer.appendBigEndian(type.rawValue)
        if count > 0 {
            buffer.appendBigEndian(Int32(count))
            buffer.appendBigEndian(Int32(1))
            for element in elements {
                let start = buffer.count
                buffer.appendBigEndian(Int32(-1))
                if write(element, &buffer) { buffer.patchBigEndian(Int32(buffer.count - start - 4), at: start) }
            }
        }
        return SQLValue(oid: type.arrayOID, bytes: buffer)
    }

    /// A NULL of the type's array.
    public static func nullArray(of type: SQLType) -> SQLValue { SQLValue(oid: type.arrayOID, bytes: nil) }

    @inlinable
    public static func texts(_ values: some Collection<String>) -> SQLValue {
        array(.text, values, width: 24) { $1.append(contentsOf: $0.utf8) }
    }
    @inlinable
    public static func texts(_ values: some Collection<String?>) -> SQLValue {
        nullableArray(.text, values, width: 24) { $1.append(contentsOf: $0.utf8) }
    }
    @inlinable
    public static func byteArrays(_ values: some Collection<[UInt8]>) -> SQLValue {
        array(.bytes, values, width: 64) { $1.append(contentsOf: $0) }
    }
    @inlinable
    public static func byteArrays(_ values: some Collection<[UInt8]?>) -> SQLValue {
        nullableArray(.bytes, values, width: 64) { $1.append(contentsOf: $0) }
    }
    @inlinable
    public static func int4s(_ values: some Collection<Int32>) -> SQLValue {
        array(.int4, values, width: 4) { $1.appendBigEndian($0) }
    }
    @inlinable
    public static func int4s(_ values: some Collection<Int32?>) -> SQLValue {
        nullableArray(.int4, values, width: 4) { $1.appendBigEndian($0) }
    }
    @inlinable
    public static func int8s(_ values: some Collection<Int64>) -> SQLValue {
        array(.int8, values, width: 8) { $1.appendBigEndian($0) }
    }
    @inlinable
    public static func int8s(_ values: some Collection<Int64?>) -> SQLValue {
        nullableArray(.int8, values, width: 8) { $1.appendBigEndian($0) }
    }
    @inlinable
    public static func bools(_ values: some Collection<Bool>) -> SQLValue {
        array(.bool, values, width: 1) { $1.append($0 ? 1 : 0) }
    }
    @inlinable
    public static func bools(_ values: some Collection<Bool?>) -> SQLValue {
        nullableArray(.bool, values, width: 1) { $1.append($0 ? 1 : 0) }
    }
    @inlinable
    public static func float8s(_ values: some Collection<Double>) -> SQLValue {
        array(.float8, values, width: 8) { $1.appendBigEndian($0.bitPattern) }
    }
    @inlinable
    public static func instants(_ values: some Collection<Instant>) -> SQLValue {
        array(.instant, values, width: 8) { $1.appendBigEndian($0.postgresMicroseconds) }
    }
    @inlinable
    public static func instants(_ values: some Collection<Instant?>) -> SQLValue {
        nullableArray(.instant, values, width: 8) { $1.appendBigEndian($0.postgresMicroseconds) }
    }
    @inlinable
    public static func dates(_ values: some Collection<CalendarDate>) -> SQLValue {
        array(.date, values, width: 4) { $1.appendBigEndian($0.postgresDays) }
    }
    @inlinable
    public static func dates(_ values: some Collection<CalendarDate?>) -> SQLValue {
        nullableArray(.date, values, width: 4) { $1.appendBigEndian($0.postgresDays) }
    }
    @inlinable
    public static func uuids<Kind>(_ values: some Collection<Identifier<Kind>>) -> SQLValue {
        array(.uuid, values, width: 16) { identifier, buffer in
            buffer.appendBigEndian(identifier.high)
            buffer.appendBigEndian(identifier.low)
        }
    }
    @inlinable
    public static func uuids<Kind>(_ values: some Collection<Identifier<Kind>?>) -> SQLValue {
        nullableArray(.uuid, values, width: 16) { (identifier: Identifier<Kind>, buffer: inout [UInt8]) in
            buffer.appendBigEndian(identifier.high)
            buffer.appendBigEndian(identifier.low)
        }
    }
}
