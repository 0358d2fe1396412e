import RecordModel

/// A person as an index takes it: from a generation's table, or from a file whose identifiers may have any form.
struct RegisterEntry: Sendable {
    /// As registered; at most 255 bytes are kept.
    var number: String
    var oldNumber: String
    /// Normalised by the first rule set.
    var name: String
    var sex: SexMark
    var date: DateParts
    /// Five digits, or empty.
    var commune: String

    /// From a row of `register.csv`, read leniently: items may be absent or of any form.
    init(
        number: String, oldNumber: String, name: String, sex: String, birthDate: String, commune: String,
        normaliser: inout NameNormaliser
    ) {
        self.number = number
        self.oldNumber = oldNumber
        self.name = normaliser.normalise(name)
        self.sex = SexMark(SexReading(typed: sex))
        date = DateReading(typed: birthDate).best
        self.commune = commune
    }

    /// From a generation's table.
    init(_ person: IndexedPerson, normaliser: inout NameNormaliser) {
        number = PackedNumber(value: person.personalID, width: 12).text ?? ""
        oldNumber = person.oldID.flatMap { PackedNumber(value: Int64($0), width: 9).text } ?? ""
        name = normaliser.normalise(person.fullName)
        sex = SexMark(person.sex)
        date = DateParts(person.birthDate)
        commune = person.residenceCommune
    }

    /// The commune's code as a number below 2^24 - 1; nil where there is none.
    var communeCode: UInt32? { CommuneCode.read(commune) }
}

/// A commune's official code of five digits as a number.
enum CommuneCode {
    /// Nil for any other text; a code of four digits has lost its zero.
    static func read(_ text: String) -> UInt32? {
        guard text.utf8.count == 5 || text.utf8.count == 4, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return nil
        }
        return UInt32(text)
    }
}
