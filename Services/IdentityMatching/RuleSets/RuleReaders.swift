import RecordModel
import Storage

/// A reader for each rule set: the hints of a stored answer are found by the set that has judged.
struct RuleReaders {
    private var byVersion: [String: NameNormaliser] = [:]
    private var first = NameNormaliser()

    /// Reads the sets that are there; one that this version of the service does not know is left out.
    init(in session: Transaction) throws {
        let sets = try session.query("SELECT version, array_to_string(added, ',') FROM rule_set", []) {
            try? RuleSets.set(version: $0.text(0), added: $0.text(1))
        }
        for case let set? in sets { byVersion[set.version] = NameNormaliser(rules: set) }
    }

    /// The hints of a stored answer, which follow from the typed items, the set and the outcome.
    mutating func hints(for typed: TypedItems, outcome: Outcome, ruleVersion: String) -> [String] {
        if byVersion[ruleVersion] == nil {
            return Answering.hints(for: typed, outcome: outcome, normaliser: &first)
        }
        return Answering.hints(for: typed, outcome: outcome, normaliser: &byVersion[ruleVersion, default: first])
    }
}
