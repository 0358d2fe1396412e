// Intake: the record's home. Takes dose rows from the topic, from requests and from files, decides which version of
// each record stands, lets corrections take effect, keeps the list of units, and tells everybody of each new version.
//
// How it fails: a row that breaks a rule is refused with record, field and rule; a message that cannot be read is
// parked; while the list of units is empty or the database is away, batches wait. Nothing is answered with success
// before it is durable.
//
// Who may touch it: nobody else writes a subject or a dose; other services ask for changes through
// `correction.applied.v1`.

import Messaging
import RecordModel
import ServiceRuntime
import Storage
import Synchronization
import Web

@main
struct Intake {
    static func main() async { await ServiceMain.run(definition) }

    enum Settings {
        static let identifierKey = Setting<[UInt8]>.key(
            "INTAKE_IDENTIFIER_KEY",
            help: "Key of the identifiers of doses and subjects, hexadecimal; lives as long as the data.")
        static let firstDay = Setting<CalendarDate>.date(
            "INTAKE_FIRST_DAY", default: "2021-03-08",
            help: "First injection in Viet Nam; earlier doses need the country where they were given.")
        static let toleranceAhead = Setting<Int>.integer(
            "INTAKE_CLOCK_TOLERANCE_SECONDS", default: 300, in: 0...86_400,
            help: "How far a typed time of entry may lie ahead of its receipt.")
        static let uploadBytes = Setting<Int>.integer(
            "INTAKE_UPLOAD_MAX_BYTES", default: 4 << 30, in: 1 << 20...1 << 40, help: "The largest file of doses.")
    }

    static let definition = ServiceDefinition(
        name: "intake", schema: "intake", version: "0.1.0",
        summary: "Takes in dose records and keeps their versions.", port: 8101,
        settings: [
            Settings.identifierKey, Settings.firstDay, Settings.toleranceAhead, Settings.uploadBytes,
        ],
        migrations: [Migration(number: 101, name: "intake", sql: PackageResources._01_intake_sql)],
        topicsConsumed: Topic.read(by: "intake"), compose: compose)

    static func compose(_ context: ServiceContext) throws -> ServiceParts {
        let configuration = context.configuration
        let settings = ValidationSettings(
            startDate: configuration[Settings.firstDay],
            toleranceAhead: Int64(configuration[Settings.toleranceAhead]))
        let identifiers = RecordIdentifiers(key: configuration[Settings.identifierKey])
        let units = UnitList()
        let submissions = SubmissionIntake(
            identifiers: identifiers, settings: settings, units: units, clock: context.clock)
        let pressure = context.pressure
        let admit: @Sendable () throws -> Void = { try pressure.admit() }
        let (database, clock, log) = (context.database, context.clock, context.log)
        let worker = UploadWorker(intake: submissions, database: database, clock: clock, log: log, admit: admit)
        return ServiceParts(
            handler: IntakeHandler(
                submissions: submissions, corrections: CorrectionIntake(settings: settings, clock: clock),
                clock: clock),
            routes: DoseRoutes(intake: submissions, database: database, clock: clock, admit: admit).routes
                + UploadRoutes(
                    database: database, clock: clock, log: log, admit: admit,
                    maxBody: configuration[Settings.uploadBytes]
                ).routes
                + UnitRoutes(database: database, clock: clock, log: log).routes
                + RecordRoutes(database: database, identifiers: identifiers, units: units, log: log).routes
                + RefusalRoutes(database: database).routes
                + WhyRoute(database: database, identifiers: identifiers).routes
                + CountRoute(database: database).routes,
            prepare: { try database.transaction { try units.warnIfEmpty(log, in: $0) } },
            announce: { try Announcement.run($0, clock: clock) },
            counts: { try IntakeCounts(in: $0).named },
            backgroundTasks: [BackgroundTask("uploads") { try worker.run($0) }])
    }
}
