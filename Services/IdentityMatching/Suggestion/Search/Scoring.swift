import Glibc

/// A person compared with a record: levels, and the bits each is worth.
struct ScoredPerson {
    let ordinal: UInt32
    let person: PersonRow
    let ways: Gathering.Way
    var name = NameComparison(agreement: .absent, reading: 0, source: .asTyped, evidence: [], agreeingWords: 0)
    var number = NumberComparison(agreement: .absent)
    var date = DateComparison(agreement: .absent)
    var sex = SexAgreement.absent
    var nameWeight = 0.0
    var numberWeight = 0.0
    var dateWeight = 0.0
    var sexWeight = 0.0
    /// What the commonness of the agreeing name and date adds or takes.
    var nameFrequency = 0.0
    var dateFrequency = 0.0
    /// What the date and sex inside the number, or the name, have already told.
    var shared: Shared = []
    var overlap = 0.0
    /// The residence commune's, which orders candidates and makes none of them strong.
    var communeWeight = 0.0

    struct Shared: OptionSet, Sendable {
        let rawValue: UInt8
        static let year = Shared(rawValue: 1)
        static let sex = Shared(rawValue: 2)
    }

    /// Of the four items alone.
    func itemWeight(prior: Double) -> Double {
        prior + nameWeight + numberWeight + dateWeight + sexWeight + nameFrequency + dateFrequency + overlap
    }

    func weight(prior: Double) -> Double { itemWeight(prior: prior) + communeWeight }
}

/// Compares persons with a record field by field and adds up the weights. Keeps the comparer's buffers.
struct Scoring {
    private let index: RegisterIndex
    private let weights: Weights
    private var names: NameComparer
    private var reader = RegisterNameReader()

    init(_ index: RegisterIndex, _ weights: Weights, rules: RuleSet) {
        self.index = index
        self.weights = weights
        names = NameComparer(rules: rules)
    }

    /// A cheap measure of nearness, to leave most of a big bucket out before names are compared.
    @inline(__always)
    static func glance(_ query: SearchQuery, _ typedMarks: (given: UInt8, others: UInt8), _ person: PersonRow) -> Int {
        var points = 0
        if let typed = query.number.forms.first?.number, typed.isDigits {
            let difference = typed.bits ^ person.number.bits
            let marks = (difference | difference >> 1 | difference >> 2 | difference >> 3) & 0x1111_1111_1111_1111
            points += max(0, 8 - 2 * marks.nonzeroBitCount)
            if typed == person.oldNumber { points += 8 }
        }
        for date in query.date.readings {
            if date == person.date { points += 8 }
            if date.year == person.date.year { points += 2 }
            if date.month == person.date.month { points += 2 }
            if date.day == person.date.day { points += 2 }
        }
        if typedMarks.given == person.givenMark { points += 5 }
        if typedMarks.others == person.otherMark { points += 5 }
        if query.sex == person.sex { points += 1 }
        if query.commune != nil, query.commune == person.commune { points += 4 }
        return points
    }

    /// Levels and weights but for frequencies.
    mutating func score(
        _ ordinal: UInt32, _ person: PersonRow, ways: Gathering.Way, _ query: SearchQuery,
        holders: [(ordinal: UInt32, commune: UInt32?)]
    ) -> ScoredPerson {
        var scored = ScoredPerson(ordinal: ordinal, person: person, ways: ways)
        scored.number = Self.number(query, person, ordinal, holders)
        scored.date = DateComparer.compare(query.date, person.date)
        scored.sex = SexAgreement(query.sex, person.sex)
        scored.name = index.withName(of: person) { names.compare(query.name, registered: $0) }
        scored.numberWeight = weights.number[Int(scored.number.agreement.rawValue)]
        scored.dateWeight = weights.date[Int(scored.date.agreement.rawValue)]
        scored.sexWeight = weights.sex[Int(scored.sex.rawValue)]
        scored.nameWeight = weights.name[Int(scored.name.agreement.rawValue)]
        if let typed = query.commune, let registered = person.commune {
            scored.communeWeight = typed == registered ? weights.commune.same : weights.commune.differs
        }
        scored.shared = Self.shared(scored)
        scored.overlap = Self.overlap(scored.shared, date: scored.dateWeight, sex: scored.sexWeight)
        return scored
    }

