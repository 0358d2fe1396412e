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
    /// What happened to the date, if it was that.
    var slip: DateSlip.Kind?
    /// What is left of the typed number agrees.
    var hasFragment = false
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
    /// What it adds that an item is another person's of the commune; orders candidates, too.
    var relativesWeight = 0.0

    struct Shared: OptionSet, Sendable {
        let rawValue: UInt8
        static let year = Shared(rawValue: 1)
        static let sex = Shared(rawValue: 2)
    }

    /// Of the four items alone.
    func itemWeight(prior: Double) -> Double {
        prior + nameWeight + numberWeight + dateWeight + sexWeight + nameFrequency + dateFrequency + overlap
    }

    func weight(prior: Double) -> Double { itemWeight(prior: prior) + communeWeight + relativesWeight }

    /// Whether an item is wholly another than what was typed, so that the record may be another person's of the household.
    var leavesItemOpen: Bool {
        name.agreement >= .surnameDiffers && name.agreement != .absent
            || date.agreement >= .twoParts && date.agreement != .absent
    }
}

/// Compares persons with a record field by field and adds up the weights. Keeps the comparer's buffers.
struct Scoring {
    private let index: RegisterIndex
    private let weights: Weights
    private var names: NameComparer
    private var reader = RegisterNameReader()
    /// Names that were compared with this record's already.
    private var compared: [UInt32: NameComparison] = [:]

    init(_ index: RegisterIndex, _ weights: Weights, rules: RuleSet) {
        self.index = index
        self.weights = weights
        names = NameComparer(rules: rules)
    }

    /// Begins with another record.
    mutating func begin() { compared.removeAll(keepingCapacity: true) }

    /// Levels and weights but for frequencies.
    mutating func score(
        _ ordinal: UInt32, _ person: PersonRow, ways: Gathering.Way, _ query: SearchQuery,
        relatives: Relatives
    ) -> ScoredPerson {
        var scored = ScoredPerson(ordinal: ordinal, person: person, ways: ways)
        scored.number = Self.number(query, person, ordinal, relatives)
        scored.date = DateComparer.compare(query.date, person.date)
        scored.sex = SexAgreement(query.sex, person.sex)
        scored.name = name(ordinal, person, query)
        weighNumber(&scored, query.number)
        weighDate(&scored, query)
        scored.sexWeight = weights.sex[Int(scored.sex.rawValue)]
        scored.nameWeight = weights.name[Int(scored.name.agreement.rawValue)]
        if let typed = query.commune, let registered = person.commune {
            scored.communeWeight = typed == registered ? weights.commune.same : weights.commune.differs
        }
        scored.shared = Self.shared(scored)
        scored.overlap = Self.overlap(scored.shared, date: scored.dateWeight, sex: scored.sexWeight)
        scored.relativesWeight = relatives.weight(scored, weights)
        return scored
    }

    private mutating func name(_ ordinal: UInt32, _ person: PersonRow, _ query: SearchQuery) -> NameComparison {
        if let known = compared[ordinal] { return known }
        let found = index.withName(of: person) { names.compare(query.name, registered: $0) }
        compared[ordinal] = found
        return found
    }

    private func weighDate(_ scored: inout ScoredPerson, _ query: SearchQuery) {
        scored.dateWeight = weights.date[Int(scored.date.agreement.rawValue)]
        guard scored.date.agreement >= .oneDigit else { return }
        for slip in query.slips where slip.date == scored.person.date && slip.kind.bits > scored.dateWeight {
            scored.dateWeight = slip.kind.bits
            scored.slip = slip.kind
        }
    }

    private func weighNumber(_ scored: inout ScoredPerson, _ reading: NumberReading) {
        let agreement = scored.number.agreement
        scored.numberWeight = weights.number[Int(agreement.rawValue)]
        guard agreement >= .different else { return }
        // A number of nine digits that nobody has says nothing against a person whose old number is not known.
        if reading.typed.length == 9, scored.person.oldNumber.isAbsent { scored.numberWeight = 0 }
        guard let fragment = reading.fragments.first(where: { $0.agrees(with: scored.person.number) }) else { return }
        scored.hasFragment = true
        scored.numberWeight = max(scored.numberWeight, Self.bits(fragment, scored))
    }

    /// Digits in order of birth tell least at their beginning; what sex and birth year have told already is not counted
    /// again.
    private static func bits(_ fragment: NumberFragment, _ scored: ScoredPerson) -> Double {
        var bits = fragment.count(0, 3) == 3 ? 4.0 : 0
        if fragment.count(4, 6) == 2, !scored.date.agreement.keepsYear { bits += yearBits }
        if fragment.count(3, 4) == 1, scored.sex != .same { bits += 0.7 }
        return bits + 2 * Double(fragment.count(6, 8)) + 3.3 * Double(fragment.count(8, 12))
    }

    private static func number(
        _ query: SearchQuery, _ person: PersonRow, _ ordinal: UInt32, _ relatives: Relatives
    ) -> NumberComparison {
        if query.number.forms.isEmpty || person.number.isAbsent && person.oldNumber.isAbsent {
            return NumberComparison(agreement: .absent)
        }
        if let near = NumberComparer.near(query.number, person) { return near }
        var agreement = NumberAgreement.different
        for holder in relatives.holders where holder.ordinal != ordinal {
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
            let frequency = share(others, mean: weights.means.birthDate)
            scored.dateFrequency = Weights.adjustment(mean: weights.means.birthDate, frequency: frequency)
            if scored.person.date.isFirstOfJanuary { scored.dateFrequency += firstOfJanuary(frequency) }
        }
    }

    /// The first of January is typed for everybody of whom the year is known only: that it agrees with somebody born on
    /// that day tells less, by how many more others of the year it is typed for.
    private func firstOfJanuary(_ frequency: Double) -> Double {
        let ofYear = min(1, frequency * exp2(Self.yearBits))
        return log2(ofYear / (weights.dateShares.same * ofYear + weights.dateShares.yearOnly))
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
