/// The first page of an index file, and where its sections are.
///
/// ```
/// 0     magic "TCIDX" + format version (8 bytes)      40    number of sections
/// 8     version of the keys' code                     44    lengths of numbers that occur, one bit each
/// 12    generation                                    48    rule version, 16 bytes, zero filled
/// 16    persons                                       64    sections, 40 bytes each
/// 24    created, seconds since 1970                   4088  checksum of the bytes before
/// 32    length of the file
/// ```
/// All numbers are little endian. A section: kind, key family, offset, length, entries, bits of its directory, checksum.
struct IndexHeader: Equatable, Sendable {
    static let size = 4096
    static let magic: UInt64 = 0x0001_0000_5844_4943  // "CIDX", format 1
    /// Steps whenever the keys' or the names' code makes other keys of the same person: such a file is built again.
    static let keysVersion: UInt32 = 1

    enum SectionKind: UInt8, Sendable {
        case persons = 1
        case texts = 2
        case vocabulary = 3
        case directory = 4
        case fingerprints = 5
        case ordinals = 6
        case statistics = 7
    }

    struct Section: Equatable, Sendable {
        var kind: SectionKind
        /// The key family of a posting table's parts; 0 otherwise.
        var family: UInt8 = 0
        /// Bits of a hash that choose the bucket.
        var directoryBits: UInt8 = 0
        var offset: UInt64
        var length: UInt64
        var entries: UInt64
        var checksum: UInt64
    }

    var generation: Int32
    var ruleVersion: String
    var persons: UInt64
    var created: Int64
    var fileLength: UInt64
    var numberLengths: UInt32
    var sections: [Section]

    func section(_ kind: SectionKind, family: UInt8 = 0) -> Section? {
        sections.first { $0.kind == kind && $0.family == family }
    }

    // MARK: Writing

    func encoded() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        put(Self.magic, 0, &bytes)
        put(Self.keysVersion, 8, &bytes)
        put(UInt32(bitPattern: generation), 12, &bytes)
        put(persons, 16, &bytes)
        put(UInt64(bitPattern: created), 24, &bytes)
        put(fileLength, 32, &bytes)
        put(UInt32(sections.count), 40, &bytes)
        put(numberLengths, 44, &bytes)
        for (index, byte) in ruleVersion.utf8.prefix(16).enumerated() { bytes[48 + index] = byte }
        for (index, section) in sections.enumerated() {
            let place = 64 + 40 * index
            bytes[place] = section.kind.rawValue
            bytes[place + 1] = section.family
            bytes[place + 2] = section.directoryBits
            put(section.offset, place + 8, &bytes)
            put(section.length, place + 16, &bytes)
            put(section.entries, place + 24, &bytes)
            put(section.checksum, place + 32, &bytes)
        }
        put(Checksum.of(bytes[..<(Self.size - 8)]), Self.size - 8, &bytes)
        return bytes
    }

    private func put<Value: FixedWidthInteger>(_ value: Value, _ place: Int, _ bytes: inout [UInt8]) {
        for index in 0..<(Value.bitWidth / 8) {
            bytes[place + index] = UInt8(truncatingIfNeeded: value >> Value(8 * index))
        }
    }

    // MARK: Reading

    /// - Throws: `foreign` for another magic, format or version of keys; `damaged` for a wrong checksum or a section that leaves
    ///   the file.
    init(_ file: MappedFile, path: String) throws(IndexError) {
        guard file.count >= Self.size else { throw .foreign(path: path, reason: "it is shorter than a header") }
        let magic = file.load(0, as: UInt64.self)
        guard magic == Self.magic else {
            throw .foreign(
                path: path,
                reason: magic & 0xFFFF_FFFF == Self.magic & 0xFFFF_FFFF
                    ? "its format is version \(magic >> 48), not \(Self.magic >> 48)" : "it does not begin like one")
        }
        let head = file.bytes(0, Self.size - 8)
        guard Checksum.of(head[...]) == file.load(Self.size - 8, as: UInt64.self) else {
            throw .damaged(path: path, reason: "its header does not have the header's checksum")
        }
        let keys = file.load(8, as: UInt32.self)
        guard keys == Self.keysVersion else {
            throw .foreign(path: path, reason: "its keys are version \(keys), not \(Self.keysVersion)")
        }
        generation = Int32(bitPattern: file.load(12))
        persons = file.load(16)
        created = Int64(bitPattern: file.load(24))
        fileLength = file.load(32)
        guard fileLength == UInt64(file.count) else {
            throw .damaged(path: path, reason: "it has not the length that its header says")
        }
        numberLengths = file.load(44)
        ruleVersion = String(decoding: file.bytes(48, 16).prefix { $0 != 0 }, as: UTF8.self)
        sections = []
        let count = Int(file.load(40, as: UInt32.self))
        guard count <= (Self.size - 72) / 40 else {
            throw .damaged(path: path, reason: "its header lists too many sections")
        }
        for index in 0..<count {
            let place = 64 + 40 * index
            guard let kind = SectionKind(rawValue: file.load(place)) else {
                throw .damaged(path: path, reason: "its header lists a section of no known kind")
            }
            let section = Section(
                kind: kind, family: file.load(place + 1), directoryBits: file.load(place + 2),
                offset: file.load(place + 8), length: file.load(place + 16), entries: file.load(place + 24),
                checksum: file.load(place + 32))
            guard section.offset <= UInt64(file.count), section.length <= UInt64(file.count) - section.offset else {
                throw .damaged(path: path, reason: "it is shorter than its header says")
            }
            sections.append(section)
        }
    }

    init(
        generation: Int32, ruleVersion: String, persons: UInt64, created: Int64, fileLength: UInt64,
        numberLengths: UInt32, sections: [Section]
    ) {
        self.generation = generation
        self.ruleVersion = ruleVersion
        self.persons = persons
        self.created = created
        self.fileLength = fileLength
        self.numberLengths = numberLengths
        self.sections = sections
    }
}
