import RecordModel
import Storage
import TestSupport
import Testing

@Suite struct CopyTests {
    private static let table = "CREATE TABLE t (a text, b int8, c bool, d bytea, e uuid, f timestamptz, g date, h int4)"

    private func write(_ writer: CopyWriter) throws {
        try writer.row(columns: 8)
        writer.text("tab\t, line\n, back\\slash, \r end")
        writer.int8(-5)
        writer.bool(true)
        writer.bytes([0, 0x5C, 255])
        writer.uuid(ValueTests.id)
        writer.instant(ValueTests.instant)
        writer.date(ValueTests.date)
        writer.int4(7)
        try writer.row(columns: 8)
        for _ in 0..<8 { writer.null() }
    }

    @Test("COPY writes the same rows in binary and in text form", arguments: ["FORMAT binary", "FORMAT text"])
    func formats(_ format: String) throws {
        try TestPostgres.shared().withDatabase { database in
            try database.withConnection { connection in
                try connection.script(Self.table)
                #expect(try connection.copyIn("COPY t FROM STDIN (\(format))", write) == 2)
                try connection.query("SELECT * FROM t WHERE a IS NOT NULL") { row in
                    #expect(row.text(0) == "tab\t, line\n, back\\slash, \r end")
                    #expect(row.int8(1) == -5 && row.bool(2) && row.bytes(3) == [0, 0x5C, 255])
                    #expect(row.uuid(4) as DoseID == ValueTests.id)
                    #expect(row.instant(5) == ValueTests.instant && row.date(6) == ValueTests.date && row.int4(7) == 7)
                }
                #expect(
                    try connection.query("SELECT count(*) FROM t WHERE a IS NULL AND h IS NULL") { $0.int8(0) } == [1])
            }
        }
    }

    @Test("COPY of many rows goes in chunks; what has the right form already passes through")
    func many() throws {
        try TestPostgres.shared().withDatabase { database in
            try database.transaction { transaction in
                try transaction.script("CREATE TABLE n (i int4, t text)")
                let count = try transaction.copyIn("COPY n FROM STDIN (FORMAT binary)") { writer in
                    for index in 0..<50_000 {
                        try writer.row(columns: 2)
                        writer.int4(Int32(index))
                        writer.text("row \(index)")
                    }
                }
                #expect(count == 50_000)
                try transaction.copyIn("COPY n FROM STDIN (FORMAT csv)") { try $0.raw(Array("1,\"a\nb\"\n2,c\n".utf8)) }
                #expect(
                    try transaction.query("SELECT sum(i)::int8, count(*) FROM n") { [$0.int8(0), $0.int8(1)] } == [
                        [1_249_975_003, 50_002]
                    ])
            }
        }
    }

    @Test("a row that the server refuses, or a writer that throws, fails the COPY and leaves the connection usable")
    func failures() throws {
        struct Stopped: Error {}
        try TestPostgres.shared().withDatabase { database in
            try database.withConnection { connection in
                try connection.script("CREATE TABLE n (i int4 CHECK (i > 0))")
                let error = #expect(throws: StorageError.self) {
                    try connection.copyIn("COPY n FROM STDIN (FORMAT text)") { try $0.raw(Array("1\n-1\n".utf8)) }
                }
                #expect(error?.isDataError == true)
                #expect(throws: Stopped.self) {
                    try connection.copyIn("COPY n FROM STDIN (FORMAT binary)") { writer in
                        try writer.row(columns: 1)
                        writer.int4(1)
                        throw Stopped()
                    }
                }
                #expect(try connection.query("SELECT count(*) FROM n") { $0.int8(0) } == [0])
            }
        }
    }
}
