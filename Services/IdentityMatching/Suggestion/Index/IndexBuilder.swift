import Glibc

/// Writes the index file of a generation from its persons, in any order and number, with bounded memory.
///
/// Memory: some 60 MB of buffers, the vocabulary, and one part of one key family while it is sorted (N/64 keys of 16 bytes).
/// Disk beside the file: some 160 bytes a person, gone when the build ends. The file is written as `PATH.building`, made
/// to last, and renamed: whoever opens PATH finds a whole index or none.
///
/// - Errors: `IndexError`; the half file is removed.
final class IndexBuilder {
    private let output: IndexOutput
    private let spill: KeySpill
    private let generation: Int32
    private let ruleVersion: String
    private var persons: SectionWriter
    private var texts: [UInt8] = []
    private let textSpill: NamelessFile
    private var textLength: UInt64 = 0
    private var count: UInt32 = 0
    private var numberLengths: UInt32 = 0
    private var vocabulary = VocabularyCounter()
    private var names = RegisterNameReader()
    private var normaliser = NameNormaliser()
    private var row: [UInt8] = []

    /// - Parameters:
    ///   - path: the file's name once it is whole.
    ///   - generation: the register's generation, kept in the header.
    ///   - ruleVersion: the rule set that normalised the names.
    init(path: String, generation: Int32, ruleVersion: String = RuleSet.first.version) throws(IndexError) {
        output = try IndexOutput(path: path)
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let place = folder.isEmpty ? (path.utf8.first == 0x2F ? "/" : ".") : folder
        spill = try KeySpill(folder: place)
        textSpill = try NamelessFile(in: place)
        self.generation = generation
        self.ruleVersion = ruleVersion
        persons = SectionWriter(output, at: IndexHeader.size)
    }

    /// Adds persons of a generation's table.
    func add(_ persons: [IndexedPerson]) throws(IndexError) {
        for person in persons { try add(RegisterEntry(person, normaliser: &normaliser)) }
    }

    /// Adds one person; a person without a number is taken too.
    func add(_ entry: RegisterEntry) throws(IndexError) {
        guard count < UInt32.max else { throw .tooManyPersons }
        let number = PackedNumber(cleaned: NumberCleaning.clean(entry.number))
        let oldNumber = PackedNumber(cleaned: NumberCleaning.clean(entry.oldNumber))
        let name = Self.shortened(entry.name)
        let keys = name.isEmpty ? NameKeys() : names.keys(name.span)
        if !name.isEmpty { vocabulary.add(names.foldedWords(name.span)) }
        try addKeys(number, oldNumber, entry.date, keys, entry.communeCode)
        var flags: PersonRow.Flags = []
        let place = textLength
        if number.text ?? "" != entry.number {
            flags.insert(.numberIsText)
            appendText(entry.number)
        }
        if oldNumber.text ?? "" != entry.oldNumber {
            flags.insert(.oldNumberIsText)
            appendText(entry.oldNumber)
        }
        texts.append(contentsOf: name)
        textLength = flushedTexts + UInt64(texts.count)
        let person = PersonRow(
            number: number, oldNumber: oldNumber, date: entry.date, sex: entry.sex, textPlace: place,
            nameLength: UInt8(name.count), commune: entry.communeCode,
            givenMark: UInt8(truncatingIfNeeded: keys.given >> 24),
            otherMark: UInt8(truncatingIfNeeded: keys.surnameAndMiddle >> 24), flags: flags)
        row.removeAll(keepingCapacity: true)
        person.write(to: &row)
        try persons.append(row)
        if texts.count >= 1 << 18 { try flushTexts() }
        count += 1
    }

    // MARK: Texts

    private var flushedTexts: UInt64 = 0

    private func appendText(_ text: String) {
        let kept = text.utf8.prefix(255)
        texts.append(UInt8(kept.count))
        texts.append(contentsOf: kept)
    }

    private func flushTexts() throws(IndexError) {
        flushedTexts += UInt64(texts.count)
        try textSpill.append(texts)
        texts.removeAll(keepingCapacity: true)
    }

    /// At most 255 bytes, cut between characters.
    private static func shortened(_ name: String) -> [UInt8] {
        let bytes = Array(name.utf8)
        guard bytes.count > 255 else { return bytes }
        var end = 255
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return Array(bytes[..<end])
    }

    // MARK: Keys

    private func addKeys(
        _ number: PackedNumber, _ oldNumber: PackedNumber, _ date: DateParts, _ name: NameKeys, _ commune: UInt32?
    ) throws(IndexError) {
        var failure: IndexError?
        let ordinal = count
        func add(_ family: KeyFamily, _ hash: UInt64) {
            do throws(IndexError) { try spill.add(family, hash, ordinal) } catch { failure = error }
        }
        for held in [number, oldNumber] where !held.isAbsent {
            add(.number, NumberKeys.whole(held))
            NumberKeys.parts(held, add)
        }
        if number.length > 0 { numberLengths |= 1 << UInt32(number.length) }
        if oldNumber.length > 0 { numberLengths |= 1 << UInt32(oldNumber.length) }
        DateNameKeys.all(date, name, commune, add)
        if let failure { throw failure }
    }

    // MARK: The end

    /// Sorts the keys, writes header and checksums, and gives the file its name.
    ///
    /// - Returns: the number of persons.
    /// - Throws: `IndexError.empty` for no person at all.
    @discardableResult
    func finish() throws(IndexError) -> Int {
        guard count > 0 else { throw .empty }
        try persons.flush()
        var sections = [
            section(.persons, start: persons.start, length: persons.length, entries: Int(count), sum: persons.sum)
        ]
        var place = Self.aligned(persons.start + persons.length)
        var writer = SectionWriter(output, at: place)
        try flushTexts()
        for start in stride(from: 0, to: textSpill.end, by: 1 << 18) {
            var piece: [UInt8] = []
            try textSpill.read(min(1 << 18, textSpill.end - start), at: start, into: &piece)
            try writer.append(piece)
        }
        try writer.flush()
        sections.append(section(.texts, start: place, length: writer.length, entries: Int(count), sum: writer.sum))
        place = Self.aligned(place + writer.length)
        let words = vocabulary.vocabulary
        writer = SectionWriter(output, at: place)
        try writer.append(words.encoded())
        try writer.flush()
        sections.append(
            section(.vocabulary, start: place, length: writer.length, entries: words.words.count, sum: writer.sum))
        place = Self.aligned(place + writer.length)
        for family in KeyFamily.allCases {
            let table = PostingTableWriter(spill: spill, family: family, output: output)
            let written = try table.write(at: place)
            sections += written.sections
            place = Self.aligned(written.end)
        }
        let header = IndexHeader(
            generation: generation, ruleVersion: ruleVersion, persons: UInt64(count), created: Int64(time(nil)),
            fileLength: UInt64(place), numberLengths: numberLengths, sections: sections)
        try output.extend(to: place)
        try output.write(header.encoded()[...], at: 0)
        try output.finish()
        return Int(count)
    }

    private func section(
        _ kind: IndexHeader.SectionKind, start: Int, length: Int, entries: Int, sum: UInt64
    ) -> IndexHeader.Section {
        IndexHeader.Section(
            kind: kind, offset: UInt64(start), length: UInt64(length), entries: UInt64(entries), checksum: sum)
    }

    private static func aligned(_ place: Int) -> Int { (place + 63) / 64 * 64 }
}
