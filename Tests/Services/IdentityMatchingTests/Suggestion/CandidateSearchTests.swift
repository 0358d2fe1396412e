import RecordModel
import Testing

@testable import IdentityMatching

/// A country that the tests of this suite share; it is never changed.
private struct Shared: Sendable {
    let country: SmallCountry
    let fixture: SearchFixture

    static let result = Result { () throws -> Shared in
        let country = SmallCountry(persons: 20_000, seed: 11)
        return Shared(country: country, fixture: try SearchFixture(country.rows))
    }
}

@Suite("Candidates")
struct CandidateSearchTests {
    private let country: SmallCountry
    private let fixture: SearchFixture

    init() throws {
        let shared = try Shared.result.get()
        country = shared.country
        fixture = shared.fixture
    }

    private func first(_ suggestion: Suggestion) -> String? { suggestion.candidates.first?.personalID }

    /// Every hundredth person.
    private var some: [SmallCountry.Row] { stride(from: 0, to: country.rows.count, by: 100).map { country.rows[$0] } }

    @Test("what is right finds itself, strongly")
    func right() {
        for row in some {
            let answer = fixture.suggest(row.2, row.3, row.4, row.0)
            #expect(first(answer) == row.0)
            #expect(answer.strength == .strong)
            let bars = answer.candidates[0].fields.reduce(0) { $0 + $1.weight }
            #expect(abs(bars - answer.candidates[0].weight) < 1e-9)
        }
    }

    @Test("any one item wholly wrong")
    func oneItem() {
        for (place, row) in some.enumerated() {
            let other = country.rows[(place * 977 + 13) % country.rows.count]
            #expect(first(fixture.suggest(row.2, row.3, row.4, "999888777666")) == row.0, "number")
            #expect(first(fixture.suggest(other.2, row.3, row.4, row.0)) == row.0, "name")
            #expect(first(fixture.suggest(row.2, row.3, other.4, row.0)) == row.0, "date")
            #expect(first(fixture.suggest(row.2, row.3 == "M" ? "F" : "M", row.4, row.0)) == row.0, "sex")
            #expect(first(fixture.suggest("", row.3, row.4, row.0)) == row.0, "no name")
            #expect(first(fixture.suggest(row.2, "", "", row.0)) == row.0, "no date, no sex")
        }
    }

    @Test("two items partly wrong, the number one of them or absent")
    func twoItems() {
        var missed = 0
        for row in some {
            var digits = Array(row.0)
            digits[7] = digits[7] == "0" ? "8" : "0"
            let number = String(digits)
            let date = DateReading(typed: row.4).best
            let swapped =
                date.day <= 12
                ? date.swapped : DateParts(year: date.year, month: date.month, day: (date.day + 9) % 28 + 1)
            let typedDate = "\(swapped.day)/\(swapped.month)/\(swapped.year)"
            let words = row.2.split(separator: " ")
            let misspelt = words.dropLast().joined(separator: " ") + " " + words[words.count - 1] + "h"
            #expect(first(fixture.suggest(misspelt, row.3, row.4, number)) == row.0, "name and number")
            #expect(first(fixture.suggest(row.2, row.3, typedDate, number)) == row.0, "date and number")
            #expect(first(fixture.suggest(misspelt, row.3, typedDate, row.0)) == row.0, "name and date")
            #expect(first(fixture.suggest(misspelt, row.3, typedDate, number)) == row.0, "all three")
            let three = fixture.suggest(misspelt, row.3, typedDate, "").candidates.prefix(3).map(\.personalID)
            if !three.contains(row.0) { missed += 1 }
        }
        #expect(missed <= some.count / 20)
    }

    @Test("a digit lost, a digit too many, zeros lost, the old number")
    func forms() {
        for row in some {
            #expect(first(fixture.suggest(row.2, row.3, row.4, String(row.0.drop { $0 == "0" }))) == row.0)
            #expect(first(fixture.suggest(row.2, row.3, "", String(row.0.dropFirst(5).prefix(1) + row.0))) == row.0)
            if !row.1.isEmpty {
                let answer = fixture.suggest(row.2, row.3, row.4, row.1)
                #expect(first(answer) == row.0)
                #expect(answer.candidates[0].fields.contains { $0.reason == "OLD_CMND_MAPS" })
            }
        }
    }

    @Test("another person's number is never strong, the own person is first")
    func relative() {
        for index in stride(from: 0, to: country.rows.count - 1, by: 250) {
            let (row, relative) = (country.rows[index], country.rows[index + 1])
            let answer = fixture.suggest(row.2, row.3, row.4, relative.0)
            #expect(answer.strength != .strong)
            #expect(first(answer) == row.0)
            #expect(answer.candidates[0].fields.contains { $0.reason == "BELONGS_TO_OTHER" })
        }
    }

