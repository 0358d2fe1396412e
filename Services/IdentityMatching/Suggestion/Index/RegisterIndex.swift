/// The index file of one register generation, opened: persons by ordinal, and ordinals by key. Safe from any thread.
///
/// Opening reads the header and checks that every section lies within the file; `verify()` sums up every section. A file
/// that is cut, changed or another version's is refused with an error that names path and reason, never a value.
final class RegisterIndex: Sendable {
    let header: IndexHeader
    let path: String
    let vocabulary: Vocabulary
    /// Whether some person has a residence commune.
    let hasCommunes: Bool
    private let file: MappedFile
    private let persons: Int
    private let texts: IndexHeader.Section
    private let tables: [PostingTable]

    var count: Int { Int(header.persons) }
    /// Bytes of the file.
    var size: Int { file.count }

    /// - Throws: `IndexError`.
    init(path: String) throws(IndexError) {
        let file = try MappedFile(path: path)
        let header = try IndexHeader(file, path: path)
        func damaged(_ reason: String) -> IndexError { .damaged(path: path, reason: reason) }
        guard let persons = header.section(.persons), header.persons > 0, header.persons <= UInt64(UInt32.max),
            persons.length == header.persons * UInt64(PersonRow.size), let texts = header.section(.texts)
        else { throw damaged("its persons are not whole") }
        guard let words = header.section(.vocabulary), words.length <= 1 << 28,
            let vocabulary = Vocabulary(encoded: file.bytes(Int(words.offset), Int(words.length)))
        else { throw damaged("its vocabulary is not whole") }
        var tables: [PostingTable] = []
        for family in KeyFamily.allCases {
            guard let table = PostingTable(header, family, file) else { throw damaged("a table of keys is not whole") }
            tables.append(table)
        }
        hasCommunes = (header.section(.ordinals, family: KeyFamily.communeAndYear.rawValue)?.length ?? 0) > 0
        self.header = header
        self.path = path
        self.vocabulary = vocabulary
        self.file = file
        self.persons = Int(persons.offset)
        self.texts = texts
        self.tables = tables
        // The directories and the persons are read at random places all the time.
        file.willNeed(self.persons, Int(persons.length))
    }

    /// Sums up every section and compares; reads the whole file.
    func verify() throws(IndexError) {
        for section in header.sections {
            var sum = Checksum()
            let end = Int(section.offset + section.length)
            var place = Int(section.offset)
            while place + 8 <= end {
                sum.add(word: file.load(place, as: UInt64.self))
                place += 8
            }
            sum.add(file.bytes(place, end - place)[...])
            guard sum.value == section.checksum else {
                throw .damaged(
                    path: path, reason: "section \(section.kind) \(section.family) does not have its checksum")
            }
        }
    }

    // MARK: Persons

    @inline(__always)
    func person(_ ordinal: UInt32) -> PersonRow {
        PersonRow(file, at: persons + PersonRow.size * min(Int(ordinal), count - 1))
    }

    /// Gives the bytes of the normalised name.
    @inline(__always)
    func withName<Result>(of person: PersonRow, _ body: (Span<UInt8>) -> Result) -> Result {
        var place = Int(texts.offset) + Int(person.textPlace)
        if person.flags.contains(.numberIsText) { place += 1 + Int(file.load(place, as: UInt8.self)) }
        if person.flags.contains(.oldNumberIsText) { place += 1 + Int(file.load(place, as: UInt8.self)) }
        return file.withBytes(place, Int(person.nameLength), body)
    }

    func name(of person: PersonRow) -> String {
        withName(of: person) { name in
            var bytes: [UInt8] = []
            for index in 0..<name.count { bytes.append(name[index]) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// The number as registered.
    func numberText(of person: PersonRow) -> String {
        guard person.flags.contains(.numberIsText) else { return person.number.text ?? "" }
        return text(at: Int(texts.offset) + Int(person.textPlace))
    }

    func oldNumberText(of person: PersonRow) -> String {
        guard person.flags.contains(.oldNumberIsText) else { return person.oldNumber.text ?? "" }
        var place = Int(texts.offset) + Int(person.textPlace)
        if person.flags.contains(.numberIsText) { place += 1 + Int(file.load(place, as: UInt8.self)) }
        return text(at: place)
    }

    private func text(at place: Int) -> String {
        String(decoding: file.bytes(place + 1, Int(file.load(place, as: UInt8.self))), as: UTF8.self)
    }

    // MARK: Keys

    @inline(__always)
    func table(_ family: KeyFamily) -> PostingTable { tables[Int(family.rawValue) - 1] }

    /// Persons under a key, as many as there are.
    func count(_ family: KeyFamily, _ key: UInt64) -> Int { table(family).range(key).count }

    /// Who holds a number, as personal or old number.
    func holders(of number: PackedNumber) -> [UInt32] {
        guard !number.isAbsent else { return [] }
        let table = table(.number)
        return table.range(NumberKeys.whole(number)).map(table.ordinal).filter {
            let person = person($0)
            return person.number == number || person.oldNumber == number
        }
    }

    /// Whether some registered number has this many digits.
    func hasNumbers(ofLength length: Int) -> Bool { length < 32 && header.numberLengths >> UInt32(length) & 1 == 1 }
}
