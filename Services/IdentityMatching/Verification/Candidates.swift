import RecordModel

/// Who a record that is not right could be, as the verdict row keeps it and the finding tells it. Police side only.
struct Candidates: Hashable, Sendable {
    struct Person: Hashable, Sendable {
        let personalID: Int64
        /// In bits: logarithm to base 2 of the odds, as SUGGEST weighed it.
        let weight: Float
    }

    /// How far the first stands out.
    var strength: Strength
    /// Best first, at most `most`.
    var persons: [Person]

    static let most = 5
    /// Looked for, and nobody was found.
    static let nobody = Candidates(strength: .none, persons: [])

    /// As the finding tells it.
    var told: [Candidate] {
        persons.map { Candidate(personalID: IDNumber.text(ofPersonalID: $0.personalID), weight: Double($0.weight)) }
    }

    /// Strength and personal ids: what makes two answers the same. A byte, then eight for each.
    var packedPersons: [UInt8] {
        var bytes = [UInt8(truncatingIfNeeded: strength.rawValue)]
        for person in persons { Self.append(UInt64(bitPattern: person.personalID), 8, to: &bytes) }
        return bytes
    }

    /// The weights in the same order, four bytes each: they change a little with every generation and make no news.
    var packedWeights: [UInt8] {
        var bytes: [UInt8] = []
        for person in persons { Self.append(UInt64(person.weight.bitPattern), 4, to: &bytes) }
        return bytes
    }

    init(strength: Strength, persons: [Person]) {
        self.strength = strength
        self.persons = Array(persons.prefix(Self.most))
    }

    /// Nil for bytes that no version of this service has written.
    init?(packedPersons: [UInt8], packedWeights: [UInt8]) {
        let count = (packedPersons.count - 1) / 8
        guard let first = packedPersons.first, let strength = Strength(rawValue: Int32(first)), count <= Self.most,
            packedPersons.count == 1 + 8 * count, packedWeights.count == 4 * count
        else { return nil }
        self.strength = strength
        persons = (0..<count).map { index in
            let id = Self.number(packedPersons[(1 + 8 * index)..<(9 + 8 * index)])
            let weight = Self.number(packedWeights[(4 * index)..<(4 * index + 4)])
            return Person(
                personalID: Int64(bitPattern: id), weight: Float(bitPattern: UInt32(truncatingIfNeeded: weight)))
        }
    }

    private static func append(_ value: UInt64, _ width: Int, to bytes: inout [UInt8]) {
        for shift in stride(from: 8 * (width - 1), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}

/// A record that is not right, as candidates are looked for.
struct SoughtRecord: Sendable {
    let typed: TypedItems
    /// Of residence, five digits; empty where there is none.
    var commune = ""
    /// The name as the differences have read it; nil where nobody has read it yet.
    var name: PreparedName?
}

/// Where candidates come from. Never decides, never fails: without an index of the generation nothing is found, and that
/// it was not looked is told apart from nobody found.
protocol CandidateSource: Sendable {
    /// The candidates of each record among the persons of the standing generation, in the order of the records; nil where
    /// that generation's index is not at hand.
    func candidates(for records: [SoughtRecord], of standing: StandingRegister) -> [Candidates]?
}
