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
        var verify = Verify(rules: standing.rules)
        let items = records.map { verify.read($0) }
        let asked = AskedNumbers(items.lazy.map(\.askedNumber))
        let persons = try register.persons(holding: asked, of: standing, in: session)
        var answers: [Answer] = []
        answers.reserveCapacity(records.count)
        var open: [SoughtRecord] = []
        var places: [Int] = []
        let span = items.span
        for index in span.indices {
            let decision = verify.decide(span[index], holders: persons.holders(at: index), in: persons)
            let official = decision.judgement
            var answer = Answer(
                outcome: official.outcome, group: official.group, traits: decision.traits,
                personKey: official.person.map(keys.key(ofPersonalID:)), differences: decision.differences,
                assessment: standing.assessment, ruleVersion: standing.rules.version, decidedAt: now)
            if official.outcome != .right {
                answer.hints = Hint.hints(for: span[index], idKind: records[index].idKind, outcome: official.outcome)
                    .map(\.rawValue)
            }
            answers.append(answer)
            guard !decision.differences.isEmpty else { continue }
            places.append(index)
            open.append(
                SoughtRecord(
                    typed: records[index], commune: index < communes.count ? communes[index] : "", name: decision.name))
        }
        if open.isEmpty { return answers }
        // Among the persons of the generation that has answered.
        if let found = candidates.candidates(for: open, of: standing) {
            for (index, candidates) in zip(places, found) { answers[index].candidates = candidates }
        }
        return answers
    }

    /// The hints of a stored answer, which follow from the typed items and the outcome.
    static func hints(for typed: TypedItems, outcome: Outcome, normaliser: inout NameNormaliser) -> [String] {
        if outcome == .right { return [] }
        return Hint.hints(for: ReadItems(typed, normaliser: &normaliser), idKind: typed.idKind, outcome: outcome)
            .map(\.rawValue)
    }
}
