import ServiceRuntime
import Storage

/// Refuses to start on a generation that was normalised by other rules than this version's.
enum RegisterCheck {
    static func run(on database: Database) throws {
        let rules = try database.transaction { session in
            try session.query(
                """
                SELECT g.rule_version FROM register_state s JOIN register_generation g ON g.generation = s.active_generation
                """, []
            ) { $0.text(0) }
        }
        for version in rules where version != RuleSet.current.version {
            throw ConfigurationRefused([
                SettingProblem(
                    "register",
                    "the active generation was normalised by rule set \(version), this version has "
                        + "\(RuleSet.current.version): start the earlier version, or load and activate the register again"
                )
            ])
        }
    }
}
