import Foundation
import RecordModel
import Tabular
import Testing

@testable import DoseReplay

private func temporaryDirectory() throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("dose-replay-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}

private func generate(seed: UInt64, doses: Int, format: Generation.Format = .csv) throws -> String {
    var generation = Generation()
    generation.seed = seed
    generation.doses = doses
    generation.directory = try temporaryDirectory()
    generation.format = format
    _ = try generation.run()
    return generation.directory
}

private func rows(_ path: String) throws -> [[String: String]] {
    var reader = CSVReader()
    reader.feed([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    reader.finish()
    var rows: [[String: String]] = []
    while let next = reader.next() {
        let row = try next.get()
        rows.append(Dictionary(uniqueKeysWithValues: row.schema.columns.map { ($0, row[$0]) }))
    }
    return rows
}

@Suite struct GenerationTests {
    @Test("The same seed gives the same bytes, another seed others")
    func deterministic() throws {
        let first = try generate(seed: 42, doses: 1500)
        let second = try generate(seed: 42, doses: 1500)
        let third = try generate(seed: 43, doses: 1500)
        for name in ["units.csv", "register.csv", "doses.csv", "truth.csv"] {
            let data = try Data(contentsOf: URL(fileURLWithPath: first + "/" + name))
            #expect(data == (try Data(contentsOf: URL(fileURLWithPath: second + "/" + name))), "\(name)")
            #expect(data != (try Data(contentsOf: URL(fileURLWithPath: third + "/" + name))), "\(name)")
        }
    }

    @Test("xoshiro256** gives the published sequence for a given state, on every machine")
    func pinned() {
        var split = SplitMix64(1_234_567)
        #expect(split.next() == 6_457_827_717_110_365_317)
        #expect(split.next() == 3_203_168_211_198_807_973)
        var random = Xoshiro(seed: 1, .person, 7)
        let drawn = (0..<3).map { _ in random.below(1_000_000) }
        var again = Xoshiro(seed: 1, .person, 7)
        #expect(drawn == (0..<3).map { _ in again.below(1_000_000) })
    }

    @Test("As many rows as asked for, every column of formats.md, NDJSON says the same")
    func rowsAndFormats() throws {
        let csv = try generate(seed: 7, doses: 800)
        let ndjson = try generate(seed: 7, doses: 800, format: .ndjson)
        let table = try rows(csv + "/doses.csv")
        #expect(table.count == 800)
        #expect(Set(table[0].keys) == Set(Submission.columns))
        var lines: [[String: String]] = []
        let schema = TabularSchema(columns: Submission.columns)
        var reader = TabularReader(format: .ndjson, schema: schema)
        reader.feed([UInt8](try Data(contentsOf: URL(fileURLWithPath: ndjson + "/doses.ndjson"))))
        reader.finish()
        while let next = reader.next() {
            let row = try next.get()
            lines.append(Dictionary(uniqueKeysWithValues: schema.columns.map { ($0, row[$0]) }))
        }
        #expect(lines == table)
    }

    @Test("B1 personal ids follow the structure and are unique; old ids have nine digits")
    func register() throws {
        let directory = try generate(seed: 11, doses: 6000)
        let people = try rows(directory + "/register.csv")
        var seen: Set<String> = []
        for person in people {
            let number = try #require(person["personal_id"])
            let date = try #require(CalendarDate(iso: person["date_of_birth"] ?? ""))
            #expect(number.count == 12 && seen.insert(number).inserted)
            #expect(Provinces.all.contains { number.hasPrefix($0.idPrefix) })
            let digit = (date.year / 100 - 19) * 2 + (person["sex"] == "M" ? 0 : 1)
            #expect(number.dropFirst(3).first == String(digit).first)
            #expect(number.dropFirst(4).prefix(2) == digits(date.year % 100, 2))
            let old = person["old_id"] ?? ""
            #expect(old.isEmpty || old.count == 9)
        }
        let withOld = people.count { $0["old_id"] != "" }
        #expect(withOld > people.count / 4 && withOld < people.count * 3 / 4)
        let nguyen = people.count { $0["full_name"]!.hasPrefix("Nguyễn ") }
        #expect((26...37).contains(nguyen * 100 / people.count))
    }

    @Test("Units form a tree: every parent exists, every facility has a head, ministries of any sector stand above")
    func units() throws {
        let directory = try generate(seed: 3, doses: 20_000)
        let units = try rows(directory + "/units.csv")
        let codes = Set(units.map { $0["unit_code"]! })
        #expect(codes.count == units.count)
        for unit in units {
            let parent = unit["parent_code"]!
            #expect(parent.isEmpty || codes.contains(parent))
            #expect(!unit["head_name"]!.isEmpty)
            #expect(UnitKind(rawValue: unit["kind"]!) != nil)
        }
        #expect(Set(units.map { $0["kind"]! }).count == UnitKind.allCases.count)
        #expect(units.contains { $0["kind"] == "hospital" && $0["parent_code"] == "BQP" }, "AUT-04")
    }

    @Test("Shares: two thirds right, 23 % wrong, 11 % not verifiable, some exempt and refused")
    func shares() throws {
        let geography = Geography(seed: 21, persons: 14_000)
        var stream = DoseStream(population: Population(seed: 21, count: 14_000, geography: geography), rows: 20_000)
        var outcomes: [ExpectedOutcome: Int] = [:]
        var kinds: [String: Int] = [:]
        var numbers: [String: Int] = [:]
        while let row = stream.next() {
            outcomes[row.truth.outcome, default: 0] += 1
            kinds[row.truth.kind, default: 0] += 1
            numbers[row.submission.doseNumber, default: 0] += 1
            #expect(
                VaccineCatalogue.standard.product(typed: row.submission.vaccine) != nil || row.truth.kind == "invalid")
        }
        func share(_ outcomes: Int?) -> Double { Double(outcomes ?? 0) / 20_000 }
        #expect(abs(share(outcomes[.right]) - 0.66) < 0.03)
        #expect(abs(share(outcomes[.wrong]) - 0.23) < 0.025)
        let unusable = share(outcomes[.noID]) + share(outcomes[.badFormat]) + share(outcomes[.missingItem])
        #expect(abs(unusable - 0.11) < 0.02)
        #expect(share(outcomes[.exempt]) > 0.004 && share(outcomes[.exempt]) < 0.025)
        for kind in ["amendment", "withdrawal", "duplicate", "late-older", "double-entry", "invalid"] {
            #expect(kinds[kind, default: 0] > 10, "\(kind)")
        }
        #expect(numbers["1", default: 0] > numbers["3", default: 0] && numbers["3", default: 0] > 1000)
    }

    @Test("Foreigners' nationalities are read as countries, or as none")
    func foreigners() {
        var random = Xoshiro(seed: 1, .doses)
        for _ in 0..<500 {
            let foreigner = Foreigner.draw(communes: 3, &random)
            switch CountryCatalogue.standard.nationality(typed: foreigner.nationality) {
            case .foreign: #expect(foreigner.outcome == .exempt)
            case .unknown: #expect(foreigner.outcome == .missingItem)
            case .vietnam: Issue.record("\(foreigner.nationality) reads as Viet Nam")
            }
        }
    }

    @Test("matching.md §0.6 a late older row comes after its amendment and is older; a duplicate is the same row")
    func order() throws {
        let directory = try generate(seed: 8, doses: 12_000)
        let doses = try rows(directory + "/doses.csv")
        let truth = try rows(directory + "/truth.csv")
        #expect(doses.count == truth.count)
        var late = 0
        var duplicates = 0
        var seen: [String: [[String: String]]] = [:]
        for (row, known) in zip(doses, truth) {
            let key = row["facility_code"]! + "/" + row["source_record_id"]!
            if known["kind"] == "late-older", let before = seen[key]?.first {
                late += 1
                let older = try #require(Instant(rfc3339: row["entered_at"]!))
                #expect(older < (try #require(Instant(rfc3339: before["entered_at"]!))))
            }
            if known["kind"] == "duplicate" {
                duplicates += 1
                #expect(seen[key]?.contains(row) == true)
            }
            seen[key, default: []].append(row)
        }
        #expect(late > 20 && duplicates > 50)
    }

    @Test("Too few people for the rows asked for is said, with the remedy")
    func tooFew() throws {
        var generation = Generation()
        generation.doses = 10_000
        generation.persons = 500
        generation.directory = try temporaryDirectory()
        #expect(throws: Generation.Problem.self) { _ = try generation.run() }
    }

    @Test("A population above a million never gives a number twice")
    func blocks() {
        let geography = Geography(seed: 2, persons: 3000)
        let population = Population(seed: 2, count: 3_000_000, geography: geography)
        for index in [0, 1, 2, 17, 999_999] {
            let numbers = [0, 1, 2].map { population.person(index + $0 * 1_000_000).personalID }
            #expect(Set(numbers).count == 3)
        }
    }
}
