import RecordModel
import Testing

@testable import IdentityMatching

@Suite("VERIFY, version 1")
struct VerifyTests {
    static let an = person(79_187_012_345, old: 123_456_789, "Nguyễn Văn An", .male, 1987, 9, 5)
    /// Holds the same old number: numbers of the old series were given out twice.
    static let binh = person(1_198_000_001, old: 123_456_789, "Trần Thị Bình", .female, 1998, 1, 1)
    static let hoa = person(38_301_000_002, old: nil, "Lê Thị Hòa", .female, 2001, 2, 28)
    static let register = TestRegister([an, binh, hoa])

    static func person(
        _ id: Int64, old: Int32?, _ name: String, _ sex: Sex, _ year: Int, _ month: Int, _ day: Int
    ) -> TestRegister.Person {
        TestRegister.Person(
            personalID: id, oldID: old, name: name, sex: sex,
            birthDate: CalendarDate(year: year, month: month, day: day) ?? CalendarDate(daysSince1970: 0))
    }

    static func record(
        _ name: String = "Nguyễn Văn An", _ sex: String = "M", _ birth: String = "1987-09-05",
        _ number: String = "079187012345", nationality: String = "", kind: String = ""
    ) -> TypedItems {
        TypedItems(
            identity: TypedIdentity(fullName: name, sex: sex, dateOfBirth: birth, idNumber: number),
            nationality: nationality, idKind: kind)
    }

    static func decide(_ typed: TypedItems) -> Decision { register.decide(typed) }

    private func answer(_ typed: TypedItems) -> String {
        let decision = Self.decide(typed).judgement
        return "\(decision.outcome.label) \(decision.group.label)"
    }

