/// A product of the vaccine value set.
public struct Vaccine: Hashable, Sendable {
    /// Our name for it, e.g. `Comirnaty`.
    public let product: String
    /// Codes of the EU value sets: medicinal product, marketing authorisation holder, prophylaxis.
    public let mp: String
    public let ma: String
    public let vp: String
    /// Doses of the primary course.
    public let primaryCourse: Int
}

/// The vaccine value set with the names under which facilities type each product. Read from `Data/vaccines.txt`.
public struct VaccineCatalogue: Sendable {
    public let products: [Vaccine]
    private let byName: [String: Int]
    /// Names long enough to be recognised inside a longer text ("Pfizer (Hoa Kỳ)").
    private let names: [(name: String, index: Int)]

    public static let standard = VaccineCatalogue(dataFile: PackageResources.vaccines_txt)

    init(dataFile: [UInt8]) {
        var products: [Vaccine] = []
        var byName: [String: Int] = [:]
        for line in dataLines(dataFile) {
            let parts = line.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 6, let course = Int(parts[4]) else { continue }
            for name in parts[5].split(separator: "|") {
                byName[VaccineCatalogue.folded(String(name))] = products.count
            }
            products.append(
                Vaccine(product: parts[0], mp: parts[1], ma: parts[2], vp: parts[3], primaryCourse: course))
        }
        self.products = products
        self.byName = byName
        names = byName.map { ($0.key, $0.value) }.sorted { $0.name.utf8.count > $1.name.utf8.count }
    }

    /// The product meant by what was typed: any case, with the maker's additions; nil where none or two are named.
    public func product(typed: String) -> Vaccine? {
        let text = VaccineCatalogue.folded(typed)
        guard !text.isEmpty else { return nil }
        if let index = byName[text] { return products[index] }
        var found: Int?
        for (name, index) in names where name.utf8.count >= 5 && text.contains(name) {
            if let found, found != index { return nil }
            found = index
        }
        return found.map { products[$0] }
    }

    public func product(named product: String) -> Vaccine? { products.first { $0.product == product } }

    /// Letters and digits only, lower case.
    private static func folded(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.lowercased().unicodeScalars.filter {
                    $0.properties.isAlphabetic || $0.properties.numericType != nil
                }))
    }
}

/// What a typed nationality or country means.
public enum Nationality: Hashable, Sendable {
    /// Empty counts as Viet Nam (`formats.md`).
    case vietnam
    /// ISO 3166 alpha-2.
    case foreign(String)
    /// Names no country.
    case unknown
}

/// Countries by ISO 3166 code, English and Vietnamese name. Read from `Data/countries.txt`.
public struct CountryCatalogue: Sendable {
    private let byName: [String: String]

    public static let standard = CountryCatalogue(dataFile: PackageResources.countries_txt)

    init(dataFile: [UInt8]) {
        var byName: [String: String] = [:]
        for line in dataLines(dataFile) {
            let parts = line.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3 else { continue }
            for name in [parts[0], parts[1]] + parts[2].split(separator: "|").map(String.init) {
                byName[CountryCatalogue.folded(name)] = parts[0]
            }
        }
        self.byName = byName
    }

    /// Case, spaces, hyphens and canonical equivalence aside; diacritics count.
    public func nationality(typed: String) -> Nationality {
        switch typed {
        case "", "VN", "VNM", "Việt Nam", "Viet Nam", "Vietnam": return .vietnam
        default: break
        }
        if typed.unicodeScalars.allSatisfy(\.properties.isWhitespace) { return .vietnam }
        guard let code = byName[CountryCatalogue.folded(typed)] else { return .unknown }
        return code == "VN" ? .vietnam : .foreign(code)
    }

    /// Swift compares strings by canonical equivalence, so NFC and NFD keys are one.
    private static func folded(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.lowercased().unicodeScalars.filter {
                    $0.properties.isAlphabetic || $0.properties.canonicalCombiningClass != .notReordered
                }))
    }
}

private func dataLines(_ bytes: [UInt8]) -> [Substring] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") }
}
