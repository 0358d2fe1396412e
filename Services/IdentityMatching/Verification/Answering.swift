import RecordModel
import Storage

/// From typed items to answers, set-wise: read and normalise all, ask the register once, decide all. The live stream and
/// re-verification both go through here.
struct Answering: Sendable {
    let register: any PopulationRegister
    let keys: PersonKeys

    /// The answers in the order of the records.
    func answer(_ records: [TypedItems], by standing: StandingRegister, at now: Instant, in session: Transaction) throws
        -> [Answer]
    {
        var normaliser = NameNormaliser()
        let items = records.map { ReadItems($0, normaliser: &normaliser) }
        let asked = items.filter { $0.nationality == .vietnam }.map(\.number)
        let persons = try register.persons(holding: asked, of: standing, in: session)
        let decisions = Verify.decide(items, register: persons)
        return decisions.indices.map { index in
            let decision = decisions[index]
            return Answer(
                outcome: decision.outcome, group: decision.group, traits: decision.traits,
                personKey: decision.person.flatMap(keys.key), differences: decision.differences,
                hints: Hint.hints(for: items[index], idKind: records[index].idKind, outcome: decision.outcome)
                    .map(\.rawValue),
                assessment: standing.assessment, decidedAt: now)
        }
    }

    /// The hints of a stored answer, which follow from the typed items and the outcome.
    static func hints(for typed: TypedItems, outcome: Outcome, normaliser: inout NameNormaliser) -> [String] {
        if outcome == .right { return [] }
        return Hint.hints(for: ReadItems(typed, normaliser: &normaliser), idKind: typed.idKind, outcome: outcome)
            .map(\.rawValue)
    }
}
