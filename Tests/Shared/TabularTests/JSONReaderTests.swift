import Tabular
import Testing

@Suite("NDJSON and JSON array readers")
struct JSONReaderTests {
    @Test("texts, numbers, booleans and null; any chunk size", arguments: [1, 3, 4096])
    func values(size: Int) {
        let lines =
            "{\"a\":\"x\\n\\\"\\u0110\\ud83d\\ude00\",\"b\":12.50,\"z\":[1,{\"q\":\"}]\"}]}\r\n\n"
            + " { \"c\" : true , \"a\":null, \"b\":-1e5 } \n{}\n"
        let expected = [
            ["a": "x\n\"Đ😀", "b": "12.50", "c": ""],
            ["a": "", "b": "-1e5", "c": "true"],
            ["a": "", "b": "", "c": ""],
        ]
        let reading = read(lines, format: .ndjson, chunk: size)
        #expect(reading.errors.isEmpty)
        #expect(reading.rows == expected)
        #expect(reading.lines == [1, 3, 4])
        let array = read(
            "\u{FEFF}[" + lines.split(separator: "\n").filter { $0 != "\r" && !$0.isEmpty }.joined(separator: ",\n")
                + "]\n", format: .jsonArray, chunk: size)
        #expect(array.errors.isEmpty)
        #expect(array.rows == expected)
    }

    @Test("a bad line costs that line alone")
    func badLines() {
        let deep = "{\"z\":" + String(repeating: "[", count: 10_000) + "\n"
        let input =
            "{\"a\":1}\n{\"a\":\n{\"a\":[1]}\n\(deep){\"a\":01}\n{\"a\":\"\\ud800\"}\n{\"a\":\"\\u0000\"}\n"
            + "{\"a\":1,\"a\":2}\nnull\n{\"a\":2} {\"a\":3}\n{\"a\":4}"
        let reading = read(input, format: .ndjson)
        #expect(
            reading.rules == [
                .badJSON, .nestedValue, .tooDeep, .badJSON, .badUTF8, .nulByte, .repeatedColumn, .badJSON, .badJSON,
            ])
        #expect(reading.rows.map { $0["a"] } == ["1", "4"])
        #expect(reading.errors.map(\.row) == [2, 3, 4, 5, 6, 7, 8, 9, 10])
    }

    @Test("JSON of depth 10,000 in an array is refused without recursion")
    func deepArray() {
        let deep = "{\"z\":" + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000) + "}"
        let reading = read("[\(deep),{\"a\":1}]", format: .jsonArray)
        #expect(reading.rules == [.tooDeep])
        #expect(reading.rows.map { $0["a"] } == ["1"])
        let open = read("[" + String(repeating: "[", count: 10_000), format: .jsonArray)
        #expect(open.rules == [.badJSON] && open.errors[0].isFatal)
    }

    @Test("fields of 10 MB and lines of many megabytes are refused, the next goes through")
    func long() {
        let big = String(repeating: "x", count: 10_000_000)
        let middle = String(repeating: "x", count: 70_000)
        let objects = ["{\"a\":\"\(big)\"}", "{\"a\":\"\(middle)\"}", "{\"a\":1}"]
        for (format, text) in [
            (TabularFormat.ndjson, objects.joined(separator: "\n")),
            (.jsonArray, "[" + objects.joined(separator: ",") + "]"),
        ] {
            let reading = read(text, format: format)
            #expect(reading.rules == [.rowTooLong, .fieldTooLong])
            #expect(reading.rows.map { $0["a"] } == ["1"])
        }
    }

    @Test("a cut or broken array says so")
    func brokenArray() {
        let cut = read("[{\"a\":1},{\"a\":", format: .jsonArray)
        #expect(cut.rows.count == 1 && cut.rules == [.truncated] && cut.errors[0].isFatal)
        #expect(read("[{\"a\":1},]", format: .jsonArray).rules == [.badJSON])
        #expect(read("[{\"a\":1} {\"a\":1}]", format: .jsonArray).rules == [.badJSON])
        #expect(read("[] x", format: .jsonArray).rules == [.badJSON])
        #expect(read("[]", format: .jsonArray).errors.isEmpty)
        #expect(read("", format: .jsonArray).rules == [.emptyInput])
        #expect(read(" \n", format: .ndjson).rules == [.emptyInput])
    }

    @Test("broken UTF-8 and NUL bytes name the row")
    func bytes() {
        let reading = read(
            Array("{\"a\":\"".utf8) + [0xFF] + Array("\"}\n{\"a\":\"".utf8) + [0] + Array("\"}\n{\"a\":7}\n".utf8),
            format: .ndjson)
        #expect(reading.rules == [.badUTF8, .nulByte])
        #expect(reading.rows.map { $0["a"] } == ["7"])
    }

    @Test("the format is recognised from media type and from the first bytes")
    func formats() {
        #expect(TabularFormat(mediaType: "text/csv; charset=utf-8") == .csv)
        #expect(TabularFormat(mediaType: "application/x-ndjson") == .ndjson)
        #expect(TabularFormat(mediaType: "application/json") == .jsonArray)
        #expect(TabularFormat(mediaType: "image/png") == nil)
        for (text, format) in [("\n {\"a\":1}", TabularFormat.ndjson), ("[{\"a\":1}]", .jsonArray), ("a\n1", .csv)] {
            var reader = TabularReader(format: nil, schema: schema)
            for byte in text.utf8 { reader.feed([byte]) }
            reader.finish()
            #expect(reader.format == format)
            #expect((try? reader.next()?.get())?["a"] == "1")
        }
    }
}
