import RecordModel
import Storage

/// The rule sets as rows: which there are, and what each adds to version 1.
enum RuleSets {
    /// A set that names a rule which this version of the service does not know.
    struct UnknownRule: Error, Equatable, CustomStringConvertible {
        let version: String
        let rule: String

        var description: String {
            "rule set \(version) has the rule \(rule), which this version of the service does not know"
        }
    }

    /// A set as its row holds it.
    /// - Parameter added: names of rules, joined by commas.
    /// - Throws: `UnknownRule`.
    static func set(version: String, added: String) throws -> RuleSet {
        let rules = try added.split(separator: ",").map { name in
            guard let rule = NormalisationRule(rawValue: String(name)) else {
                throw UnknownRule(version: version, rule: String(name))
            }
            return rule
        }
        return RuleSet(version: version, adding: rules)
    }

    static func named(_ version: String, in session: Transaction) throws -> RuleSet? {
        try session.query(
            "SELECT array_to_string(added, ',') FROM rule_set WHERE version = $1", [.text(version)]
        ) { try set(version: version, added: $0.text(0)) }.first
    }

    /// Why this version of the service cannot work with the sets that are there; nil when it can.
    static func problem(in session: Transaction) throws -> String? {
        do {
            for set in RuleSet.builtIn where try named(set.version, in: session) != set {
                return "rule set \(set.version) is another in the database than in this version of the service"
            }
            _ = try session.query(
                """
                SELECT r.version, array_to_string(r.added, ',')
                FROM register_state s JOIN rule_set r ON r.version = s.rule_version
                """, []
            ) { try set(version: $0.text(0), added: $0.text(1)) }
        } catch let unknown as UnknownRule {
            return "\(unknown): start the version that switched to it, or switch back there first"
        }
        return nil
    }
}
