/// Reading a health certificate of any country: the rules of the EU DCC schema that hold over its versions. Codes of
/// the value sets are not judged: they are versioned, and an unknown one is no forgery.
extension VaccinationCertificate {
    init(reading item: CBOR) throws(PassportRejection) {
        guard case .map = item else { throw PassportRejection(.content, "the health certificate is not a map") }
        let kinds = ["v", "t", "r"].compactMap { kind in item[kind].map { (kind, $0) } }
            .filter { $0.1 != .null && $0.1 != .array([]) }
        guard kinds.count == 1 else { throw PassportRejection(.content, "not exactly one of v, t and r") }
        guard kinds[0].0 == "v" else { throw PassportRejection(.content, "not a vaccination certificate") }
        guard let entries = kinds[0].1.array, entries.count == 1, case .map = entries[0] else {
            throw PassportRejection(.content, "not exactly one vaccination")
        }
        let entry = entries[0]
        guard let name = item["nam"], case .map = name else { throw PassportRejection(.content, "no name") }
        let dob = try Self.text(item, "dob", longest: 10)
        guard Self.isPartialDate(dob) else { throw PassportRejection(.content, "dob is no date") }
        let dt = try Self.text(entry, "dt", longest: 40)
        guard Self.isDate(dt.prefix(10)), dt.utf8.count == 10 || dt.dropFirst(10).first == "T" else {
            throw PassportRejection(.content, "dt is no date")
        }
        self.init(
            familyName: try Self.optional(name, "fn"), givenName: try Self.optional(name, "gn"), dateOfBirth: dob,
            prophylaxis: try Self.text(entry, "vp"), product: try Self.text(entry, "mp"),
            maker: try Self.text(entry, "ma"), doseNumber: try Self.number(entry, "dn"),
            seriesDoses: try Self.number(entry, "sd"), vaccinatedOn: String(dt.prefix(10)),
            country: try Self.text(entry, "co", longest: 10), issuer: try Self.text(entry, "is"),
            certificateID: try Self.text(entry, "ci"))
        version = try Self.text(item, "ver", longest: 20)
        disease = try Self.text(entry, "tg")
        standardFamilyName = try Self.optional(name, "fnt")
        standardGivenName = try Self.optional(name, "gnt")
        guard !standardFamilyName.isEmpty || !standardGivenName.isEmpty else {
            throw PassportRejection(.content, "neither fnt nor gnt")
        }
        for standard in [standardFamilyName, standardGivenName]
        where !standard.utf8.allSatisfy({ (65...90).contains($0) || $0 == 60 }) {
            throw PassportRejection(.content, "fnt or gnt holds other letters than A-Z and <")
        }
    }

    private static func text(_ map: CBOR, _ key: String, longest: Int = 80) throws(PassportRejection) -> String {
        guard let text = map[key]?.text else { throw PassportRejection(.content, "\(key) is missing or no text") }
        guard text.unicodeScalars.count <= longest else { throw PassportRejection(.content, "\(key) is too long") }
        return text
    }

    private static func optional(_ map: CBOR, _ key: String) throws(PassportRejection) -> String {
        guard let value = map[key], value != .null else { return "" }
        return try text(map, key)
    }

    private static func number(_ map: CBOR, _ key: String) throws(PassportRejection) -> Int {
        let value: Int64? =
            switch map[key] {
            case .float(let number)?: Int64(exactly: number)
            case let item?: item.integer
            case nil: nil
            }
        guard let value, value >= 1, value <= 1000 else {
            throw PassportRejection(.content, "\(key) is missing or no dose number")
        }
        return Int(value)
    }

    private static func isPartialDate(_ text: String) -> Bool {
        switch text.utf8.count {
        case 0: true
        case 4: isDate(text + "-01-01")
        case 7: isDate(text + "-01")
        default: isDate(text)
        }
    }

    /// Whether the text is a day of the calendar, `YYYY-MM-DD`.
    private static func isDate(_ text: some StringProtocol) -> Bool {
        let letters = Array(text.utf8)
        guard letters.count == 10, letters[4] == 45, letters[7] == 45 else { return false }
        var digits: [Int] = []
        for (index, letter) in letters.enumerated() where index != 4 && index != 7 {
            guard (48...57).contains(letter) else { return false }
            digits.append(Int(letter) - 48)
        }
        let year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]
        let month = digits[4] * 10 + digits[5]
        let day = digits[6] * 10 + digits[7]
        guard (1...12).contains(month) else { return false }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return day >= 1 && day <= days[month - 1]
    }
}
