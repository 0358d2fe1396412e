import RecordModel

/// What Signing remembers of a dose record's current version: enough for every rule, nothing that a rule does not read.
struct DoseFact: Hashable, Sendable {
    var version: UInt32
    /// Neither withdrawn by its facility nor otherwise out of force.
    var active: Bool
    /// SHA-256 of the canonical signed content, without the salt: equal content gives equal bytes in every version.
    var content: [UInt8]
    /// 0 where what was typed is no whole number.
    var doseNumber: Int32
    /// `YYYY-MM-DD`.
    var injectedOn: String
}

/// The register check's newest answer about a record.
struct VerdictFact: Hashable, Sendable {
    var order: FactOrder
    var outcome: Outcome
    var decidedAt: Instant
}

/// Which opaque person a record is of, or that it no longer is of any.
struct PersonFact: Hashable, Sendable {
    var order: FactOrder
    var key: PersonKey?
}

/// The facts of other services about one dose. They arrive in any order; each is kept on its own, the newest wins.
struct DoseFacts: Hashable, Sendable {
    var dose: DoseFact?
    var verdict: VerdictFact?
    var person: PersonFact?

    /// Takes what is newer in the other facts; tells whether anything was.
    mutating func absorb(_ other: DoseFacts) -> Bool {
        var changed = false
        if let newer = other.dose, newer.version > (dose?.version ?? 0) {
            dose = newer
            changed = true
        }
        if let newer = other.verdict, verdict.map({ newer.order > $0.order }) ?? true {
            verdict = newer
            changed = true
        }
        if let newer = other.person, person.map({ newer.order > $0.order }) ?? true {
            person = newer
            changed = true
        }
        return changed
    }
}
