import Foundation

/// `matching.md` §0 once more, written from its words alone with Foundation, slow and without a line of the service:
/// what the service says is compared with it. It knows nothing of tables, sets or groups but their names.
struct ReferenceRule {
    struct Person {
        let personalID: String
        let oldID: String
        let name: String
        let sex: String
        let birthDate: String
    }

    struct Record {
        var name = ""
        var sex = ""
        var birthDate = ""
        var number = ""
        var nationality = ""
    }

    private let byID: [String: [Person]]

    init(_ persons: [Person]) {
        var byID: [String: [Person]] = [:]
        for held in persons {
            let person = Person(
                personalID: held.personalID, oldID: held.oldID, name: Self.comparable(held.name), sex: held.sex,
                birthDate: held.birthDate)
            byID[person.personalID, default: []].append(person)
            if !person.oldID.isEmpty { byID[person.oldID, default: []].append(person) }
        }
        self.byID = byID
    }

    /// `outcome group`.
    func answer(_ record: Record) -> String {
        // §0.1
        let country = Self.words(record.nationality).lowercased().precomposedStringWithCanonicalMapping
        if !["", "vn", "vnm", "viet nam", "việt nam"].contains(country) {
            return ["us", "usa", "lào", "japan"].contains(country) ? "exempt none" : "cannot-verify missing-item"
        }
        // §0.2 numbers, §0.3
        let number = Self.digitsNarrowed(Self.visible(record.number)).filter { !$0.isWhitespace && $0 != "." }
        if number.isEmpty { return "cannot-verify no-id" }
        guard number.range(of: "^([0-9]{12}|[0-9]{9})$", options: .regularExpression) != nil else {
            return "cannot-verify bad-format"
        }
        let name = Self.comparable(record.name)
        guard !name.isEmpty, let sex = Self.sex(record.sex), let date = Self.date(record.birthDate) else {
            return "cannot-verify missing-item"
        }
        // §0.4
        let isRight = (byID[number] ?? []).contains { person in
            (person.personalID == number || person.oldID == number) && person.sex == sex && person.birthDate == date
                && person.name.unicodeScalars.elementsEqual(name.unicodeScalars)
        }
        return isRight ? "right none" : "wrong verified-wrong"
    }

    private static func visible(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.properties.generalCategory != .format }))
    }

    private static func digitsNarrowed(_ text: String) -> String {
        var text = text
        guard text.unicodeScalars.contains(where: { $0.value >= 0xFF10 && $0.value <= 0xFF19 }) else { return text }
        for (wide, narrow) in zip("０１２３４５６７８９", "0123456789") {
            text = text.replacingOccurrences(of: String(wide), with: String(narrow))
        }
        return text
    }

    private static func words(_ text: String) -> String {
        visible(text).unicodeScalars.split(whereSeparator: \.properties.isWhitespace).map { String($0) }
            .joined(separator: " ")
    }

    private static func comparable(_ name: String) -> String {
        var text = visible(name).precomposedStringWithCanonicalMapping
        text = text.replacingOccurrences(of: "Ð", with: "Đ", options: .literal)
        for apostrophe in ["\u{2019}", "\u{2BC}", "\u{60}", "\u{B4}"] {
            text = text.replacingOccurrences(of: apostrophe, with: "'", options: .literal)
        }
        text = words(digitsNarrowed(text)).lowercased().precomposedStringWithCanonicalMapping
        return tonePairs.reduce(text) { text, pair in
            guard text.unicodeScalars.contains(pair.old.unicodeScalars) else { return text }
            return text.replacingOccurrences(
                of: "(?<!q)\(pair.old)(?![\\p{L}\\p{M}])", with: pair.new, options: .regularExpression)
        }
    }

    /// òa → oà and so on, written out.
    private static let tonePairs: [(old: String, new: String)] = [
        ("òa", "oà"), ("ỏa", "oả"), ("õa", "oã"), ("óa", "oá"), ("ọa", "oạ"), ("òe", "oè"), ("ỏe", "oẻ"), ("õe", "oẽ"),
        ("óe", "oé"), ("ọe", "oẹ"), ("ùy", "uỳ"), ("ủy", "uỷ"), ("ũy", "uỹ"), ("úy", "uý"), ("ụy", "uỵ"),
    ]

    private static func sex(_ typed: String) -> String? {
        switch words(digitsNarrowed(typed)).lowercased().precomposedStringWithCanonicalMapping {
        case "m", "nam", "0": "M"
        case "f", "nữ", "1": "F"
        default: nil
        }
    }

    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? .current
        return calendar
    }()

    private static func date(_ typed: String) -> String? {
        let text = words(digitsNarrowed(typed))
        let parts: [Int]
        if text.range(of: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", options: .regularExpression) != nil {
            parts = text.split(separator: "-").compactMap { Int($0) }
        } else if text.range(of: "^[0-9]{2}/[0-9]{2}/[0-9]{4}$", options: .regularExpression) != nil {
            parts = text.split(separator: "/").compactMap { Int($0) }.reversed()
        } else {
            return nil
        }
        let wanted = DateComponents(year: parts[0], month: parts[1], day: parts[2])
        guard parts[0] >= 1, let moment = calendar.date(from: wanted),
            calendar.dateComponents([.year, .month, .day], from: moment) == wanted
        else { return nil }
        return String(format: "%04d-%02d-%02d", parts[0], parts[1], parts[2])
    }
}