    @Test(
        "MAT-01 MAT-02 MAT-03 four equal items are right, however they were typed",
        arguments: [
            record(), record("NGUYỄN VĂN AN"), record(" nguyễn  văn an "), record("Nguyê\u{303}n Văn An"),
            record("Nguyễn Văn An", "Nam", "05/09/1987", "079 187 012 345"), record("Nguyễn Văn An", "0"),
            record("Nguyễn Văn An", " nam "), record("Nguyễn Văn An", "m", "０５/０９/１９８７"),
            record("Nguyễn Văn An", "M", " 1987-09-05 "), record(nationality: "VN"), record(nationality: "vnm"),
            record(nationality: "Việt Nam"), record(nationality: "VIET NAM"), record(nationality: "  "),
            record("Nguyễn Văn An", "M", "1987-09-05", "123456789"),
            record("Nguyễn Văn An", "M", "1987-09-05", "123.456.789"),
            record("Trần Thị Bình", "F", "01/01/1998", "123456789"),
            record("Trần Thị Bình", "Nữ", "1998-01-01", "001198000001"),
            record("Lê Thị Hoà", "1", "28/02/2001", "038301000002"),
            record("LÊ THỊ HÒA", "NỮ", "28/02/2001", "038301000002"),
            record(kind: "passport"), record(kind: "cmnd"),
        ])
    func right(_ typed: TypedItems) { #expect(answer(typed) == "right none") }

    @Test(
        "MAT-03 MAT-08 anything else with all items is wrong",
        arguments: [
            record("Nguyễn Văn Ân"), record("Nguyen Van An"), record("An Nguyễn Văn"), record("Nguyễn An"),
            record("Nguyễn Văn An", "F"), record("Nguyễn Văn An", "M", "09/05/1987"),
            record("Nguyễn Văn An", "M", "1987-01-01"),
            record("Nguyễn Văn An", "M", "1988-09-05"), record("Nguyễn Văn An", "M", "1987-09-05", "079187012346"),
            record("Nguyễn Văn An", "M", "1987-09-05", "999999999"),
            record("Trần Thị Bình", "F", "1998-01-01", "079187012345"),
            record("Nguyễn Văn An", "F", "1998-01-01", "123456789"),
            record("Trần Thị Bình", "M", "1987-09-05", "123456789"),
            record("Nguyễn Văn An", "M", "1987-09-05", "000000000000"), record("Nguyễn Văn An", "M", "2999-01-01"),
        ])
    func wrong(_ typed: TypedItems) { #expect(answer(typed) == "wrong verified-wrong") }

    @Test(
        "EXP-04 no number is no-id, whatever else is missing",
        arguments: [
            record("Nguyễn Văn An", "M", "1987-09-05", ""), record("", "", "", ""), record("", "x", "1987", " . "),
            record("Nguyễn Văn An", "M", "1987-09-05", "\u{200B}"),
        ])
    func noID(_ typed: TypedItems) { #expect(answer(typed) == "cannot-verify no-id") }

    @Test(
        "EXP-05 MAT-13 a number of another form is bad-format, whatever else is missing",
        arguments: [
            record("Nguyễn Văn An", "M", "1987-09-05", "79187012345"), record("", "", "", "C1234567"),
            record("Nguyễn Văn An", "M", "1987-09-05", "07918701234O"), record("", "M", "1987", "0"),
            record("Nguyễn Văn An", "M", "1987-09-05", "B1234567", kind: "passport"),
        ])
    func badFormat(_ typed: TypedItems) { #expect(answer(typed) == "cannot-verify bad-format") }

    @Test(
        "MAT-01 MAT-05 a missing item, a bare year and an impossible date are a missing item",
        arguments: [
            record(""), record("\u{200B} "), record("Nguyễn Văn An", ""), record("Nguyễn Văn An", "Nu"),
            record("Nguyễn Văn An", "2"), record("Nguyễn Văn An", "M", ""), record("Nguyễn Văn An", "M", "1987"),
            record("Nguyễn Văn An", "M", "30/02/1987"), record("Nguyễn Văn An", "M", "1987-13-05"),
            record("Nguyễn Văn An", "M", "00/00/1987"), record("Nguyễn Văn An", "M", "1900-02-29"),
            record("Nguyễn Văn An", "M", "31/04/1987"), record("Nguyễn Văn An", "M", "5 tháng 9 1987"),
            record("Nguyễn Văn An", "M", "09/1987"), record("Nguyễn Văn An", "M", "05-09-1987"),
            record("Nguyễn Văn An", "M", "1987-09-05", "999999999999", nationality: "Atlantis"),
            record("Nguyễn Văn An", "M", "1987-09-05", "", nationality: "Atlantis"),
            record(nationality: "123"), record(nationality: "-"), record(nationality: "VN1"),
        ])
    func missingItem(_ typed: TypedItems) { #expect(answer(typed) == "cannot-verify missing-item") }

    @Test(
        "MAT-06 PRE-10 other nationalities are exempt, whatever else the record holds",
        arguments: [
            record(nationality: "US"), record(nationality: "usa"), record("", "", "", "", nationality: "Lào"),
            record("", "", "1987", "B123", nationality: "Hoa Kỳ"), record(nationality: " laos "),
            record(nationality: "Korea, Republic of"),
        ])
    func exempt(_ typed: TypedItems) { #expect(answer(typed) == "exempt none") }

    @Test("MAT-02 a full first of January is a date like any other")
    func firstOfJanuary() {
        #expect(answer(Self.record("Trần Thị Bình", "F", "01/01/1998", "001198000001")) == "right none")
        #expect(answer(Self.record("Nguyễn Văn An", "M", "01/01/1987")) == "wrong verified-wrong")
    }

    @Test("MAT-02 an old number of several persons is right for each of them and links to each")
    func oldNumberOfTwo() {
        #expect(
            Self.decide(Self.record("Nguyễn Văn An", "M", "1987-09-05", "123456789")).judgement.person
                == Self.an.personalID)
        #expect(
            Self.decide(Self.record("Trần Thị Bình", "F", "1998-01-01", "123456789")).judgement.person
                == Self.binh.personalID)
    }

    @Test("MAT-08 EXP-08 outcomes and groups partition every record", arguments: 1...4)
    func partition(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let names = ["Nguyễn Văn An", "nguyễn văn an", "Lê Thị Hoà", "", "Trần", "\u{200B}"]
        let sexes = ["M", "F", "", "Nữ", "x", "0"]
        let births = ["1987-09-05", "05/09/1987", "", "1987", "31/02/2000", "2001-02-28", "nope"]
        let numbers = ["079187012345", "123456789", "", "1", "038301000002", "ABC", "000000000001"]
        let nationalities = ["", "VN", "US", "nowhere", "12"]
        var seen: Set<String> = []
        for _ in 0..<5_000 {
            let typed = Self.record(
                pick(names, &generator), pick(sexes, &generator), pick(births, &generator), pick(numbers, &generator),
                nationality: pick(nationalities, &generator))
            let decision = Self.decide(typed)
            let official = decision.judgement
            switch official.outcome {
            case .right, .exempt: #expect(official.group == .none)
            case .wrong: #expect(official.group == .verifiedWrong)
            case .cannotVerify: #expect([.noID, .badFormat, .missingItem].contains(official.group))
            }
            #expect((official.person != nil) == (official.outcome == .right))
            #expect(decision.differences.isEmpty == (official.outcome == .right || official.outcome == .exempt))
            seen.insert("\(official.outcome.label) \(official.group.label)")
        }
        #expect(seen.count == 6)
    }

    private func pick(_ values: [String], _ generator: inout SeededGenerator) -> String {
        values[Int.random(in: 0..<values.count, using: &generator)]
    }

    @Test("MAT-09 a known personal id that fails on name or birth date is told apart")
    func traits() {
        let name = Self.decide(Self.record("Nguyễn Văn Ân")).traits
        #expect(name == [.personalID, .numberKnown, .nameDiffers])
        let birth = Self.decide(Self.record("Nguyễn Văn An", "M", "1987")).traits
        #expect(birth == [.personalID, .numberKnown, .birthDateDiffers])
        let unknown = Self.decide(Self.record("Nguyễn Văn An", "M", "1987-09-05", "079187012346")).traits
        #expect(unknown == [.personalID])
        let old = Self.decide(Self.record("Nguyễn Văn Ân", "F", "1987-09-05", "123456789")).traits
        #expect(old == [.numberKnown, .nameDiffers, .sexDiffers])
    }
}
