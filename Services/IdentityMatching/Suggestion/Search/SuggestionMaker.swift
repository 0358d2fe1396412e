import RecordModel

/// Makes the answer of ranked persons: strength, and the waterfall of each.
struct SuggestionMaker {
    let index: RegisterIndex
    let weights: Weights
    /// Whether the waterfalls are made.
    var isExplained = true

    /// - Parameters:
    ///   - ranked: best first.
    ///   - relatives: who else the record points at.
    func suggestion(_ query: SearchQuery, _ ranked: [ScoredPerson], _ relatives: Relatives) -> Suggestion {
        let named = ranked.prefix(SearchWorker.named).filter {
            $0.weight(prior: weights.prior) >= weights.strengths.least
        }
        let persons = named.map { suggested($0, query) }
        let rule = StrengthRule(index: index, weights: weights)
        return Suggestion(
            candidates: persons, strength: rule.strength(query, ranked, relatives), gap: rule.gap(ranked))
    }

    private func suggested(_ scored: ScoredPerson, _ query: SearchQuery) -> SuggestedPerson {
        SuggestedPerson(
            personalID: index.numberText(of: scored.person), oldID: index.oldNumberText(of: scored.person),
            fullName: Self.titled(index.name(of: scored.person)), sex: scored.person.sex.letter,
            birthDate: Self.text(scored.person.date),
            residenceCommune: Self.text(commune: scored.person.commune),
            weight: scored.weight(prior: weights.prior), fields: isExplained ? waterfall(scored, query) : [])
    }

    /// Prior, then each field, then what was counted twice; the bars add up to the weight.
    private func waterfall(_ scored: ScoredPerson, _ query: SearchQuery) -> [FieldEvidence] {
        var bars = [
            FieldEvidence(field: "prior", level: "register", weight: weights.prior, reason: "", evidence: ""),
            FieldEvidence(
                field: "id_number", level: scored.number.agreement.label, weight: scored.numberWeight,
                reason: scored.number.reason(query.number) ?? "",
                evidence: scored.hasFragment
                    ? "các chữ số còn lại đều đúng / the digits that are left agree" : scored.number.evidence),
            FieldEvidence(
                field: "name", level: "\(scored.name.agreement)", weight: scored.nameWeight,
                reason: scored.name.reason ?? "", evidence: scored.name.text),
            FieldEvidence(
                field: "date_of_birth", level: scored.date.agreement.label, weight: scored.dateWeight,
                reason: scored.date.reason(query.date) ?? "",
                evidence: scored.slip?.evidence ?? scored.date.evidence),
            FieldEvidence(
                field: "sex", level: scored.sex.label, weight: scored.sexWeight, reason: sexReason(scored),
                evidence: ""),
        ]
        func add(_ field: String, _ level: String, _ weight: Double) {
            if weight != 0 {
                bars.append(FieldEvidence(field: field, level: level, weight: weight, reason: "", evidence: ""))
            }
        }
        if query.isRearranged {
            bars.append(
                FieldEvidence(
                    field: "columns", level: "exchanged", weight: 0, reason: "WRONG_COLUMN",
                    evidence: "các mục nằm nhầm cột / items stand in each other's columns"))
        }
        add("name", "frequency", scored.nameFrequency)
        add("date_of_birth", "frequency", scored.dateFrequency)
        add("overlap", "id_number", scored.overlap)
        add("residence_commune", scored.communeWeight > 0 ? "same" : "differs", scored.communeWeight)
        add("residence_commune", "relatives", scored.relativesWeight)
        return bars
    }

    private func sexReason(_ scored: ScoredPerson) -> String {
        switch scored.sex {
        case .same: ""
        case .absent: "ABSENT"
        case .differs: scored.number.agreement == .same ? "CONTRADICTS_ID" : "FLIPPED"
        }
    }

    private static func text(commune: UInt32?) -> String {
        guard let commune, CommuneCode.isOfficial(commune) else { return "" }
        return padded(Int(commune), 5)
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
        for scalar in name.unicodeScalars {
            if isStart, scalar.value >= 0x61, scalar.value <= 0x7A {
                result.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value) - 0x20))
            } else if isStart, scalar.value >= 0x80 {
                result += scalar.properties.uppercaseMapping
            } else {
                result.unicodeScalars.append(scalar)
            }
            isStart = scalar == " " || scalar == "'" || scalar == "-"
        }
        return result
    }
}
