import Foundation
import RecordModel

@testable import IdentityMatching

/// An index of a few invented persons in a folder of its own.
final class SearchFixture: Sendable {
    let folder: String
    let path: String
    let index: RegisterIndex
    let search: CandidateSearch

    /// Rows: personal id, old id, name, sex, birth date, commune.
    init(_ rows: [(String, String, String, String, String, String)]) throws {
        folder = NSTemporaryDirectory() + "search-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        path = folder + "/register.index"
        try Self.build(rows, at: path)
        index = try RegisterIndex(path: path)
        search = CandidateSearch(index: index)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static func build(_ rows: [(String, String, String, String, String, String)], at path: String) throws {
        var normaliser = NameNormaliser()
        let builder = try IndexBuilder(path: path, generation: 7)
        for row in rows {
            try builder.add(
                RegisterEntry(
                    number: row.0, oldNumber: row.1, name: row.2, sex: row.3, birthDate: row.4, commune: row.5,
                    normaliser: &normaliser))
        }
        try builder.finish()
    }

    func suggest(_ name: String, _ sex: String, _ date: String, _ number: String) -> Suggestion {
        search.suggest(
            TypedItems(
                identity: TypedIdentity(fullName: name, sex: sex, dateOfBirth: date, idNumber: number),
                nationality: "", idKind: ""))
    }
}

/// A small country: names by frequency, numbers by the decree's rule, a household for every five.
struct SmallCountry: Sendable {
    typealias Row = (String, String, String, String, String, String)
    private(set) var rows: [Row] = []

    init(persons: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let surnames = ["Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi"]
        let middles = [["Văn", "Đức", "Hữu", "Minh", "Quốc"], ["Thị", "Thị", "Ngọc", "Thu", "Kim"]]
        let givens = [
            ["Hùng", "Dũng", "Tuấn", "Minh", "Nam", "Long", "Hải", "Sơn", "Tâm", "Bình", "Giang", "Khoa"],
            ["Lan", "Hương", "Hoa", "Linh", "Thúy", "Hằng", "Nga", "Mai", "Hà", "Trang", "Dung", "Xuân"],
        ]
        var used: Set<String> = []
        for person in 0..<persons {
            let sex = Int.random(in: 0...1, using: &random)
            let year = Int.random(in: 1940...2015, using: &random)
            let date = DateParts(
                year: year, month: Int.random(in: 1...12, using: &random), day: Int.random(in: 1...28, using: &random))
            var number = ""
            repeat {
                number =
                    Self.padded(Int.random(in: 1...96, using: &random), 3)
                    + String((year / 100 - 19) * 2 + sex) + Self.padded(year % 100, 2)
                    + Self.padded(Int.random(in: 0...999_999, using: &random), 6)
            } while !used.insert(number).inserted
            let name =
                surnames.randomElement(using: &random)! + " " + middles[sex].randomElement(using: &random)! + " "
                + givens[sex].randomElement(using: &random)!
            let old = year < 2003 ? Self.padded(Int.random(in: 10_000_000...399_999_999, using: &random), 9) : ""
            let day = Self.padded(year, 4) + "-" + Self.padded(date.month, 2) + "-" + Self.padded(date.day, 2)
            rows.append((number, old, name, sex == 0 ? "M" : "F", day, Self.padded(person / 5 % 99_999 + 1, 5)))
        }
    }

    static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
