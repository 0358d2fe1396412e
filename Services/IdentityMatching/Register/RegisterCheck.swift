import Observability
import RecordModel
import ServiceRuntime
import Storage

/// Refuses to start where a rule set that comes with this version means something else in the database, or where the
/// standing one has rules that this version does not know; names a register that is not there yet.
enum RegisterCheck {
    static func run(on database: Database, log: Log) throws {
        let (hasRegister, problem) = try database.transaction { session in
            let hasRegister = try session.query(
                "SELECT active_generation IS NOT NULL FROM register_state", []
            ) { $0.bool(0) }.contains(true)
            return (hasRegister, try RuleSets.problem(in: session))
        }
        if let problem { throw ConfigurationRefused([SettingProblem("rule set", problem)]) }
        if !hasRegister {
            log.warning(
                "no population register is active: records wait unverified",
                ["remedy": .string("load and activate one: operator load register")])
        }
    }
}
