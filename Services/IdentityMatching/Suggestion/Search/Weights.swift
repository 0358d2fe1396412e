import Glibc

/// A table of weights made ready for one index: log2(m/u) by level, the register's size and density taken in.
struct Weights: Sendable {
    private(set) var name: [Double]
    private(set) var number: [Double]
    private(set) var date: [Double]
    private(set) var sex: [Double]
    let nameFrequency: [WeightTable.Frequency]
    let dateFrequency: [WeightTable.Frequency]
    /// log2 of the odds that any one person of the register is the record's, before anything is compared.
    let prior: Double
    let strengths: WeightTable.Strengths
    let commune: WeightTable.Commune
    let relatives: RelativeWeights
    /// The shares of records whose date is right, and of those that know the year only.
    let dateShares: (same: Double, yearOnly: Double)
    let means: WeightTable.Means
    let version: String
    /// Frequencies are worth no more and no less than this many bits.
    private static let mostFrequency = 12.0

    /// - Parameters:
    ///   - density: persons near another's number, measured in the register.
    ///   - sameCommune: how likely two persons live in one commune, measured in the register.
    init(_ table: WeightTable, persons: Int, density: NumberDensity, sameCommune: Double = 0) {
        let size = Double(max(persons, 1))
        func weights(_ levels: [WeightTable.Level], _ order: [String], _ others: (String) -> Double) -> [Double] {
            let byName = Dictionary(levels.map { ($0.level, $0) }) { first, _ in first }
            return order.map { name in
                guard let level = byName[name] else { return 0 }
                if name == "absent" { return 0 }
                let u = level.per == .register ? max(level.u, others(name)) / size : level.u
                return log2(level.m / min(u, 1))
            }
        }
        let names = NameAgreement.allCases.map { "\($0)" }
        name = weights(table.name, names) { _ in 0 }
        number = weights(table.idNumber, NumberAgreement.allCases.map(\.label)) { density.others(at: $0) }
        date = weights(table.dateOfBirth, DateAgreement.allCases.map(\.label)) { _ in 0 }
        sex = weights(table.sex, SexAgreement.allCases.map(\.label)) { _ in 0 }
        nameFrequency = names.map { label in table.name.first { $0.level == label }?.frequency ?? .none }
        dateFrequency = DateAgreement.allCases.map { level in
            table.dateOfBirth.first { $0.level == level.label }?.frequency ?? .none
        }
        prior = log2(table.registered) - log2(size)
        strengths = table.strengths
        commune = table.residenceCommune
        relatives = RelativeWeights(
            name: table.residenceCommune.relativesName ?? 0.005,
            birthDate: table.residenceCommune.relativesBirthDate ?? 0.005, sameCommune: sameCommune)
        func share(_ level: DateAgreement) -> Double {
            table.dateOfBirth.first { $0.level == level.label }?.m ?? 0.5
        }
        dateShares = (share(.same), share(.yearOnly))
        means = table.means
        version = table.version
    }

    /// Bits to add to a level whose agreeing value has this frequency, where the table's u belongs to the mean.
    static func adjustment(mean: Double, frequency: Double) -> Double {
        max(-mostFrequency, min(mostFrequency, log2(mean / frequency)))
    }
}

/// How many other persons have a number near a person's, on average: measured when an index is opened, because it is what
/// makes a number one digit off worth much among a thousand people and little among a hundred million.
struct NumberDensity: Sendable {
    private var counts: [String: Double] = [:]

    static let none = NumberDensity()

    func others(at level: String) -> Double { counts[level] ?? 0 }

    private init() {}

    /// Looks up the neighbours of some hundred persons' numbers.
    static func measure(_ index: RegisterIndex, sample: Int = 400) -> NumberDensity {
        var sums: [NumberAgreement: Double] = [:]
        var looked = 0.0
        let step = max(1, index.count / sample)
        for ordinal in stride(from: 0, to: index.count, by: step) {
            let person = index.person(UInt32(ordinal))
            guard person.number.isDigits else { continue }
            looked += 1
            var seen: Set<UInt32> = [UInt32(ordinal)]
            NumberKeys.parts(person.number) { family, key in
                let table = index.table(family)
                for entry in table.range(key).prefix(2_000) {
                    let other = table.ordinal(entry)
                    guard seen.insert(other).inserted,
                        let found = NumberComparer.difference(person.number, index.person(other).number)
                    else { continue }
                    sums[found.agreement, default: 0] += 1
                }
            }
        }
        var density = NumberDensity()
        for (level, sum) in sums { density.counts[level.label] = sum / max(looked, 1) }
        return density
    }
}
