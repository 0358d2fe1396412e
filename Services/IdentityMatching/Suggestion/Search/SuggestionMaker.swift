import RecordModel

/// Makes the answer of ranked persons: strength, and the waterfall of each.
struct SuggestionMaker {
    let index: RegisterIndex
    let weights: Weights

    /// - Parameters:
    ///   - ranked: best first.
    ///   - holders: who holds the typed number in any reading.
    func suggestion(_ query: SearchQuery, _ ranked: [ScoredPerson], _ holders: [UInt32]) -> Suggestion {
        let named = ranked.prefix(SearchWorker.named).filter {
            $0.weight(prior: weights.prior) >= weights.strengths.least
        }
        let persons = named.map { suggested($0, query) }
        return Suggestion(candidates: persons, strength: strength(ranked, holders), gap: gap(ranked))
    }

    /// Strong: far above the prior, far from the second, and nothing speaks for another person. Ambiguous: more likely than
    /// not, but no more. Never strong: twins and namesakes (the second is near), a number that is another's, an agreement that
    /// hangs on one item.
    func strength(_ ranked: [ScoredPerson], _ holders: [UInt32]) -> Strength {
        guard let first = ranked.first else { return .none }
        let prior = weights.prior
        if first.weight(prior: prior) < weights.strengths.least { return .none }
        let weight = first.itemWeight(prior: prior)
        if max(weight, first.weight(prior: prior)) < weights.strengths.likely { return .weak }
        guard weight >= weights.strengths.strong, gap(ranked) >= weights.strengths.gap else { return .ambiguous }
        if !holders.isEmpty, holders != [first.ordinal] { return .ambiguous }
        return stands(first) ? .strong : .ambiguous
    }

    private func gap(_ ranked: [ScoredPerson]) -> Double {
        guard let first = ranked.first else { return .infinity }
        let others = ranked.dropFirst().map { $0.itemWeight(prior: weights.prior) }
        return first.itemWeight(prior: weights.prior) - (others.max() ?? -.infinity)
    }

    /// Whether enough items agree by themselves: the name but for small things, and two of number and date, or the one that
    /// there is without the other contradicting it.
    private func stands(_ person: ScoredPerson) -> Bool {
        let (name, date) = (person.name.agreement, person.date.agreement)
        guard name < .twoEdits else { return false }
        if person.number.agreement.isExact { return date.isNear || date == .absent && name < .oneEdit }
        if person.number.agreement.isNear { return date.isNear }
        return name < .oneEdit && date == .same
    }

    private func suggested(_ scored: ScoredPerson, _ query: SearchQuery) -> SuggestedPerson {
        SuggestedPerson(
            personalID: index.numberText(of: scored.person), oldID: index.oldNumberText(of: scored.person),
            fullName: Self.titled(index.name(of: scored.person)), sex: scored.person.sex.letter,
            birthDate: Self.text(scored.person.date),
            residenceCommune: scored.person.commune.map { Self.padded(Int($0), 5) } ?? "",
            weight: scored.weight(prior: weights.prior), fields: waterfall(scored, query))
    }

    /// Prior, then each field, then what was counted twice; the bars add up to the weight.
    private func waterfall(_ scored: ScoredPerson, _ query: SearchQuery) -> [FieldEvidence] {
        var bars = [
            FieldEvidence(field: "prior", level: "register", weight: weights.prior, reason: "", evidence: ""),
            FieldEvidence(
                field: "id_number", level: scored.number.agreement.label, weight: scored.numberWeight,
                reason: scored.number.reason(query.number) ?? "", evidence: scored.number.evidence),
            FieldEvidence(
                field: "name", level: "\(scored.name.agreement)", weight: scored.nameWeight,
                reason: scored.name.reason ?? "", evidence: scored.name.text),
            FieldEvidence(
                field: "date_of_birth", level: scored.date.agreement.label, weight: scored.dateWeight,
                reason: scored.date.reason(query.date) ?? "", evidence: scored.date.evidence),
            FieldEvidence(
                field: "sex", level: scored.sex.label, weight: scored.sexWeight, reason: sexReason(scored),
                evidence: ""),
        ]
        func add(_ field: String, _ level: String, _ weight: Double) {
            if weight != 0 {
                bars.append(FieldEvidence(field: field, level: level, weight: weight, reason: "", evidence: ""))
            }
        }
        add("name", "frequency", scored.nameFrequency)
        add("date_of_birth", "frequency", scored.dateFrequency)
        add("overlap", "id_number", scored.overlap)
        add("residence_commune", scored.communeWeight > 0 ? "same" : "differs", scored.communeWeight)
        return bars
    }

    private func sexReason(_ scored: ScoredPerson) -> String {
        switch scored.sex {
        case .same: ""
        case .absent: "ABSENT"
        case .differs: scored.number.agreement == .same ? "CONTRADICTS_ID" : "FLIPPED"
        }
    }

    private static func text(_ date: DateParts) -> String {
        date.isAbsent ? "" : padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2)
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }

    /// The first letter of every word as a capital: the index keeps names as they are compared.
    static func titled(_ name: String) -> String {
        var result = ""
        var isStart = true
        for character in name {
            if isStart { result += character.uppercased() } else { result.append(character) }
            isStart = character == " " || character == "'" || character == "-"
        }
        return result
    }
}
