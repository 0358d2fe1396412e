import RecordModel

/// Who a record could be: what SUGGEST answers. Police side only; it never decides.
struct Suggestion: Sendable {
    /// Best first, at most five.
    var candidates: [SuggestedPerson]
    /// How far the first stands out.
    var strength: Strength
    /// Bits between the first and the nearest other, the four items alone; infinite where there is no other.
    var gap = Double.infinity
    /// Keys that were not followed because too many persons share them: somebody may have been missed.
    var keysLeftOut = 0

    /// As the verdict row keeps it.
    var stored: Candidates {
        Candidates(
            strength: strength,
            persons: candidates.compactMap { candidate in
                Int64(candidate.personalID).map { Candidates.Person(personalID: $0, weight: Float(candidate.weight)) }
            })
    }
}

/// A person of the register with the weight for being the record's, field by field.
struct SuggestedPerson: Sendable {
    /// As text, leading zeros included.
    var personalID: String
    /// Empty where there is none.
    var oldID: String
    /// The registered name as it is compared, in title case.
    var fullName: String
    /// `M` or `F`, or empty.
    var sex: String
    /// `YYYY-MM-DD`, or empty.
    var birthDate: String
    /// Five digits, or empty.
    var residenceCommune: String
    /// The sum of the fields' weights and the prior, in bits (logarithm to base 2 of the odds).
    var weight: Double
    var fields: [FieldEvidence]
}

/// One bar of a candidate's waterfall.
struct FieldEvidence: Sendable {
    /// `name`, `date_of_birth`, `sex`, `id_number`.
    var field: String
    /// The level of agreement, as the table of weights names it.
    var level: String
    var weight: Double
    /// A reason of `matching.md` §1.3, empty where the field agrees.
    var reason: String
    /// What made the reason, in words of the rule; no value of the register.
    var evidence: String
}
