/// The table of one key family: hash → persons.
///
/// ```
/// directory      4 bytes for each of 2^b buckets (the first b bits of the hash) and the end: where the bucket begins
/// fingerprints   2 bytes an entry: the next 16 bits; sorted within a bucket
/// ordinals       4 bytes an entry: the person's place in the persons' section; sorted within equal fingerprints
/// ```
/// A look-up reads one place of the directory, searches the bucket's fingerprints and gives the range of entries.
struct PostingTable: Sendable {
    private let file: MappedFile
    private let directory: Int
    private let fingerprints: Int
    private let ordinals: Int
    private let bits: UInt64
    private let entries: Int

    /// Bits of a hash that a table can tell apart: the parts' bits and the 32 bits kept of the rest.
    static let usableBits = KeySpill.partBits + 32
    static let fingerprintBits: UInt64 = 16

    /// Nil where the sections do not belong together.
    init?(_ header: IndexHeader, _ family: KeyFamily, _ file: MappedFile) {
        guard let directory = header.section(.directory, family: family.rawValue),
            let fingerprints = header.section(.fingerprints, family: family.rawValue),
            let ordinals = header.section(.ordinals, family: family.rawValue),
            directory.directoryBits >= 1, UInt64(directory.directoryBits) <= Self.usableBits - Self.fingerprintBits,
            directory.length == 4 * ((1 << UInt64(directory.directoryBits)) + 1),
            fingerprints.length == 2 * fingerprints.entries, ordinals.length == 4 * fingerprints.entries
        else { return nil }
        self.file = file
        self.directory = Int(directory.offset)
        self.fingerprints = Int(fingerprints.offset)
        self.ordinals = Int(ordinals.offset)
        bits = UInt64(directory.directoryBits)
        entries = Int(fingerprints.entries)
    }

    /// The entries under a hash.
    @inline(__always)
    func range(_ hash: UInt64) -> Range<Int> {
        let bucket = Int(hash >> (64 - bits))
        let start = min(entries, Int(file.load(directory + 4 * bucket, as: UInt32.self)))
        let end = min(entries, Int(file.load(directory + 4 * bucket + 4, as: UInt32.self)))
        guard start < end else { return 0..<0 }
        let wanted = UInt16(truncatingIfNeeded: hash >> (64 - bits - Self.fingerprintBits))
        let first = lowerBound(wanted, start, end)
        guard first < end, fingerprint(first) == wanted else { return 0..<0 }
        var last = first + 1
        while last < end, last < first + 8, fingerprint(last) == wanted { last += 1 }
        if last == first + 8, last < end, fingerprint(last) == wanted {
            last = wanted == .max ? end : lowerBound(wanted + 1, last, end)
        }
        return first..<last
    }

    @inline(__always)
    func ordinal(_ entry: Int) -> UInt32 { file.load(ordinals + 4 * entry) }

    @inline(__always)
    private func fingerprint(_ entry: Int) -> UInt16 { file.load(fingerprints + 2 * entry) }

    @inline(__always)
    private func lowerBound(_ wanted: UInt16, _ start: Int, _ end: Int) -> Int {
        var low = start
        var high = end
        while low < high {
            let middle = (low + high) / 2
            if fingerprint(middle) < wanted { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Writes a family's table from its sorted parts.
struct PostingTableWriter {
    let spill: KeySpill
    let family: KeyFamily
    let output: IndexOutput

    /// - Returns: the three sections and where they end.
    func write(at start: Int) throws(IndexError) -> (sections: [IndexHeader.Section], end: Int) {
        let entries = spill.count(family)
        guard entries <= Int(UInt32.max) else { throw .tooManyPersons }
        let bits = Self.directoryBits(entries)
        let buckets = 1 << Int(bits)
        let directoryLength = 4 * (buckets + 1)
        let fingerprintsAt = (start + directoryLength + 63) / 64 * 64
        let ordinalsAt = (fingerprintsAt + 2 * entries + 63) / 64 * 64
        var directory = SectionWriter(output, at: start)
        var fingerprints = SectionWriter(output, at: fingerprintsAt)
        var ordinals = SectionWriter(output, at: ordinalsAt)
        var entry: UInt32 = 0
        var nextBucket = 0
        for part in 0..<KeySpill.parts {
            for packed in try spill.sorted(family, part) {
                let hash = UInt64(part) << (64 - KeySpill.partBits) | (packed >> 32) << (32 - KeySpill.partBits)
                let bucket = Int(hash >> (64 - bits))
                while nextBucket <= bucket {
                    try directory.append(entry)
                    nextBucket += 1
                }
                try fingerprints.append(UInt16(truncatingIfNeeded: hash >> (64 - bits - PostingTable.fingerprintBits)))
                try ordinals.append(UInt32(truncatingIfNeeded: packed))
                entry += 1
            }
        }
        while nextBucket <= buckets {
            try directory.append(entry)
            nextBucket += 1
        }
        try directory.flush()
        try fingerprints.flush()
        try ordinals.flush()
        func section(_ kind: IndexHeader.SectionKind, _ writer: SectionWriter) -> IndexHeader.Section {
            IndexHeader.Section(
                kind: kind, family: family.rawValue, directoryBits: UInt8(bits), offset: UInt64(writer.start),
                length: UInt64(writer.length), entries: UInt64(entries), checksum: writer.sum)
        }
        return (
            [section(.directory, directory), section(.fingerprints, fingerprints), section(.ordinals, ordinals)],
            ordinalsAt + ordinals.length
        )
    }

    /// Some sixteen entries a bucket.
    private static func directoryBits(_ entries: Int) -> UInt64 {
        var bits: UInt64 = KeySpill.partBits
        while entries >> Int(bits) > 16, bits < PostingTable.usableBits - PostingTable.fingerprintBits { bits += 1 }
        return bits
    }
}
