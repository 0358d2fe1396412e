import RecordModel
import Storage

/// From typed items to answers, set-wise: read and normalise all, ask the register once, decide all. The live stream and
/// re-verification both go through here.
struct Answering: Sendable {
    let register: any PopulationRegister
    let keys: PersonKeys
    let candidates: any CandidateSource

    /// What is kept of a record to find the numbers that a facility has typed for two persons.
    var ownNumbers: OwnNumbers { keys.ownNumbers }

    /// The answers in the order of the records.
    /// - Parameter communes: of residence, five digits or empty, for each record: they help candidates, never the verdict.
    func answer(
        _ records: [TypedItems], communes: [String] = [], by standing: StandingRegister, at now: Instant,
        in session: Transaction
    ) throws -> [Answer] {
        var normaliser = NameNormaliser(rules: standing.rules)
        let items = records.map { ReadItems($0, normaliser: &normaliser) }
        let asked = items.filter { $0.nationality == .vietnam }.map(\.number)
        let persons = try register.persons(holding: asked, of: standing, in: session)
        let decisions = Verify.decide(items, register: persons)
        var answers = decisions.indices.map { index in
            let decision = decisions[index]
            return Answer(
                outcome: decision.outcome, group: decision.group, traits: decision.traits,
                personKey: decision.person.flatMap(keys.key), differences: decision.differences,
                hints: Hint.hints(for: items[index], idKind: records[index].idKind, outcome: decision.outcome)
                    .map(\.rawValue),
                assessment: standing.assessment, ruleVersion: standing.rules.version, decidedAt: now)
        }
        suggest(records, communes, to: &answers, generation: standing.generation)
        return answers
    }

    /// Looks for candidates of what is not right, among the persons of the generation that has answered.
    private func suggest(
        _ records: [TypedItems], _ communes: [String], to answers: inout [Answer], generation: Int32
    ) {
        let open = answers.indices.filter { !answers[$0].differences.isEmpty }
        if open.isEmpty { return }
        let found = candidates.candidates(
            for: open.map { records[$0] }, communes: open.map { $0 < communes.count ? communes[$0] : "" },
            of: generation)
        guard let found else { return }
        for (index, candidates) in zip(open, found) { answers[index].candidates = candidates }
    }

    /// The hints of a stored answer, which follow from the typed items and the outcome.
    static func hints(for typed: TypedItems, outcome: Outcome, normaliser: inout NameNormaliser) -> [String] {
        if outcome == .right { return [] }
        return Hint.hints(for: ReadItems(typed, normaliser: &normaliser), idKind: typed.idKind, outcome: outcome)
            .map(\.rawValue)
    }
}
