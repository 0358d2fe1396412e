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
    ]

    static let definition = ServiceDefinition(
        name: "identity-matching", schema: "matching", version: "0.1.0",
        summary: "Checks every dose record's person against the population register.", port: 8102,
        settings: [Settings.personKey], migrations: migrations, topicsConsumed: Topic.read(by: "identity-matching"),
        compose: compose)

    static func compose(_ context: ServiceContext) throws -> ServiceParts {
        let (database, clock, log) = (context.database, context.clock, context.log)
        let answering = Answering(
            register: RegisterTables(), keys: PersonKeys(key: context.configuration[Settings.personKey]))
        let reverifier = Reverifier(
            database: database, answering: answering, clock: clock, log: log,
            heldBack: { context.pressure.current != nil })
        return ServiceParts(
            handler: VerificationHandler(
                answering: answering, clock: clock, metrics: VerificationMetrics(context.metrics)),
            routes: routes(database, clock: clock, log: log),
            prepare: { try RegisterCheck.run(on: database, log: log) },
            announce: Announcement.run,
            counts: { try VerdictCounts.read(in: $0).named(withPoliceSide: false) },
            backgroundTasks: [BackgroundTask("reverification", run: reverifier.run)])
    }

    /// The routing table.
    static func routes(_ database: Database, clock: any WallClock, log: Log) -> [Route] {
        RegisterRoutes(database: database, clock: clock, log: log).routes
            + ReverificationRoutes(database: database, clock: clock).routes
            + VerdictExports(database: database, log: log).routes
            + [VerdictCounts.route(database), Why(database: database).route]
    }
}
