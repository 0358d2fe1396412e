import RecordModel

/// How far the first candidate stands out.
///
/// Strong is a claim that may be wrong once in a hundred thousand, so weight alone does not make it: a relative, a twin or a
/// namesake who is not registered shares name, birth date and most digits of the number with somebody who is, at no cost in
/// weight. So the first must be far above the prior and far from the second by the four items alone; what agrees must be
/// enough by itself (`stands`); nobody else may hold the typed number; and where the record departs from the first, nobody
/// of the same commune may be there who explains it (`hasRival`): relatives' items get mixed, and then most of a record says
/// one person and the rest is the other's. Everything else that is likelier than not is ambiguous.
struct StrengthRule {
    let index: RegisterIndex
    let weights: Weights

    /// - Parameter ranked: best first.
    func strength(_ query: SearchQuery, _ ranked: [ScoredPerson], _ relatives: Relatives) -> Strength {
        guard let first = ranked.first else { return .none }
        let prior = weights.prior
        if first.weight(prior: prior) < weights.strengths.least { return .none }
        let weight = first.itemWeight(prior: prior)
        if max(weight, first.weight(prior: prior)) < weights.strengths.likely { return .weak }
        guard weight >= weights.strengths.strong, gap(ranked) >= weights.strengths.gap,
            !relatives.holders.contains(where: { $0.number != first.person.number }), stands(first, query),
            !hasRival(first, query)
        else { return .ambiguous }
        return .strong
    }

    /// Bits between the first and the nearest other, the four items alone.
    func gap(_ ranked: [ScoredPerson]) -> Double {
        guard let first = ranked.first else { return .infinity }
        let others = ranked.dropFirst().map { $0.itemWeight(prior: weights.prior) }
        return first.itemWeight(prior: weights.prior) - (others.max() ?? -.infinity)
    }

    /// Whether what agrees is enough by itself: name, number and birth date, of which one may depart a little; or the number
    /// with the name, where one of the other two is absent.
    private func stands(_ person: ScoredPerson, _ query: SearchQuery) -> Bool {
        let (name, date, number) = (person.name.agreement, person.date.agreement, person.number.agreement)
        let sex = person.sex
        if number.isExact {
            if date == .same {
                // A surname changes; number, birth date and sex with the other names are one person's.
                return name < .twoEdits || name == .surnameDiffers && sex == .same
            }
            guard sex != .differs, livesThere(person, query) else { return false }
            return name < .oneEdit && (date == .absent || isSmall(person, query))
        }
        guard sex != .differs, date == .same, isSameName(person.name, query) else { return false }
        if number.isNear { return isOneSlip(person, query) }
        // Name and birth date alone, which people share with others who may not be registered.
        return query.number.forms.isEmpty && sex == .same && livesThere(person, query)
    }

    /// Whether the date departs by what typing does to dates; the first of January says nothing but the year.
    private func isSmall(_ person: ScoredPerson, _ query: SearchQuery) -> Bool {
        let typed = query.date.best
        // A day that there never was is nobody's; its year agrees.
        if person.date.agreement == .sameYear { return typed.isFull && !typed.isPossible }
        let bothFirst = typed.isFirstOfJanuary && person.person.date.isFirstOfJanuary
        return person.date.agreement.isNear && !bothFirst
    }

    /// Whether nothing says that the person lives elsewhere.
    private func livesThere(_ person: ScoredPerson, _ query: SearchQuery) -> Bool {
        guard let typed = query.commune, let commune = person.person.commune else { return true }
        return typed == commune
    }

    /// The same letters, or none of the diacritics: one tone or one letter off is another name, and a twin's.
    private func isSameName(_ name: NameComparison, _ query: SearchQuery) -> Bool {
        switch name.agreement {
        case .same, .sameAfterDecoding, .tonePlacement, .lettersLost: true
        case .diacriticsDiffer, .spacingDiffers:
            query.name.readings[name.reading].words.allSatisfy { !$0.traits.contains(.notASCII) }
                || name.agreement == .spacingDiffers
        default: false
        }
    }

    /// Whether the number has one slip of the pen, and no more than that in the digits that are its own. The first six are
    /// shared by all who were born in one province and year with one sex, and the rest is given in order of birth.
    private func isOneSlip(_ person: ScoredPerson, _ query: SearchQuery) -> Bool {
        switch person.number.agreement {
        case .transposed, .oneDigit, .digitMissing, .digitExtra: return true
        case .twoDigits, .partly:
            let (typed, registered) = (query.number.typed, person.person.number)
            guard typed.length == 12, registered.length == 12 else { return false }
            let difference = typed.part(6, 12) ^ registered.part(6, 12)
            let marks = (difference | difference >> 1 | difference >> 2 | difference >> 3) & 0x111_1111
            return marks.nonzeroBitCount < 2
        default: return false
        }
    }

    /// Whether somebody else of the first's commune was born on the typed day and agrees with the record wherever the first
    /// does not.
    private func hasRival(_ first: ScoredPerson, _ query: SearchQuery) -> Bool {
        let departsInName = first.name.agreement > .tonePlacement
        let departsInSex = first.sex == .differs
        guard let commune = first.person.commune, departsInName || departsInSex || first.date.agreement != .same else {
            return false
        }
        for date in query.date.readings where date.isFull {
            let inCommune = index.table(.communeAndYear)
            let bornThen = index.table(.birthDate)
            let neighbours = inCommune.range(DateNameKeys.communeAndYear(commune, date.year))
            let born = bornThen.range(DateNameKeys.birthDate(date))
            let (table, range) = neighbours.count < born.count ? (inCommune, neighbours) : (bornThen, born)
            for entry in range {
                let ordinal = table.ordinal(entry)
                let person = index.person(ordinal)
                guard ordinal != first.ordinal, person.commune == commune, person.date == date,
                    SexAgreement(query.sex, person.sex) != .differs
                else { continue }
                if !departsInName || agrees(query.name, person) { return true }
            }
        }
        return false
    }

    /// Whether a reading of the typed name is the person's to the letter.
    private func agrees(_ typed: PreparedName, _ person: PersonRow) -> Bool {
        index.withName(of: person) { name in
            typed.readings.contains { reading in
                guard reading.bytes.count == name.count else { return false }
                for place in 0..<name.count where reading.bytes[place] != name[place] { return false }
                return true
            }
        }
    }
}
