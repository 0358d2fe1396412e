import Foundation
import RecordModel
import Testing

@testable import IdentityMatching

@Suite("The index file")
struct RegisterIndexTests {
    @Test("persons come back as they went in, by number and by ordinal")
    func roundTrip() throws {
        let country = SmallCountry(persons: 3_000, seed: 1)
        let fixture = try SearchFixture(country.rows)
        let index = fixture.index
        try index.verify()
        var normaliser = NameNormaliser()
        #expect(index.count == 3_000)
        #expect(index.header.generation == 7)
        for row in country.rows {
            let ordinals = index.holders(of: PackedNumber(cleaned: Array(row.0.utf8)))
            #expect(ordinals.count >= 1)
            let person = index.person(ordinals[0])
            #expect(index.numberText(of: person) == row.0)
            #expect(index.oldNumberText(of: person) == row.1)
            #expect(index.name(of: person) == normaliser.normalise(row.2))
            #expect(person.sex.letter == row.3)
            #expect(person.date == DateReading(typed: row.4).best)
            #expect(person.commune == UInt32(row.5))
        }
        #expect(index.holders(of: PackedNumber(cleaned: Array("000000000000".utf8))).isEmpty)
    }

    @Test("identifiers of any form, absent items, names without end")
    func anyForm() throws {
        let long = String(repeating: "Nguyễn ", count: 400)
        let fixture = try SearchFixture([
            ("rec-17/a", "OLD 5", "Jane Doe", "", "19800230", "x"), ("", "", "", "", "", ""),
            ("123456789012345678901234", "", long, "F", "1980", "00001"),
            ("5304218", "", "Neumann Michaela", "", "19151111", ""),
        ])
        try fixture.index.verify()
        let first = fixture.index.person(0)
        #expect(fixture.index.numberText(of: first) == "rec-17/a")
        #expect(fixture.index.oldNumberText(of: first) == "OLD 5")
        #expect(fixture.index.name(of: first) == "jane doe")
        #expect(fixture.index.numberText(of: fixture.index.person(1)).isEmpty)
        #expect(fixture.index.name(of: fixture.index.person(2)).utf8.count <= 255)
        #expect(fixture.suggest("jane doe", "", "19800230", "REC17A").candidates.first?.personalID == "rec-17/a")
        #expect(fixture.suggest("michaela neumann", "", "", "5304281").candidates.first?.personalID == "5304218")
    }

    @Test("the same persons give the same file, byte for byte but for the time")
    func determinism() throws {
        let rows = SmallCountry(persons: 500, seed: 2).rows
        let fixture = try SearchFixture(rows)
        let other = fixture.folder + "/other.index"
        try SearchFixture.build(rows, at: other)
        let one = try Data(contentsOf: URL(fileURLWithPath: fixture.path)).dropFirst(IndexHeader.size)
        let two = try Data(contentsOf: URL(fileURLWithPath: other)).dropFirst(IndexHeader.size)
        #expect(one == two)
    }

    @Test("a file that is cut, changed, foreign or not there is refused by name of the trouble")
    func damaged() throws {
        let fixture = try SearchFixture(SmallCountry(persons: 200, seed: 3).rows)
        let whole = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        let path = fixture.folder + "/damaged.index"
        func error(_ data: Data, verifying: Bool = false) throws -> IndexError? {
            try data.write(to: URL(fileURLWithPath: path))
            do throws(IndexError) {
                let index = try RegisterIndex(path: path)
                if verifying { try index.verify() }
                return nil
            } catch { return error }
        }
        for length in [0, 1, 100, IndexHeader.size - 1, IndexHeader.size, whole.count / 2, whole.count - 1] {
            #expect(try error(whole.prefix(length)) != nil, "\(length)")
        }
        var foreign = whole
        foreign[0] ^= 1
        #expect(try error(foreign) == .foreign(path: path, reason: "it does not begin like one"))
        var version = whole
        version[6] = 9
        #expect("\(try #require(try error(version)))".contains("version 9"))
        var header = whole
        header[70] ^= 0x40
        #expect("\(try #require(try error(header)))".contains("checksum"))
        // Every section, the last byte of each included.
        for section in fixture.index.header.sections where section.length > 0 {
            var changed = whole
            changed[Int(section.offset + section.length) - 1] ^= 0x10
            #expect(try error(changed, verifying: true) != nil, "\(section.kind)")
        }
        try FileManager.default.removeItem(atPath: path)
        let missing = #expect(throws: IndexError.self) { try RegisterIndex(path: path) }
        #expect("\(try #require(missing))".contains("No such file"))
    }

    @Test("bytes changed after opening was allowed never end the process")
    func changedBytes() throws {
        let country = SmallCountry(persons: 300, seed: 4)
        let fixture = try SearchFixture(country.rows)
        let whole = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        let path = fixture.folder + "/changed.index"
        var random = SeededGenerator(seed: 5)
        for _ in 0..<20 {
            var changed = whole
            for _ in 0..<200 {
                changed[Int.random(in: IndexHeader.size..<whole.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            try changed.write(to: URL(fileURLWithPath: path))
            guard let index = try? RegisterIndex(path: path) else { continue }
            let search = CandidateSearch(index: index)
            for row in country.rows.prefix(40) {
                let answer = search.suggest(
                    TypedItems(
                        identity: TypedIdentity(fullName: row.2, sex: row.3, dateOfBirth: row.4, idNumber: row.0),
                        nationality: "", idKind: ""))
                #expect(answer.candidates.count <= 5)
            }
        }
    }

    @Test("an index of nobody is refused and leaves no file")
    func empty() throws {
        let fixture = try SearchFixture(SmallCountry(persons: 1, seed: 6).rows)
        let path = fixture.folder + "/empty.index"
        #expect(throws: IndexError.empty) { try SearchFixture.build([], at: path) }
        let left = try FileManager.default.contentsOfDirectory(atPath: fixture.folder)
        #expect(left == ["register.index"])
    }

    @Test("keys sort by their bytes")
    func radix() {
        var random = SeededGenerator(seed: 7)
        for count in [0, 1, 255, 257, 5_000] {
            var values = (0..<count).map { _ in UInt64.random(in: 0...(.max), using: &random) }
            let sorted = values.sorted()
            RadixSort.sort(&values)
            #expect(values == sorted)
        }
    }
}
