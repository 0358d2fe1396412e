/// Gathers persons by key for one record, each once, with a mark of what found them. Buckets above the cap are left out at
/// first: a key that hundreds of persons share tells little, and finer keys cover the same mistakes.
struct Gathering {
    /// What kind of key found a person.
    struct Way: OptionSet, Sendable {
        let rawValue: UInt8
        static let number = Way(rawValue: 1)
        static let dateName = Way(rawValue: 2)
        static let widened = Way(rawValue: 4)
        /// By a key that holds two words of the name at least.
        static let words = Way(rawValue: 8)
    }

    private let index: RegisterIndex
    private let cap: Int
    /// The ordinal above, the ways in the low byte.
    private var found: [UInt64] = []
    private var looked = KeySet()
    private var leftOut: [(family: KeyFamily, key: UInt64, way: Way)] = []

    /// Keys that more persons share than are looked at.
    var keysLeftOut: Int { leftOut.count }

    init(_ index: RegisterIndex, cap: Int) {
        self.index = index
        self.cap = cap
        found.reserveCapacity(1024)
    }

    mutating func begin() {
        found.removeAll(keepingCapacity: true)
        leftOut.removeAll(keepingCapacity: true)
        looked.removeAll()
    }

    /// Adds all under a key; nothing where they are more than the cap.
    mutating func add(_ family: KeyFamily, _ key: UInt64, _ way: Way) {
        guard looked.insert(key) else { return }
        let table = index.table(family)
        let range = table.range(key)
        guard range.count <= cap else {
            leftOut.append((family, key, way))
            return
        }
        for entry in range { found.append(UInt64(table.ordinal(entry)) << 8 | UInt64(way.rawValue)) }
    }

    /// Adds all under a key that is a guess of ours; nothing, and nothing to come back to, where they are more than `most`.
    mutating func addFew(_ family: KeyFamily, _ key: UInt64, _ way: Way, most: Int) {
        guard looked.insert(key) else { return }
        let table = index.table(family)
        let range = table.range(key)
        guard range.count <= most else { return }
        for entry in range { found.append(UInt64(table.ordinal(entry)) << 8 | UInt64(way.rawValue)) }
    }

    /// Adds what was left out, up to a higher cap.
    mutating func addLeftOut(upTo cap: Int) {
        let keys = leftOut
        leftOut.removeAll(keepingCapacity: true)
        for (family, key, way) in keys {
            let table = index.table(family)
            let range = table.range(key)
            guard range.count <= cap else {
                leftOut.append((family, key, way))
                continue
            }
            for entry in range { found.append(UInt64(table.ordinal(entry)) << 8 | UInt64(way.rawValue)) }
        }
    }

    mutating func add(_ ordinal: UInt32, _ way: Way) { found.append(UInt64(ordinal) << 8 | UInt64(way.rawValue)) }

    /// Everybody found so far, once, by ordinal.
    mutating func persons() -> [(ordinal: UInt32, ways: Way)] {
        found.sort()
        var persons: [(ordinal: UInt32, ways: Way)] = []
        persons.reserveCapacity(min(found.count, 64))
        for entry in found {
            let ordinal = UInt32(truncatingIfNeeded: entry >> 8)
            let way = Way(rawValue: UInt8(truncatingIfNeeded: entry))
            if let last = persons.indices.last, persons[last].ordinal == ordinal {
                persons[last].ways.formUnion(way)
            } else {
                persons.append((ordinal, way))
            }
        }
        return persons
    }
}

/// A set of hashes that is emptied in no time.
private struct KeySet {
    private var keys = [UInt64](repeating: 0, count: size)
    private var stamps = [UInt32](repeating: 0, count: size)
    private var stamp: UInt32 = 1
    private var count = 0
    private static let size = 4096

    mutating func removeAll() {
        count = 0
        stamp &+= 1
        if stamp == 0 {
            stamps = [UInt32](repeating: 0, count: Self.size)
            stamp = 1
        }
    }

    /// False where it was in already, or where there is no room left for another.
    mutating func insert(_ key: UInt64) -> Bool {
        guard count < Self.size * 3 / 4 else { return false }
        var place = Int(key & UInt64(Self.size - 1))
        while stamps[place] == stamp {
            if keys[place] == key { return false }
            place = (place + 1) & (Self.size - 1)
        }
        keys[place] = key
        stamps[place] = stamp
        count += 1
        return true
    }
}
