import Cryptography
import RecordModel

/// What a passport shows of one dose: the record's own words in the codes of the value sets.
struct PassportFace: Sendable, Equatable {
    /// Why a record cannot be shown.
    enum Problem: String, Error, Sendable, Equatable {
        case name = "the name cannot be written in a passport"
        case dateOfBirth = "the birth date is no date"
        case vaccine = "the vaccine is in no value set"
        case injectedOn = "the injection date is no date"
        case doseNumber = "the dose number is no number"
        case country = "the country is unknown"
    }

    var familyName: String
    var givenName: String
    var dateOfBirth: CalendarDate
    var vaccine: Vaccine
    var doseNumber: Int
    var injectedOn: CalendarDate
    var country: String

    /// Reads a record as signed.
    init(_ record: ShownRecord) throws(Problem) {
        (familyName, givenName) = PassportFace.names(of: record)
        let standard = MachineReadableName.transliterate(familyName) + MachineReadableName.transliterate(givenName)
        guard !standard.isEmpty else { throw .name }
        guard let dateOfBirth = TypedDate.read(record.dateOfBirth) else { throw .dateOfBirth }
        guard let vaccine = VaccineCatalogue.standard.product(named: record.vaccine) else { throw .vaccine }
        guard let injectedOn = CalendarDate(iso: record.injectedOn) else { throw .injectedOn }
        guard record.doseNumber >= 1, record.doseNumber <= 99 else { throw .doseNumber }
        switch CountryCatalogue.standard.nationality(typed: record.givenCountry) {
        case .vietnam: country = "VN"
        case .foreign(let code): country = code
        case .unknown: throw .country
        }
        self.dateOfBirth = dateOfBirth
        self.vaccine = vaccine
        self.injectedOn = injectedOn
        doseNumber = Int(record.doseNumber)
    }

    /// Họ is the first word of a Vietnamese name, đệm and tên the rest; a foreigner's parts are typed apart. Whoever
    /// has one name has it as family name: schema 1.3.0 requires that one.
    private static func names(of record: ShownRecord) -> (String, String) {
        let surname = MachineReadableName.display(record.surname)
        let given = MachineReadableName.display(record.givenNames)
        if case .foreign = CountryCatalogue.standard.nationality(typed: record.nationality), !surname.isEmpty {
            return (cut(surname), cut(given))
        }
        let words = MachineReadableName.display(record.fullName).split(separator: " ", maxSplits: 1)
        return (cut(words.first.map(String.init) ?? ""), cut(words.count > 1 ? String(words[1]) : ""))
    }

    /// The schema allows 80 characters.
    private static func cut(_ name: String) -> String {
        name.unicodeScalars.count <= 80 ? name : String(String.UnicodeScalarView(name.unicodeScalars.prefix(80)))
    }

    /// What the record alone says, as bytes: if this changes, a passport that shows the old was false.
    var shownHash: [UInt8] { Array(SHA256.hash(shown).prefix(16)) }

    /// With what the line and the value sets add: if only this changes, a passport is superseded, not false.
    func faceHash(seriesDoses: Int, issuer: String) -> [UInt8] {
        let added = bytes(of: [vaccine.vp, vaccine.mp, vaccine.ma, String(seriesDoses), issuer])
        return Array(SHA256.hash(shown, added).prefix(16))
    }

    private var shown: [UInt8] {
        bytes(of: [
            familyName, givenName, dateOfBirth.iso, vaccine.product, String(doseNumber), injectedOn.iso, country,
        ])
    }

    private func bytes(of parts: [String]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(160)
        for part in parts {
            bytes.append(contentsOf: part.utf8)
            bytes.append(0)
        }
        return bytes
    }

    /// The certificate's content.
    func certificate(seriesDoses: Int, issuer: String, certificateID: String) -> VaccinationCertificate {
        VaccinationCertificate(
            familyName: familyName, givenName: givenName, dateOfBirth: dateOfBirth.iso, prophylaxis: vaccine.vp,
            product: vaccine.mp, maker: vaccine.ma, doseNumber: doseNumber, seriesDoses: seriesDoses,
            vaccinatedOn: injectedOn.iso, country: country, issuer: issuer, certificateID: certificateID)
    }
}

/// Dates as facilities type them: `YYYY-MM-DD` or `dd/MM/yyyy`, day first, never month first.
enum TypedDate {
    static func read(_ typed: String) -> CalendarDate? {
        var text: [UInt8] = []
        for scalar in typed.unicodeScalars {
            switch scalar.value {
            case 0x21...0x7e: text.append(UInt8(scalar.value))
            case 0xff10...0xff19: text.append(UInt8(scalar.value - 0xff10 + 0x30))
            default:
                // Spaces and invisible characters are entry dirt around a date; anything else is none.
                guard scalar.properties.isWhitespace || scalar.properties.generalCategory == .format else {
                    return nil
                }
            }
        }
        let plain = String(decoding: text, as: UTF8.self)
        if let date = CalendarDate(iso: plain) { return date }
        let parts = plain.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, (1...2).contains(parts[0].utf8.count), (1...2).contains(parts[1].utf8.count),
            parts[2].utf8.count == 4, parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let day = Int(parts[0]), let month = Int(parts[1]), let year = Int(parts[2])
        else { return nil }
        return CalendarDate(year: year, month: month, day: day)
    }
}
