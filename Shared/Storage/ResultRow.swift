internal import CPQ
public import RecordModel

/// Owns one result of libpq.
final class QueryResult {
    let handle: OpaquePointer
    let statement: String
    /// The first column that was read as something it is not.
    var problem: StorageError?

    init(_ handle: OpaquePointer, statement: String) {
        self.handle = handle
        self.statement = statement
    }

    deinit { PQclear(handle) }

    var status: ExecStatusType { PQresultStatus(handle) }
    var rowCount: Int32 { PQntuples(handle) }

    /// Rows that the command touched.
    var affected: Int {
        guard let text = PQcmdTuples(handle), text.pointee != 0 else { return 0 }
        return Int(String(cString: text)) ?? 0
    }

    var commandTag: String { PQcmdStatus(handle).map { String(cString: $0) } ?? "" }

    /// Calls the closure for each row and throws if a column was misread.
    func rows<R>(_ body: (ResultRow) throws -> R) throws -> [R] {
        let count = rowCount
        var rows: [R] = []
        rows.reserveCapacity(Int(count))
        for index in 0..<count {
            rows.append(try body(ResultRow(result: self, row: index)))
            if let problem { throw problem }
        }
        return rows
    }
}

/// One row of a result; valid only inside the closure that it is given to. Columns count from 0.
///
/// Reading a column as a type that it is not, or a NULL without asking, gives a neutral value and makes the whole query
/// throw `StorageError.unexpectedResult`: a wrong statement never writes wrong data.
public struct ResultRow {
    let result: QueryResult
    let row: Int32

    public func isNull(_ column: Int) -> Bool { PQgetisnull(result.handle, row, Int32(column)) != 0 }

    private func type(_ column: Int) -> UInt32 { PQftype(result.handle, Int32(column)) }

    private func bytes(at column: Int) -> UnsafeRawBufferPointer {
        let length = Int(PQgetlength(result.handle, row, Int32(column)))
        return UnsafeRawBufferPointer(start: PQgetvalue(result.handle, row, Int32(column)), count: length)
    }

    private func misread(_ column: Int, _ expected: String) {
        if result.problem == nil {
            result.problem = .unexpectedResult(
                column: column, expected: expected, statement: result.statement.statementBeginning)
        }
    }

    private func value<Value>(
        _ column: Int, _ expected: String, else neutral: Value, _ read: (UnsafeRawBufferPointer) -> Value?
    ) -> Value {
        guard !isNull(column), let value = read(bytes(at: column)) else {
            misread(column, expected)
            return neutral
        }
        return value
    }

    private func integer(_ column: Int) -> Int64? {
        let bytes = bytes(at: column)
        switch type(column) {
        case 20: return bytes.bigEndian(Int64.self)
        case 23: return bytes.bigEndian(Int32.self).map(Int64.init)
        case 21: return bytes.bigEndian(Int16.self).map(Int64.init)
        case 26: return bytes.bigEndian(UInt32.self).map(Int64.init)
        default: return nil
        }
    }

    /// text, varchar, char, name and json.
    public func text(_ column: Int) -> String {
        value(column, "text", else: "") { bytes in
            switch type(column) {
            case 25, 1043, 1042, 19, 705, 114, 18: String(decoding: bytes, as: UTF8.self)
            default: nil
            }
        }
    }

    /// Appends the bytes of a text, UTF-8, to a buffer that holds those of many rows.
    public func appendText(_ column: Int, to buffer: inout [UInt8]) {
        guard !isNull(column), type(column) == 25 else { return misread(column, "text") }
        buffer.append(contentsOf: bytes(at: column))
    }

    /// int8, int4 and int2.
    public func int8(_ column: Int) -> Int64 { value(column, "an integer", else: 0) { _ in integer(column) } }

    /// int4 and int2, and int8 where it fits.
    public func int4(_ column: Int) -> Int32 {
        value(column, "an integer of 32 bits", else: 0) { _ in integer(column).flatMap { Int32(exactly: $0) } }
    }

    public func int(_ column: Int) -> Int { Int(int8(column)) }

    public func bool(_ column: Int) -> Bool {
        value(column, "bool", else: false) { type(column) == 16 && $0.count == 1 ? $0[0] != 0 : nil }
    }

    public func float8(_ column: Int) -> Double {
        value(column, "float8", else: 0) { bytes in
            switch type(column) {
            case 701: bytes.bigEndian(UInt64.self).map { Double(bitPattern: $0) }
            case 700: bytes.bigEndian(UInt32.self).map { Double(Float(bitPattern: $0)) }
            default: nil
            }
        }
    }

    public func bytes(_ column: Int) -> [UInt8] {
        value(column, "bytea", else: []) { type(column) == 17 ? [UInt8]($0) : nil }
    }

    public func instant(_ column: Int) -> Instant {
        value(column, "timestamptz", else: Instant(microseconds: 0)) { bytes in
            guard type(column) == 1184, let value = bytes.bigEndian(Int64.self) else { return nil }
            return Instant(microseconds: value &+ Instant.postgresEpoch)
        }
    }

    public func date(_ column: Int) -> CalendarDate {
        value(column, "date", else: CalendarDate(daysSince1970: 0)) { bytes in
            guard type(column) == 1082, let value = bytes.bigEndian(Int32.self) else { return nil }
            return CalendarDate(daysSince1970: Int(value) + CalendarDate.postgresEpochDay)
        }
    }

    public func uuid<Kind>(_ column: Int, as kind: Identifier<Kind>.Type = Identifier<Kind>.self) -> Identifier<Kind> {
        value(column, "uuid", else: Identifier(high: 0, low: 0)) { bytes in
            guard type(column) == 2950, bytes.count == 16 else { return nil }
            return Identifier(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }

    public func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
    public func optionalInt8(_ column: Int) -> Int64? { isNull(column) ? nil : int8(column) }
    public func optionalInt4(_ column: Int) -> Int32? { isNull(column) ? nil : int4(column) }
    public func optionalBool(_ column: Int) -> Bool? { isNull(column) ? nil : bool(column) }
    public func optionalBytes(_ column: Int) -> [UInt8]? { isNull(column) ? nil : bytes(column) }
    public func optionalInstant(_ column: Int) -> Instant? { isNull(column) ? nil : instant(column) }
    public func optionalDate(_ column: Int) -> CalendarDate? { isNull(column) ? nil : date(column) }
    public func optionalUUID<Kind>(
        _ column: Int, as kind: Identifier<Kind>.Type = Identifier<Kind>.self
    ) -> Identifier<Kind>? {
        isNull(column) ? nil : uuid(column, as: kind)
    }
}

extension UnsafeRawBufferPointer {
    func bigEndian<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
        count == MemoryLayout<Value>.size ? Value(bigEndian: loadUnaligned(as: Value.self)) : nil
    }
}

extension String {
    /// The first line or so of a statement, for messages.
    var statementBeginning: String {
        let words = split(whereSeparator: \.isWhitespace).prefix(12).joined(separator: " ")
        return words.utf8.count > 120 ? String(words.prefix(120)) + "…" : words
    }
}