    @Test("twins one digit apart are ambiguous when the record does not say which")
    func twins() throws {
        var rows = country.rows
        rows.append(("079115000123", "", "Nguyễn Ngọc Lan Anh", "F", "2015-05-05", "26734"))
        rows.append(("079115000124", "", "Nguyễn Ngọc Lan Anh", "F", "2015-05-05", "26734"))
        rows.append(("079115000125", "", "Nguyễn Ngọc Mai Anh", "F", "2015-05-05", "26734"))
        let fixture = try SearchFixture(rows)
        let answer = fixture.suggest("Nguyễn Ngọc Lan Anh", "F", "2015-05-05", "079115000128")
        #expect(answer.strength == .ambiguous)
        #expect(answer.candidates.prefix(2).map(\.personalID) == ["079115000123", "079115000124"])
        #expect(fixture.suggest("Nguyễn Ngọc Lan Anh", "F", "2015-05-05", "").strength == .ambiguous)
        // The sister's name with this one's number.
        #expect(fixture.suggest("Nguyễn Ngọc Mai Anh", "F", "2015-05-05", "079115000123").strength != .strong)
    }

    @Test("the residence commune parts namesakes of one birth date, and makes neither strong")
    func commune() throws {
        let fixture = try SearchFixture(
            country.rows + [
                ("001180000111", "", "Hoàng Thu Nga", "F", "1980-10-20", "00001"),
                ("079180000222", "", "Hoàng Thu Nga", "F", "1980-10-20", "26734"),
            ])
        let items = TypedItems(
            identity: TypedIdentity(fullName: "Hoàng Thu Nga", sex: "F", dateOfBirth: "20/10/1980", idNumber: ""),
            nationality: "", idKind: "")
        for (commune, number) in [("00001", "001180000111"), ("26734", "079180000222"), ("1", nil), ("", nil)] {
            let answer = fixture.search.suggest(items, commune: commune)
            if let number { #expect(first(answer) == number) }
            #expect(answer.strength == .ambiguous)
            #expect(answer.candidates.count >= 2)
        }
    }

    @Test("nobody's record is not strong")
    func nobody() {
        let answer = fixture.suggest("Wolfeschlegel Hausenstein", "M", "1931-02-29", "555555555555")
        #expect(answer.strength != .strong && answer.strength != .ambiguous)
        #expect(fixture.suggest("", "", "", "").strength == .none)
        #expect(fixture.suggest("", "", "", "").candidates.isEmpty)
    }

    @Test("reasons name what was done to the number, and no value of the register")
    func reasons() throws {
        let row = country.rows[42]
        var digits = Array(row.0)
        digits.swapAt(10, digits[10] == digits[11] ? 9 : 11)
        let typed = String(digits)
        guard typed != row.0 else { return }
        let candidate = try #require(fixture.suggest(row.2, row.3, row.4, typed).candidates.first)
        let bar = try #require(candidate.fields.first { $0.field == "id_number" })
        #expect(bar.reason == "TRANSPOSITION")
        #expect(bar.evidence.contains("exchanged"))
        for field in candidate.fields {
            #expect(!field.evidence.contains(row.0) && !field.evidence.contains(row.4))
        }
    }

    @Test("the same answers one by one, in batches, and another time")
    func batches() {
        var random = SeededGenerator(seed: 12)
        let records = (0..<700).map { _ -> TypedItems in
            let row = country.rows.randomElement(using: &random)!
            let other = country.rows.randomElement(using: &random)!
            return TypedItems(
                identity: TypedIdentity(
                    fullName: row.2, sex: Bool.random(using: &random) ? row.3 : "",
                    dateOfBirth: Bool.random(using: &random) ? row.4 : other.4,
                    idNumber: Bool.random(using: &random) ? row.0 : other.0),
                nationality: "", idKind: "")
        }
        func text(_ answer: Suggestion) -> String {
            "\(answer.strength) " + answer.candidates.map { "\($0.personalID) \($0.weight)" }.joined(separator: ", ")
        }
        let together = fixture.search.suggest(records).map(text)
        #expect(together == records.map { text(fixture.search.suggest($0)) })
        #expect(together == fixture.search.suggest(records).map(text))
    }

    @Test("whatever is typed, there is an answer")
    func garbage() {
        var random = SeededGenerator(seed: 13)
        for round in 0..<400 {
            func text() -> String {
                let scalars = (0..<Int.random(in: 0...40, using: &random)).compactMap { _ in
                    Unicode.Scalar(UInt32.random(in: 0...(round % 2 == 0 ? 0x7F : 0x1FFFF), using: &random))
                }
                return String(String.UnicodeScalarView(scalars))
            }
            #expect(fixture.suggest(text(), text(), text(), text()).candidates.count <= 5)
        }
        let long = String(repeating: "9", count: 100_000)
        #expect(fixture.suggest(long, long, long, long).candidates.count <= 5)
    }
}