    private static func number(
        _ query: SearchQuery, _ person: PersonRow, _ ordinal: UInt32, _ holders: [(ordinal: UInt32, commune: UInt32?)]
    ) -> NumberComparison {
        if query.number.forms.isEmpty || person.number.isAbsent && person.oldNumber.isAbsent {
            return NumberComparison(agreement: .absent)
        }
        if let near = NumberComparer.near(query.number, person) { return near }
        var agreement = NumberAgreement.different
        for holder in holders where holder.ordinal != ordinal {
            if let commune = holder.commune, commune == person.commune {
                return NumberComparison(agreement: .ofRelative)
            }
            agreement = .ofOther
        }
        return NumberComparison(agreement: agreement)
    }

    /// log2 of the years that people are alive from.
    private static let yearBits = 6.0

    /// Bits that were counted twice: persons whose number is near share its digits of sex and birth year, and a name tells
    /// the sex most of the time.
    static func overlap(_ shared: ScoredPerson.Shared, date: Double, sex: Double) -> Double {
        var bits = 0.0
        if shared.contains(.year) { bits -= min(yearBits, max(0, date)) }
        if shared.contains(.sex) { bits -= max(0, sex) * 0.8 }
        return bits
    }

    private static func shared(_ scored: ScoredPerson) -> ScoredPerson.Shared {
        var shared: ScoredPerson.Shared = []
        let isNear = scored.number.agreement.isNear && !scored.number.agreement.isExact
        if isNear, !scored.number.isOld, scored.person.number.length == 12, scored.date.agreement.keepsYear {
            shared.insert(.year)
        }
        if scored.sex == .same, isNear || scored.name.agreement < .surnameDiffers { shared.insert(.sex) }
        return shared
    }

    /// Adds what the commonness of name and date is worth; done for the few that are named only.
    mutating func weighFrequencies(_ scored: inout ScoredPerson) {
        scored.nameFrequency = nameAdjustment(scored)
        let kind = weights.dateFrequency[Int(scored.date.agreement.rawValue)]
        if kind == .birthDate, scored.person.date.isFull {
            let others = index.count(.birthDate, DateNameKeys.birthDate(scored.person.date)) - 1
            scored.dateFrequency = Weights.adjustment(
                mean: weights.means.birthDate, frequency: share(others, mean: weights.means.birthDate))
        }
    }

    private mutating func nameAdjustment(_ scored: ScoredPerson) -> Double {
        let kind = weights.nameFrequency[Int(scored.name.agreement.rawValue)]
        if kind == .none { return 0 }
        let keys = index.withName(of: scored.person) { reader.keys($0) }
        let means = weights.means
        switch kind {
        case .whole:
            let others = index.count(.name, DateNameKeys.name(keys.sound)) - 1
            return Weights.adjustment(mean: means.whole, frequency: share(others, mean: means.whole))
        case .given: return given(keys)
        case .surname: return surname(keys)
        case .surnameAndGiven: return surname(keys) + given(keys)
        case .none, .birthDate: return 0
        }
    }

    private func given(_ keys: NameKeys) -> Double {
        let mean = weights.means.given
        let persons = Int(index.vocabulary.persons(withGiven: keys.given))
        return Weights.adjustment(mean: mean, frequency: share(persons - 1, mean: mean))
    }

    private func surname(_ keys: NameKeys) -> Double {
        let mean = weights.means.surname
        let persons = Int(index.vocabulary.persons(withSurname: keys.surname))
        return Weights.adjustment(mean: mean, frequency: share(persons - 1, mean: mean))
    }

    /// The share of others with a value; what has been seen in a small register is drawn towards the mean.
    private func share(_ others: Int, mean: Double) -> Double {
        (Double(max(0, others)) + 1) / (Double(index.count) + 1 / mean)
    }
}
