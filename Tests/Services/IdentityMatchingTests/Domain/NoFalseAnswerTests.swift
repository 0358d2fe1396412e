import Foundation
import RecordModel
import Testing

@testable import IdentityMatching

/// One seed after the other: they leave a thread to the tests beside them.
@Suite("No false right, no false wrong", .serialized)
struct NoFalseAnswerTests {
    private typealias Person = ReferenceRule.Person
    private typealias Record = ReferenceRule.Record

    private static let surnames = ["Nguyễn", "Trần", "Đặng", "Hoàng", "Đỗ", "Vừ", "H'", "Lý", "Quách"]
    private static let middles = ["Văn", "Thị", "Thúy", "Hòa", "Khoẻ", "", "A", "Qúy", "Quý"]
    private static let givens = [
        "An", "Ân", "Hoà", "Hòa", "Thuỷ", "Thủy", "Đức", "Dức", "Loe", "Lóe", "Hoàn", "Uy", "Ủy",
    ]

    private static func pick<T>(_ values: [T], _ generator: inout SeededGenerator) -> T {
        values[Int.random(in: 0..<values.count, using: &generator)]
    }

    private static func population(_ generator: inout SeededGenerator) -> [Person] {
        (0..<400).map { number in
            let name = [pick(surnames, &generator), pick(middles, &generator), pick(givens, &generator)]
                .filter { !$0.isEmpty }.joined(separator: " ")
            let year = Int.random(in: 1930...2010, using: &generator)
            let month = Int.random(in: 1...12, using: &generator)
            let day = Int.random(in: 1...28, using: &generator)
            let isFemale = Bool.random(using: &generator)
            let id = "0\(10 + number % 80)" + (isFemale ? "1" : "0") + "\(String(format: "%02d", year % 100))"
            return Person(
                personalID: id + String(format: "%06d", number),
                oldID: number % 3 == 0 ? "" : String(format: "%09d", 100_000_000 + number % 300),
                name: name, sex: isFemale ? "F" : "M", birthDate: String(format: "%04d-%02d-%02d", year, month, day))
        }
    }

    /// A record of one of the persons with some dirt, and some errors.
    private static func record(of person: Person, _ others: [Person], _ generator: inout SeededGenerator) -> Record {
        let date = person.birthDate.split(separator: "-").map(String.init)
        var record = Record(
            name: person.name, sex: person.sex, birthDate: person.birthDate,
            number: !person.oldID.isEmpty && Bool.random(using: &generator) ? person.oldID : person.personalID)
        switch Int.random(in: 0..<14, using: &generator) {
        case 0: record.name = record.name.uppercased()
        case 1: record.name = record.name.decomposedStringWithCanonicalMapping
        case 2: record.name = " " + record.name.replacingOccurrences(of: " ", with: "\u{A0}\u{3000} ") + "\u{200B}"
        case 3: record.name = record.name.replacingOccurrences(of: "Đ", with: "Ð")
        case 4:
            record.name = record.name.replacingOccurrences(of: "oà", with: "òa").replacingOccurrences(
                of: "ủy", with: "uỷ")
        case 5:
            record.name = record.name.replacingOccurrences(of: "òa", with: "oà").replacingOccurrences(
                of: "óe", with: "oé")
        case 6: record.name = pick(others, &generator).name
        case 7: record.name = record.name.folding(options: .diacriticInsensitive, locale: nil)
        case 8: record.name = pick(["", "\u{FEFF}", "Hoà\u{331}", record.name + ".", "ÚY"], &generator)
        case 9: record.name = record.name.replacingOccurrences(of: "'", with: pick(["’", "ʼ", "`", "´"], &generator))
        default: break
        }
        switch Int.random(in: 0..<9, using: &generator) {
        case 0: record.sex = record.sex == "M" ? "Nam" : "NỮ"
        case 1: record.sex = record.sex == "M" ? "0" : " 1 "
        case 2: record.sex = pick(["", "x", "2", "F", "M", "N\u{1B0}\u{303}", "１"], &generator)
        default: break
        }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0, 1, 2: record.birthDate = "\(date[2])/\(date[1])/\(date[0])"
        case 3: record.birthDate = "\(date[1])/\(date[2])/\(date[0])"
        case 4:
            record.birthDate = pick(
                [
                    "", date[0], "30/02/\(date[0])", "01/01/\(date[0])", "1/1/\(date[0])",
                    "\(date[2])-\(date[1])-\(date[0])",
                ],
                &generator)
        default: break
        }
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: record.number = record.number.map(String.init).joined(separator: " ")
        case 1: record.number = "\(record.number.prefix(3)).\(record.number.dropFirst(3))"
        case 2: record.number = String(record.number.dropFirst())
        case 3: record.number = pick(others, &generator).personalID
        case 4: record.number = pick(["", " ", "B1234567", "\u{200B}", "...", "0"], &generator)
        case 5: record.number = String(record.number.map { $0 == "0" ? "O" : $0 })
        case 6: record.number = "\u{FEFF}" + record.number.replacingOccurrences(of: "1", with: "１")
        case 7: record.number = record.number.replacingOccurrences(of: "1", with: "-")
        default: break
        }
        record.nationality = pick(
            ["", "", "", "", "", "", "VN", "Việt Nam", " viet nam ", "USA", "Lào", "Atlantis", "Japan"], &generator)
        return record
    }

    @Test("MAT-03 MAT-08 what the service says is what the words of §0 say, over 80,000 records", arguments: 1...4)
    func reference(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed) &* 7_919)
        let persons = Self.population(&generator)
        let reference = ReferenceRule(persons)
        var verify = Verify()
        let register = TestRegister(
            persons.compactMap { person in
                guard case .personal(let id) = IDNumber(typed: person.personalID),
                    case .known(let sex) = SexReading(typed: person.sex),
                    case .known(let birthDate) = BirthDateReading(typed: person.birthDate)
                else { return nil }
                return TestRegister.Person(
                    personalID: id, oldID: Int32(person.oldID), name: person.name, sex: sex, birthDate: birthDate)
            })
        var differing: [String] = []
        var seen: [String: Int] = [:]
        for _ in 0..<20_000 {
            let record = Self.record(of: Self.pick(persons, &generator), persons, &generator)
            let typed = TypedItems(
                identity: TypedIdentity(
                    fullName: record.name, sex: record.sex, dateOfBirth: record.birthDate, idNumber: record.number),
                nationality: record.nationality, idKind: "")
            let answer = register.decide(verify.read(typed), by: &verify).judgement
            let said = "\(answer.outcome.label) \(answer.group.label)"
            seen[said, default: 0] += 1
            if said != reference.answer(record) { differing.append("\(said): \(record)") }
        }
        #expect(differing.isEmpty, "\(differing.count) of 20,000, first \(differing.prefix(3))")
        // The stream must be one that can show a fault: every answer often enough.
        #expect(seen.count == 6 && seen.values.allSatisfy { $0 > 200 }, "\(seen)")
    }
}
