import Observability
import ServiceRuntime
import Storage

/// Refuses to start on a generation that was normalised by other rules than this version's; names a register that is
/// not there yet.
enum RegisterCheck {
    static func run(on database: Database, log: Log) throws {
        let rules = try database.transaction { session in
            try session.query(
                """
                SELECT g.rule_version FROM register_state s JOIN register_generation g ON g.generation = s.active_generation
                """, []
            ) { $0.text(0) }
        }
        if rules.isEmpty {
            log.warning(
                "no population register is active: records wait unverified",
                ["remedy": .string("load and activate one: operator load register")])
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
