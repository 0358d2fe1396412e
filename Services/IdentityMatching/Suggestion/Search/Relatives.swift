import Glibc

/// Other people whom a record's items point at, by where they live: a number, a name or a birth date that is a relative's
/// belongs to somebody of the person's own commune.
///
/// It orders candidates and makes none strong. The less of a coincidence it is that one of those people lives in a
/// candidate's commune, the more it tells: much where few are born on a day, nothing where hundreds are in every commune.
struct Relatives: Sendable {
    /// Those who hold the typed number.
    private(set) var holders: [(ordinal: UInt32, number: PackedNumber, commune: UInt32?)] = []
    /// Communes of those born on the typed day, and of those with the typed name by ear; empty until looked for.
    private(set) var bornThatDay = Communes()
    private(set) var named = Communes()

    /// Above so many under a key they tell nothing.
    private static let most = 1_024

    struct Communes: Sendable {
        /// Sorted.
        private var codes: [UInt32] = []
        private(set) var persons = 0

        var isEmpty: Bool { persons == 0 }

        fileprivate mutating func add(_ family: KeyFamily, _ key: UInt64, _ index: RegisterIndex) {
            let table = index.table(family)
            let range = table.range(key)
            guard range.count <= Relatives.most else { return }
            persons += range.count
            for entry in range {
                if let commune = index.person(table.ordinal(entry)).commune { codes.append(commune) }
            }
        }

        fileprivate mutating func sort() { codes.sort() }

        func contains(_ code: UInt32) -> Bool {
            var (low, high) = (0, codes.count)
            while low < high {
                let middle = (low + high) / 2
                if codes[middle] < code { low = middle + 1 } else { high = middle }
            }
            return low < codes.count && codes[low] == code
        }
    }

    init(_ query: SearchQuery, _ index: RegisterIndex) {
        for form in query.number.forms {
            for ordinal in index.holders(of: form.number) where !holders.contains(where: { $0.ordinal == ordinal }) {
                let person = index.person(ordinal)
                holders.append((ordinal, person.number, person.commune))
            }
        }
    }

    /// Communes of those who hold the typed number.
    var holdersCommunes: [UInt32] { holders.compactMap(\.commune) }

    /// Looks for those born on the typed day and those with the typed name.
    mutating func look(_ query: SearchQuery, _ index: RegisterIndex) {
        guard index.hasCommunes else { return }
        for date in query.date.readings where date.isFull {
            bornThatDay.add(.birthDate, DateNameKeys.birthDate(date), index)
        }
        for reading in query.name.readings.prefix(2) where !reading.words.isEmpty {
            named.add(.name, DateNameKeys.name(reading.keys.sound), index)
        }
        bornThatDay.sort()
        named.sort()
    }

    /// Bits for a person whose name or date is far from what was typed, where it is somebody else's of the commune: instead
    /// of what the level takes.
    func weight(_ scored: ScoredPerson, _ weights: Weights) -> Double {
        guard let commune = scored.person.commune, scored.number.agreement != .ofRelative else { return 0 }
        let relatives = weights.relatives
        var bits = 0.0
        if scored.date.agreement > .twoParts, scored.date.agreement != .absent, bornThatDay.contains(commune) {
            bits = relatives.bits(relatives.birthDate, among: bornThatDay.persons) - scored.dateWeight
        }
        if scored.name.agreement.isOtherPerson, named.contains(commune) {
            bits = max(bits, relatives.bits(relatives.name, among: named.persons) - scored.nameWeight)
        }
        return max(0, bits)
    }
}

/// What a relative's item is worth, made ready for one index.
struct RelativeWeights: Sendable {
    /// The share of records that have a relative's name or birth date.
    let name: Double
    let birthDate: Double
    /// How likely any two persons of the register live in one commune.
    let sameCommune: Double

    /// log2 of how much likelier it is for the record's person than for anybody that one of so many lives in the commune.
    func bits(_ share: Double, among persons: Int) -> Double {
        guard sameCommune > 0 else { return -.infinity }
        return log2(share / min(1, sameCommune * Double(persons)))
    }

    /// From a sample of the register's persons, the same every time.
    static func sameCommune(_ index: RegisterIndex, sample: Int = 4_000) -> Double {
        var random = SplitMix(state: 7)
        var communes: [UInt32: Double] = [:]
        var looked = 0.0
        for _ in 0..<sample {
            let ordinal = UInt32(truncatingIfNeeded: random.next() % UInt64(index.count))
            guard let commune = index.person(ordinal).commune else { continue }
            communes[commune, default: 0] += 1
            looked += 1
        }
        guard looked > 1 else { return 0 }
        let pairs = communes.values.reduce(0) { $0 + $1 * ($1 - 1) }
        // Half a pair more: a sample that happens to hold no two of one commune tells an upper bound.
        return (pairs + 1) / (looked * (looked - 1))
    }
}
