/// Keys on their way into posting tables: parted by family and the first bits of their hash, on disk, so that sorting needs
/// the memory of one part at a time.
///
/// One nameless temporary file in the index's folder holds the parts in chunks; it is gone with the process. An entry is
/// eight bytes: 32 bits of the hash after the part's bits, then the ordinal.
final class KeySpill {
    /// Bits of the hash that choose the part.
    static let partBits: UInt64 = 6
    static let parts = 1 << Int(partBits)
    private static let chunk = 2048

    private let file: NamelessFile
    /// Per family and part: entries not yet written, and where the written chunks are.
    private var waiting: [[UInt64]]
    private var chunks: [[(place: Int, count: Int)]]
    private var counts: [Int]

    init(folder: String) throws(IndexError) {
        file = try NamelessFile(in: folder)
        let slots = (KeyFamily.allCases.count + 1) * Self.parts
        waiting = Array(repeating: [], count: slots)
        chunks = Array(repeating: [], count: slots)
        counts = Array(repeating: 0, count: slots)
    }

    func count(_ family: KeyFamily) -> Int { (0..<Self.parts).reduce(0) { $0 + counts[Self.slot(family, $1)] } }

    private static func slot(_ family: KeyFamily, _ part: Int) -> Int { Int(family.rawValue) << Int(partBits) | part }

    func add(_ family: KeyFamily, _ hash: UInt64, _ ordinal: UInt32) throws(IndexError) {
        let slot = Self.slot(family, Int(hash >> (64 - Self.partBits)))
        waiting[slot].append(hash << Self.partBits & 0xFFFF_FFFF_0000_0000 | UInt64(ordinal))
        counts[slot] += 1
        guard waiting[slot].count == Self.chunk else { return }
        chunks[slot].append((try file.append(waiting[slot]), Self.chunk))
        waiting[slot].removeAll(keepingCapacity: true)
    }

    /// The entries of one part, sorted by hash, then ordinal.
    func sorted(_ family: KeyFamily, _ part: Int) throws(IndexError) -> [UInt64] {
        let slot = Self.slot(family, part)
        var entries: [UInt64] = []
        entries.reserveCapacity(counts[slot])
        for chunk in chunks[slot] { try file.read(chunk.count, at: chunk.place, into: &entries) }
        entries += waiting[slot]
        RadixSort.sort(&entries)
        return entries
    }
}

/// Sorts 64-bit numbers by their bytes, least first; skips bytes that are the same everywhere.
enum RadixSort {
    static func sort(_ values: inout [UInt64]) {
        guard values.count > 256 else {
            values.sort()
            return
        }
        var scratch = [UInt64](repeating: 0, count: values.count)
        var counts = [Int](repeating: 0, count: 2048)
        for pass in 0..<6 {
            let shift = UInt64(11 * pass)
            for index in 0..<2048 { counts[index] = 0 }
            for value in values { counts[Int(value >> shift & 2047)] += 1 }
            if counts.contains(values.count) { continue }
            var place = 0
            for index in 0..<2048 {
                let count = counts[index]
                counts[index] = place
                place += count
            }
            for value in values {
                let bucket = Int(value >> shift & 2047)
                scratch[counts[bucket]] = value
                counts[bucket] += 1
            }
            swap(&values, &scratch)
        }
    }
}
