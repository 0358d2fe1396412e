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
        self.sex = SexMark(typed: sex)
        let born = DateReading(typed: birthDate).best
        // Month before day, where it can be nothing else.
        date = born.isFull && !born.isPossible && born.swapped.isPossible ? born.swapped : born
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
    /// A code of four digits has lost its zero. Any other text is a number above all codes by which only equality can be
    /// seen; nil where there is none.
    static func read(_ text: String) -> UInt32? {
        if text.utf8.count == 5 || text.utf8.count == 4, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
            return UInt32(text)
        }
        let letters = text.utf8.filter { $0 > 0x20 }
        return letters.isEmpty ? nil : other | UInt32(truncatingIfNeeded: Mixing.hash(letters)) & (other - 2)
    }

    /// Whether it is an official code.
    static func isOfficial(_ code: UInt32) -> Bool { code < other }

    private static let other: UInt32 = 1 << 23
}
