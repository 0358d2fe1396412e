// IdentityMatching: is the person of each dose record a person of the population register?
//
// What it is: consumes `intake.dose-recorded.v1`, compares the four mandatory items with the register (đối sánh) and says
// right, wrong, cannot verify or exempt on `matching.verdict.v1`; which opaque person a right record is of on
// `matching.person.v1`; what differs, for the police side, on `matching.findings.v1`. Holds the register's snapshots as
// generations of which one stands.
//
// How it fails: without an active generation records wait and nothing is said. A load that breaks leaves the generation
// that stands. A crash between chunks of a re-verification goes on where it was. A message that cannot be read is parked.
// The verdict rows cannot be derived from other services: they come back with the database's backup, after which the
// active generation is activated again with restate=true (see README.md).
//
// Who may touch it: register values stay in this service. What crosses to the health side is in `Verdict`: an outcome, a
// group, and hints deduced from the record alone (AUT-17). Domain/ knows no I/O.
import Messaging
import Observability
import RecordModel
import ServiceRuntime
import Storage
import Web

@main
struct IdentityMatching {
    static func main() async { await ServiceMain.run(definition) }

    enum Settings {
        static let personKey = Setting.key(
            "MATCHING_PERSON_KEY", help: "Key of the opaque person keys, hexadecimal; never changes.")
    }

    static let migrations = [
        Migration(number: 101, name: "register", sql: PackageResources._01_register_sql),
        Migration(number: 102, name: "verdict", sql: PackageResources._02_verdict_sql),
        Migration(number: 103, name: "reverification", sql: PackageResources._03_reverification_sql),
        Migration(number: 104, name: "rule_set", sql: PackageResources._04_rule_set_sql),
        Migration(number: 105, name: "findings", sql: PackageResources._05_findings_sql),
        Migration(number: 106, name: "access_log", sql: PackageResources._06_access_log_sql),
        Migration(number: 107, name: "owed_hints", sql: PackageResources._07_owed_hints_sql),
    ]

    static let definition = ServiceDefinition(
        name: "identity-matching", schema: "matching", version: "0.1.0",
        summary: "Checks every dose record's person against the population register.", port: 8102,
        settings: [Settings.personKey] + PoliceSide.Settings.all, migrations: migrations,
        topicsConsumed: Topic.read(by: "identity-matching"),
        subcommands: SuggestionCommands.all,
        compose: compose)

    static func compose(_ context: ServiceContext) throws -> ServiceParts {
        let (database, clock, log) = (context.database, context.clock, context.log)
        let indexes = RegisterIndexes(
            database: database, directory: context.configuration[PoliceSide.Settings.indexDirectory],
            indexing: RegisterIndexing(), log: log, metrics: context.metrics)
        let answering = Answering(
            register: RegisterTables(), keys: PersonKeys(key: context.configuration[Settings.personKey]),
            candidates: indexes)
        let police = PoliceSide(context, answering: answering, indexes: indexes)
        let live = LiveTraffic()
        // Asked as an entry asks: pressure is measured only while somebody does.
        let heldBack: @Sendable () -> Bool = {
            do { try context.pressure.admit() } catch { return true }
            return false
        }
        let walker = Walker(
            reverifier: Reverifier(
                database: database, answering: answering, clock: clock, log: log, heldBack: heldBack),
            dryRunner: DryRunner(
                database: database, register: answering.register, keys: answering.keys, clock: clock, log: log,
                heldBack: heldBack), live: live, clock: clock)
        return ServiceParts(
            handler: VerificationHandler(
                answering: answering, clock: clock, metrics: VerificationMetrics(context.metrics), live: live,
                guessesPerDay: police.guessesPerDay),
            routes: routes(database, police: police, clock: clock, log: log),
            prepare: { try RegisterCheck.run(on: database, log: log) },
            announce: Announcement.run,
            counts: { try VerdictCounts.read(in: $0).named(withPoliceSide: false) },
            backgroundTasks: [
                BackgroundTask("walks", run: walker.run),
                BackgroundTask(
                    "register generations",
                    run: RegisterGenerations(database: database, clock: clock, log: log).keepClear),
                BackgroundTask("owed hints") { stop in
                    try OwedHints(database: database, answering: answering, clock: clock, log: log).run(until: stop) {
                        indexes.index(of: $0) != nil
                    }
                },
            ] + police.backgroundTasks)
    }

    /// The routing table.
    static func routes(_ database: Database, police: PoliceSide, clock: any WallClock, log: Log) -> [Route] {
        RegisterRoutes(database: database, indexes: police.indexes, clock: clock, log: log).routes
            + AliasRoutes(database: database, clock: clock, log: log).routes + police.routes(database, clock: clock)
            + ReverificationRoutes(database: database, clock: clock).routes
            + RuleSetRoutes(database: database, clock: clock, log: log).routes
            + DryRunRoutes(database: database, clock: clock).routes
            + VerdictExports(database: database, clock: clock, log: log).routes
            + [VerdictCounts.route(database), Why(database: database, limits: police.questions).route]
    }
}
