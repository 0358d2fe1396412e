import RecordModel
import Testing

@testable import IdentityMatching

/// Households in a country large enough that weight alone would call all of these strong.
@Suite("Strength")
struct StrengthTests {
    private static let fixture = Result {
        try SearchFixture(
            SmallCountry(persons: 20_000, seed: 31).rows + [
                ("092089024204", "", "Đinh Quốc Vĩnh", "M", "1989-07-15", "31117"),
                ("092189050391", "", "Phùng Thị Ngân", "F", "1989-07-15", "31117"),
                ("092189050999", "", "Phùng Thị Tuyết Ngân", "F", "1991-02-20", "31117"),
                ("092215000564", "", "Lưu Bảo Thiên", "M", "2015-08-23", "31117"),
                ("045310024756", "", "Lưu Mai Chi", "F", "2010-01-06", "31117"),
            ])
    }
    private let fixture: SearchFixture

    init() throws { fixture = try Self.fixture.get() }

    private func strength(
        _ name: String, _ sex: String, _ date: String, _ number: String, _ commune: String = ""
    ) -> Strength {
        fixture.search.suggest(
            TypedItems(
                identity: TypedIdentity(fullName: name, sex: sex, dateOfBirth: date, idNumber: number),
                nationality: "", idKind: ""), commune: commune
        ).strength
    }

    @Test("one item wrong in the usual ways stays strong")
    func usual() {
        #expect(strength("Đinh Quốc Vĩnh", "M", "1989-07-15", "092089024204") == .strong)
        #expect(strength("Dinh Quoc Vinh", "M", "1989-07-15", "92089024204") == .strong)
        #expect(strength("Đinh Quốc Vĩnh", "M", "1989-07-15", "092089024294") == .strong)
        #expect(strength("Đinh Quốc Vĩnh", "M", "15/07/1988", "092089024204") == .strong)
        #expect(strength("Đinh Quốc Vĩng", "M", "1989-07-15", "092089024204") == .strong)
        #expect(strength("Lưu Mai Chi", "M", "2010-01-06", "045310024756") == .strong)
        #expect(strength("Nguyễn Mai Chi", "F", "2010-01-06", "045310024756") == .strong)
        #expect(strength("Đinh Quốc Vĩnh", "M", "31/02/1989", "092089024204") == .strong)
    }

    @Test("a spouse's name and number on the other's record")
    func swappedPersons() {
        // Born on one day: what departs from her is his.
        #expect(strength("Phùng Thị Ngân", "M", "1989-07-15", "092189050391") == .ambiguous)
        // A sister's name and number, the own birth date, which is near.
        #expect(strength("Phùng Thị Tuyết Ngân", "F", "1989-07-15", "092189050999") == .ambiguous)
    }

    @Test("twins and namesakes who are not registered")
    func notRegistered() {
        // A twin one number further, one tone apart.
        #expect(strength("Lưu Bảo Thiện", "M", "2015-08-23", "092215000566") != .strong)
        // Namesakes of one day or nearly, their numbers alike as all of one province and year.
        #expect(strength("Lưu Mai Chi", "F", "2010-01-06", "045310004856") != .strong)
        #expect(strength("Lưu Mai Chi", "F", "2010-02-06", "045310024759") != .strong)
        #expect(strength("Lưu Mai Chi", "F", "2010-01-06", "045310881230") != .strong)
        // With the namesake's number, living elsewhere.
        #expect(strength("Lưu Mai Chi", "F", "2010-06-01", "045310024756", "00001") == .ambiguous)
        #expect(strength("Lưu Mai Chi", "F", "2010-06-01", "045310024756", "31117") == .strong)
    }

    @Test("two items that speak against the first")
    func twoAgainst() {
        #expect(strength("Lưu Mai Chi", "M", "2010-01-16", "045310024756") == .ambiguous)
        #expect(strength("Lưu Mai", "M", "2010-01-06", "045310024750") != .strong)
    }

    @Test("somebody of the household is named although another fits better")
    func household() {
        let answer = fixture.search.suggest(
            TypedItems(
                identity: TypedIdentity(
                    fullName: "Phùng Thị Ngân", sex: "M", dateOfBirth: "1989-07-15", idNumber: "092189050999"),
                nationality: "", idKind: ""), commune: "")
        #expect(answer.candidates.map(\.personalID).contains("092189050391"))
        #expect(answer.strength != .strong)
    }

    @Test("two rows of one number are one candidate")
    func rowsTwice() throws {
        var rows = SmallCountry(persons: 500, seed: 32).rows
        rows.append(rows[7])
        rows.append((rows[8].0, "", "Trần Khác Hẳn", "M", "1950-01-02", ""))
        let fixture = try SearchFixture(rows)
        for row in rows[7...8] {
            let answer = fixture.suggest(row.2, row.3, row.4, row.0)
            #expect(answer.candidates.filter { $0.personalID == row.0 }.count == 1)
            #expect(answer.candidates.first?.personalID == row.0 && answer.strength == .strong)
        }
    }
}
