import Tabular
import Testing

@Suite("Writers")
struct WriterTests {
    @Test("CSV quotes what needs it and reads back the same")
    func csv() throws {
        let values = ["plain", "a,b", "q\"q", "line\nline", " space", "Đặng", ""]
        var writer = CSVWriter(columns: ["c1", "c2", "c3", "c4", "c5", "c6", "c7"])
        writer.row(values)
        let bytes = writer.take()
        #expect(writer.bytes.isEmpty)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "c1,c2,c3,c4,c5,c6,c7\nplain,\"a,b\",\"q\"\"q\",\"line\nline\",\" space\",Đặng,\n")
        var reader = CSVReader()
        reader.feed(bytes)
        reader.finish()
        let row = try #require(try reader.next()?.get())
        #expect(values.indices.map { row[$0] } == values)
    }

    @Test("a file for people carries no formulas")
    func formulas() {
        var writer = CSVWriter(columns: ["a", "b"], forPeople: true)
        writer.row(["=1+1", "-2,3"])
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "a,b\n'=1+1,\"'-2,3\"\n")
        var plain = CSVWriter(columns: ["a"])
        plain.row(["=1"])
        #expect(String(decoding: plain.bytes, as: UTF8.self) == "a\n=1\n")
    }
}
