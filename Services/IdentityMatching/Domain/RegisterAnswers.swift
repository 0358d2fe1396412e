import RecordModel

/// The numbers of a batch that the register is asked for, each once and in order: neighbouring numbers are found on
/// neighbouring pages.
struct AskedNumbers: Sendable {
    /// Personal ids in order, then old numbers in order, as `RegisterAnswers` keys persons.
    let keys: [Int64]
    /// How many of the keys are personal ids.
    let personalCount: Int
    /// For each number of the batch the place of its key; -1 where there is none.
    let places: [Int32]

    private static let firstOld: Int64 = 1_000_000_000_000

    static func key(ofOld id: Int32) -> Int64 { firstOld + Int64(id) }

    /// Nil for a number that nobody can hold.
    static func key(of number: IDNumber) -> Int64? {
        switch number {
        case .personal(let id): id
        case .old(let id): key(ofOld: id)
        case .absent, .malformed: nil
        }
    }

    /// At most 2^24 numbers; more are a fault of the caller.
    init(_ numbers: some Collection<IDNumber>) {
        precondition(numbers.count <= 1 << 24, "too many numbers for one batch")
        // A key has at most 40 bits: with the place in the batch below it, one integer sorts both.
        var entries: [UInt64] = []
        entries.reserveCapacity(numbers.count)
        for (index, number) in numbers.enumerated() {
            if let key = Self.key(of: number) { entries.append(UInt64(key) << 24 | UInt64(index)) }
        }
        RadixSort.sort(&entries)
        var keys: [Int64] = []
        keys.reserveCapacity(entries.count)
        var places = [Int32](repeating: -1, count: numbers.count)
        for entry in entries {
            let key = Int64(entry >> 24)
            if keys.last != key { keys.append(key) }
            places[Int(entry & 0xFF_FFFF)] = Int32(keys.count - 1)
        }
        personalCount = keys.firstIndex { $0 >= Self.firstOld } ?? keys.count
        self.keys = keys
        self.places = places
    }

    var personalIDs: ArraySlice<Int64> { keys[..<personalCount] }
    var oldIDs: some Collection<Int32> {
        keys[personalCount...].lazy.map { Int32(truncatingIfNeeded: $0 - Self.firstOld) }
    }
}

/// The persons who hold the numbers of a batch, as the register has them: names are not normalised here, so that any rule
/// set can judge by them. One buffer holds all names.
struct RegisterAnswers: Sendable {
    /// A person, as far as VERIFY needs it.
    struct Person: Sendable {
        /// The number that the person was found by, as `AskedNumbers` keys it.
        let key: Int64
        let personalID: Int64
        let sex: Sex
        let birthDate: CalendarDate
        /// The personal id whose key the person keeps: another than `personalID` only where the number was changed.
        let keyID: Int64
        fileprivate let name: Range<Int>
    }

    /// By key, then by personal id: of twins in everything the first answers.
    private var persons: [Person] = []
    private var names: [UInt8] = []
    private let asked: AskedNumbers
    /// Where the persons of each asked key are.
    private var ranges: [Range<Int32>] = []

    /// Nobody is found yet.
    init(to asked: AskedNumbers) {
        self.asked = asked
        persons.reserveCapacity(asked.keys.count)
        names.reserveCapacity(asked.keys.count * 28)
    }

    /// Adds a person found by an asked key; `writeName` appends the name as the register has it, in UTF-8.
    mutating func add(
        key: Int64, personalID: Int64, sex: Sex, birthDate: CalendarDate, keyID: Int64,
        writeName: (inout [UInt8]) -> Void
    ) {
        let start = names.count
        writeName(&names)
        persons.append(
            Person(
                key: key, personalID: personalID, sex: sex, birthDate: birthDate, keyID: keyID,
                name: start..<names.count))
    }

    /// All have been added: puts them in order.
    mutating func complete() {
        func precedes(_ one: Person, _ other: Person) -> Bool {
            (one.key, one.personalID) < (other.key, other.personalID)
        }
        let isInOrder = persons.indices.dropFirst().allSatisfy { !precedes(persons[$0], persons[$0 - 1]) }
        if !isInOrder { persons.sort(by: precedes) }
        ranges.reserveCapacity(asked.keys.count)
        var next = 0
        for key in asked.keys {
            while next < persons.count, persons[next].key < key { next += 1 }
            let start = next
            while next < persons.count, persons[next].key == key { next += 1 }
            ranges.append(Int32(start)..<Int32(next))
        }
    }

    /// Who holds a number of the batch, by the number's place in the batch.
    func holders(at index: Int) -> Range<Int> {
        let place = Int(asked.places[index])
        if place < 0 { return 0..<0 }
        let range = ranges[place]
        return Int(range.lowerBound)..<Int(range.upperBound)
    }

    subscript(holder: Int) -> Person { persons[holder] }

    /// The name as the register has it, UTF-8.
    func withName<R>(of person: Person, _ body: (Span<UInt8>) -> R) -> R { body(names.span.extracting(person.name)) }
}
