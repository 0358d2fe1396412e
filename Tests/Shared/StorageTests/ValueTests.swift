import RecordModel
import Storage
import TestSupport
import Testing

@Suite struct ValueTests {
    static let instant = Instant(rfc3339: "2021-09-02T03:04:05.678901Z")!
    static let date = CalendarDate(year: 1952, month: 2, day: 29)!
    static let id = DoseID(high: 0x0123_4567_89AB_8DEF, low: 0x8FED_CBA9_8765_4321)

    @Test("every scalar type comes back as it went, and as NULL")
    func scalars() throws {
        try TestPostgres.shared().withDatabase { database in
            try database.withConnection { connection in
                let values: [SQLValue] = [
                    .text("Nguyễn Thị Ánh 🌸"), .int4(.min), .int8(.max), .bool(true), .bytes([0, 1, 255]),
                    .float8(-0.125), .instant(Self.instant), .date(Self.date), .uuid(Self.id),
                ]
                let sql = "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9"
                try connection.query(sql, values) { row in
                    #expect(row.text(0) == "Nguyễn Thị Ánh 🌸")
                    #expect(row.int4(1) == .min)
                    #expect(row.int8(2) == .max)
                    #expect(row.bool(3))
                    #expect(row.bytes(4) == [0, 1, 255])
                    #expect(row.float8(5) == -0.125)
                    #expect(row.instant(6) == Self.instant)
                    #expect(row.date(7) == Self.date)
                    #expect(row.uuid(8) as DoseID == Self.id)
                }
                let nulls: [SQLValue] = [
                    .text(nil), .int4(nil), .int8(nil), .bool(nil), .bytes(nil), .float8(nil), .instant(nil),
                    .date(nil),
                    .uuid(nil as DoseID?),
                ]
                try connection.query(sql, nulls) { row in
                    for column in 0..<9 { #expect(row.isNull(column)) }
                    #expect(row.optionalText(0) == nil)
                    #expect(row.optionalInt8(2) == nil)
                    #expect(row.optionalUUID(8, as: DoseID.self) == nil)
                }
                // Empty is not absent.
                try connection.query("SELECT $1, $2", [.text(""), .bytes([])]) { row in
                    #expect(row.optionalText(0) == "")
                    #expect(row.optionalBytes(1) == [])
                }
                // The binary form means the same to the server as the text form.
                try connection.query(
                    "SELECT $1 = '2021-09-02 03:04:05.678901+00', $2 = '1952-02-29', $3 = '01234567-89ab-8def-8fed-cba987654321'",
                    [.instant(Self.instant), .date(Self.date), .uuid(Self.id)]
                ) { row in
                    #expect(row.bool(0) && row.bool(1) && row.bool(2))
                }
            }
        }
    }

    @Test("every array type comes back through unnest, with absent elements where allowed")
    func arrays() throws {
        try TestPostgres.shared().withDatabase { database in
            try database.withConnection { connection in
                let sql = "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                let full: [SQLValue] = [
                    .texts(["a", ""]), .int4s([1, -2]), .int8s([3, -4]), .bools([true, false]),
                    .byteArrays([[1], []]), .float8s([0.5, 1]), .instants([Self.instant, Instant(microseconds: 0)]),
                    .dates([Self.date, Self.date]), .uuids([Self.id, DoseID(high: 0, low: 1)]),
                ]
                let rows = try connection.query(sql, full) { row in
                    "\(row.text(0)) \(row.int4(1)) \(row.int8(2)) \(row.bool(3)) \(row.bytes(4)) \(row.float8(5)) "
                        + "\(row.instant(6)) \(row.date(7)) \(row.uuid(8) as DoseID)"
                }
                #expect(
                    rows == [
                        "a 1 3 true [1] 0.5 2021-09-02T03:04:05.678901Z 1952-02-29 \(Self.id)",
                        " -2 -4 false [] 1.0 1970-01-01T00:00:00Z 1952-02-29 00000000-0000-0000-0000-000000000001",
                    ])
                let nullable: [SQLValue] = [
                    .texts([nil, "b"]), .int4s([nil, 1]), .int8s([nil, 1]), .bools([nil, true]),
                    .byteArrays([nil, [7]]),
                    .float8s([0, 0]), .instants([nil, Self.instant]), .dates([nil, Self.date]), .uuids([nil, Self.id]),
                ]
                try connection.query(sql, nullable) { row in
                    let expected = row.optionalText(0) == nil
                    for column in [1, 2, 3, 4, 6, 7, 8] { #expect(row.isNull(column) == expected) }
                }
                let none = try connection.query(
                    "SELECT * FROM unnest($1, $2)", [.texts([] as [String]), .uuids([] as [DoseID])]
                ) {
                    $0.text(0)
                }
                #expect(none.isEmpty)
            }
        }
    }

    @Test("a column read as what it is not makes the query throw and writes nothing")
    func misread() throws {
        try TestPostgres.shared().withDatabase { database in
            let error = #expect(throws: StorageError.self) {
                try database.transaction { transaction in
                    try transaction.script("CREATE TABLE never (a int4)")
                    return try transaction.query("SELECT 'x'::text, NULL::int4") { row in row.int4(0) }
                }
            }
            #expect(error?.description.contains("column 0") == true)
            #expect(throws: StorageError.self) {
                try database.withConnection { try $0.query("SELECT NULL::int4") { $0.int4(0) } }
            }
            let exists = try database.withConnection {
                try $0.query("SELECT to_regclass('never') IS NULL") { $0.bool(0) }
            }
            #expect(exists == [true])
        }
    }

    @Test("a NUL character is refused as a data error that quotes no value")
    func nul() throws {
        try TestPostgres.shared().withDatabase { database in
            let error = #expect(throws: StorageError.self) {
                try database.withConnection { try $0.execute("SELECT $1", [.text("Canary\0Name")]) }
            }
            #expect(error?.isDataError == true)
            #expect(error?.isTransient == false)
            #expect(error?.description.contains("22021") == true)
            #expect(error?.description.contains("Canary") == false)
            #expect(throws: StorageError.self) {
                try database.withConnection { try $0.execute("SELECT $1", [.texts(["ok", "a\0b"])]) }
            }
        }
    }

    @Test("a constraint's error names table and constraint, never the value")
    func constraint() throws {
        try TestPostgres.shared().withDatabase { database in
            try database.withConnection {
                try $0.script("CREATE TABLE person (name text CONSTRAINT short CHECK (length(name) < 5))")
            }
            let error = #expect(throws: StorageError.self) {
                try database.withConnection { try $0.execute("INSERT INTO person VALUES ($1)", [.text("Canary Name")]) }
            }
            #expect(error?.isDataError == true)
            #expect(error?.description.contains("short") == true)
            #expect(error?.description.contains("Canary") == false)
        }
    }
}
