import Foundation

/// The weights of agreement, field by field and level by level (Fellegi and Sunter): how often a record that is a person's
/// shows a level (m), and how often anybody else's record does (u). A level's weight is log2(m/u).
///
/// A table is a file with a version; the one shipped with the service was made by `identity-matching estimate-weights`.
struct WeightTable: Codable, Sendable {
    /// What a level's u is a share of.
    enum Scale: String, Codable, Sendable {
        /// Of pairs.
        case pairs
        /// Persons per record in the whole register: u / N of pairs. Numbers belong to one person each.
        case register
    }

    /// How common the agreeing value is, which makes agreement worth less or more.
    enum Frequency: String, Codable, Sendable {
        case none
        /// The whole name, by ear.
        case whole
        case given
        case surname
        case surnameAndGiven
        case birthDate
    }

    struct Level: Codable, Sendable {
        var level: String
        var m: Double
        var u: Double
        var per: Scale?
        var frequency: Frequency?
    }

    /// The mean frequency of a value among pairs of persons: u belongs to values as common as this.
    struct Means: Codable, Sendable {
        var whole: Double
        var given: Double
        var surname: Double
        var birthDate: Double
    }

    struct Strengths: Codable, Sendable {
        /// Bits that the first candidate must have, prior included, to be strong.
        var strong: Double
        /// Bits between the first and the second.
        var gap: Double
        /// Bits from which the first is more than weak.
        var likely: Double
        /// Bits below which nobody is named.
        var least: Double
    }

    /// Bits for the residence commune, set by hand: it is no item of the check, people move, and whole households share it.
    struct Commune: Codable, Sendable {
        var same: Double
        var differs: Double
        /// Shares of records with a relative's name and with a relative's birth date, set by hand too.
        var relativesName: Double?
        var relativesBirthDate: Double?

        enum CodingKeys: String, CodingKey {
            case same, differs
            case relativesName = "relatives_name"
            case relativesBirthDate = "relatives_birth_date"
        }
    }

    var version: String
    /// How it was made: the data's kind and size, the seed, rounds until it stood.
    var estimated: [String: String]
    /// The share of records whose person is registered.
    var registered: Double
    var strengths: Strengths
    var residenceCommune: Commune
    var means: Means
    var name: [Level]
    var idNumber: [Level]
    var dateOfBirth: [Level]
    var sex: [Level]

    enum CodingKeys: String, CodingKey {
        case version, estimated, registered, strengths, means, name, sex
        case residenceCommune = "residence_commune"
        case idNumber = "id_number"
        case dateOfBirth = "date_of_birth"
    }

    /// The table shipped with the service.
    static let standard: WeightTable = {
        do { return try WeightTable(json: PackageResources.weights_1_json) } catch {
            preconditionFailure("the table of weights in the executable cannot be read: \(error)")
        }
    }()

    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// - Throws: `Unusable` naming field and level that are missing or have no probability.
    init(json: [UInt8]) throws {
        do { self = try JSONDecoder().decode(WeightTable.self, from: Data(json)) } catch {
            throw Unusable(description: "the table of weights is not of the known form: \(error)")
        }
        try check("name", name, NameAgreement.allCases.map { "\($0)" })
        try check("id_number", idNumber, NumberAgreement.allCases.map(\.label))
        try check("date_of_birth", dateOfBirth, DateAgreement.allCases.map(\.label))
        try check("sex", sex, SexAgreement.allCases.map(\.label))
        guard registered > 0, registered <= 1, means.whole > 0, means.given > 0, means.surname > 0, means.birthDate > 0
        else { throw Unusable(description: "registered and means must be above 0") }
    }

    private func check(_ field: String, _ levels: [Level], _ wanted: [String]) throws {
        for name in wanted {
            guard let level = levels.first(where: { $0.level == name }) else {
                throw Unusable(description: "the table of weights has no level \(name) of \(field)")
            }
            guard level.m > 0, level.m <= 1, level.u > 0, level.u.isFinite else {
                throw Unusable(description: "m and u of level \(name) of \(field) must be above 0, m at most 1")
            }
        }
    }

    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try [UInt8](encoder.encode(self)) + [0x0A]
    }
}
