/// What the estimator keeps of a record and a candidate: levels, and bits that do not change between rounds.
struct LevelVector: Sendable {
    let name: UInt8
    let number: UInt8
    let date: UInt8
    let sex: UInt8
    let shared: ScoredPerson.Shared
    let ways: Gathering.Way
    /// Of name and date frequencies.
    let frequency: Float

    init(_ scored: ScoredPerson) {
        name = scored.name.agreement.rawValue
        number = scored.number.agreement.rawValue
        date = scored.date.agreement.rawValue
        sex = scored.sex.rawValue
        shared = scored.shared
        ways = scored.ways
        frequency = Float(scored.nameFrequency + scored.dateFrequency)
    }

    init(
        name: NameAgreement, number: NumberAgreement, date: DateAgreement, sex: SexAgreement,
        ways: Gathering.Way = [], frequency: Float = 0
    ) {
        self.name = name.rawValue
        self.number = number.rawValue
        self.date = date.rawValue
        self.sex = sex.rawValue
        shared = []
        self.ways = ways
        self.frequency = frequency
    }

    /// Everything agrees as typed: such a record is right and never searched for.
    var isRight: Bool {
        name == NameAgreement.same.rawValue && number <= NumberAgreement.sameOld.rawValue
            && date == DateAgreement.same.rawValue && sex == SexAgreement.same.rawValue
    }
}

/// One number for each level of each field.
struct LevelNumbers: Sendable, Equatable {
    var name: [Double]
    var number: [Double]
    var date: [Double]
    var sex: [Double]

    static func all(_ value: Double) -> LevelNumbers {
        LevelNumbers(
            name: Array(repeating: value, count: NameAgreement.allCases.count),
            number: Array(repeating: value, count: NumberAgreement.allCases.count),
            date: Array(repeating: value, count: DateAgreement.allCases.count),
            sex: Array(repeating: value, count: SexAgreement.allCases.count))
    }

    mutating func add(_ vector: LevelVector, _ value: Double) {
        name[Int(vector.name)] += value
        number[Int(vector.number)] += value
        date[Int(vector.date)] += value
        sex[Int(vector.sex)] += value
    }

    /// Each field's levels as shares of the field's sum, the last level (absent) left out.
    var shares: LevelNumbers {
        func shares(_ values: [Double]) -> [Double] {
            let sum = values.dropLast().reduce(0, +)
            return values.dropLast().map { sum > 0 ? $0 / sum : 0 } + [1]
        }
        return LevelNumbers(name: shares(name), number: shares(number), date: shares(date), sex: shares(sex))
    }

    func largestChange(to other: LevelNumbers) -> Double {
        zip(name + number + date + sex, other.name + other.number + other.date + other.sex).map { abs($0 - $1) }.max()
            ?? 0
    }
}
