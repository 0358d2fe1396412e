import Tabular
import Testing

@Suite("CSV reader")
struct CSVReaderTests {
    @Test("any chunk size gives the same rows", arguments: [1, 2, 3, 7, 64, 4096])
    func chunks(size: Int) {
        let text = "\u{FEFF}b,a,x,c\r\n1,2,3,4\r\n\"q,\"\"1\"\"\n2\",z,,\"\"\r\n\r\nĐặng,Thị,y,Hà"
        let reading = read(text, chunk: size)
        #expect(reading.errors.isEmpty)
        #expect(
            reading.rows == [
                ["a": "2", "b": "1", "c": "4"],
                ["a": "z", "b": "q,\"1\"\n2", "c": ""],
                ["a": "Thị", "b": "Đặng", "c": "Hà"],
            ])
        #expect(reading.lines == [2, 3, 6])
    }

    @Test("absent optional columns are empty, unknown ones are ignored")
    func columns() {
        #expect(read("a,z\n1,2\n").rows == [["a": "1", "b": "", "c": ""]])
    }

    @Test("missing and repeated columns are refused by name")
    func header() {
        let wanted = TabularSchema(columns: ["a", "b", "c"], required: ["a", "c"])
        let missing = read("b\n1\n", schema: wanted)
        #expect(missing.rows.isEmpty && missing.rules == [.missingColumn])
        #expect(missing.errors[0].isFatal && missing.errors[0].detail.contains("a, c"))
        let repeated = read("a,b,b,c\n1,2,3,4\n", schema: wanted)
        #expect(repeated.rules == [.repeatedColumn] && repeated.errors[0].column == "b")
        #expect(read("a,c,z,z\n1,2,3,4\n", schema: wanted).rows.count == 1)
    }

    @Test("an empty file says so", arguments: ["", "\u{FEFF}", "\n\n"])
    func empty(text: String) {
        let reading = read(text)
        #expect(reading.rules == [.emptyInput] && reading.errors[0].isFatal)
    }

    @Test("compressed and foreign data are recognised")
    func signatures() {
        #expect(read([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]).rules == [.compressed])
        #expect(read([0x50, 0x4B, 3, 4, 20, 0, 0, 0]).errors[0].detail.contains("Excel"))
        #expect(read([0x28, 0xB5, 0x2F, 0xFD], chunk: 1).rules == [.compressed])
        #expect(read([0xFF, 0xFE, 0x61, 0, 0x2C, 0]).rules == [.wrongEncoding])
    }

    @Test("a row's own fault costs that row alone")
    func badRows() {
        var input = Array("a,b,c\n1,2,3\n".utf8)
        input += [0x34, 0x2C, 0xC3, 0x28, 0x2C, 0x35, 0x0A]
        input += Array("6,\u{0},7\n8,9\n8,9,10,11\n\"x\"y,1,2\nok,1,2\n".utf8)
        let reading = read(input)
        #expect(reading.rules == [.badUTF8, .nulByte, .fieldCount, .fieldCount, .textAfterQuote])
        #expect(reading.errors.map(\.line) == [3, 4, 5, 6, 7])
        #expect(reading.errors[0].column == "b")
        #expect(reading.rows.map { $0["a"] } == ["1", "ok"])
        #expect(reading.errors.allSatisfy { !$0.isFatal })
    }

    @Test("a field over the limit, quoted or not, is refused and the next row goes through")
    func longField() {
        let big = String(repeating: "x", count: 70_000)
        let reading = read("a,b,c\n\(big),1,2\n\"\(big)\n\(big)\",1,2\n1,2,3\n", chunk: 1000)
        #expect(reading.rules == [.fieldTooLong, .fieldTooLong])
        #expect(reading.errors[0].column == "a")
        #expect(reading.rows.count == 1)
        #expect(reading.lines == [5])
    }

    @Test("a line of a gigabyte streams by with bounded memory")
    func hugeLine() {
        var reader = CSVReader(schema: schema)
        var outcomes: [String] = []
        func drain() {
            while let next = reader.next() {
                switch next {
                case .success(let row): outcomes.append(row["a"])
                case .failure(let error): outcomes.append(error.rule.rawValue)
                }
            }
        }
        reader.feed(Array("a,b,c\nfirst,2,3\n".utf8))
        let chunk = [UInt8](repeating: UInt8(ascii: "y"), count: 1 << 20)
        for _ in 0..<1024 {
            reader.feed(chunk)
            drain()
        }
        reader.feed(Array(",2,3\nlast,5,6\n".utf8))
        reader.finish()
        drain()
        #expect(outcomes == ["first", "row-too-long", "last"])
    }

    @Test("a quote that is never closed does not swallow the rest")
    func openQuote() {
        let limits = TabularLimits(field: 100, row: 1000)
        let filler = String(repeating: "line of text\n", count: 200)
        let reading = read("a,b,c\n\"open,1,2\n\(filler)1,2,3\n", limits: limits)
        #expect(reading.rules.first == .rowTooLong)
        #expect(reading.rows.last == ["a": "1", "b": "2", "c": "3"])
        #expect(read("a,b,c\n1,2,3\n\"open,1,2\n").rules == [.unclosedQuote])
    }

    @Test("an input that was cut does not give its last row")
    func cut() {
        #expect(read("a,b,c\n1,2,3\n4,5,", complete: false).rows.count == 1)
        #expect(read("a,b,c\n1,2,3\n4,5,6").rows.count == 2)
    }

    @Test("without a schema every column of the header is delivered")
    func anyColumns() throws {
        var reader = CSVReader()
        reader.feed(Array("x,y\n1,2\n".utf8))
        reader.finish()
        let row = try #require(try reader.next()?.get())
        #expect(row["x"] == "1" && row["y"] == "2" && row[1] == "2")
        if reader.next() != nil { Issue.record("a row after the end") }
    }
}
