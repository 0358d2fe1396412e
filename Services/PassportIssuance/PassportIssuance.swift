// PassportIssuance (cấp hộ chiếu vắc xin): computes what each person's vaccine passport says, signs it centrally at the
// end of the day, and tells verifiers what they need.
//
//   dose-recorded ─┐
//   verdict       ─┼─▶ FactHandler ─▶ facts by dose, persons marked
//   person        ─┤                                  │
//   dose-attested ─┘      POST /v1/day-runs ─▶ RunChunk ─▶ PersonDecision ─▶ passports ─▶ issuance.passport.v1
//
// Facts arrive in any order and are kept each on its own; only those about doses that were ever attested mark their
// persons. Passports are made in runs only: a run takes the marked persons in chunks, in lanes side by side, decides by
// one pure rule (`PersonDecision`), signs, and commits passports, marks and its own place together. So a run that was
// killed goes on where it was, and nothing is issued twice.
//
// How it fails: a message that cannot be read is parked by the consumer. A run that fails stays open; the worker of any
// instance goes on with it. A database that has lost the passports is recognised (`Installation`), and the service
// refuses to start until the backup is restored: passports cannot be derived from events.
//
// Who may touch it: only preventive-medicine opens runs. Nobody edits a passport: it follows from signed records.
import Cryptography
import Messaging
import Observability
import RecordModel
import ServiceRuntime
import Storage
import Web

@main
struct PassportIssuance {
    static func main() async { await ServiceMain.run(definition) }

    enum Settings {
        static let keys = Setting.text(
            "ISSUER_KEYS_DIRECTORY",
            help: "Folder of csca.pem, signer.pem and signer.key; made in development mode when it is not there.")
        static let issuer = Setting.text(
            "ISSUER_NAME", default: "Cục Y tế dự phòng", help: "The issuer as passports state it (is), 80 characters.")
        static let unit = Setting.text(
            "ISSUING_UNIT", default: "CYTDP", help: "Code of the unit that opens day runs, for answers to why.")
        static let firstDay = Setting.date(
            "ISSUANCE_FIRST_DAY", default: "2022-04-15", help: "No run is opened before this day (PAS-02).")
        static let chunk = Setting.integer(
            "ISSUANCE_CHUNK_PERSONS", default: 400, in: 1...2_000, help: "Persons of a run in one transaction.")
        static let lanes = Setting.integer(
            "ISSUANCE_RUN_LANES", default: 2, in: 1...6,
            help: "Parts of a run that are worked off side by side, each with a connection of its own.")
    }

    static let definition = ServiceDefinition(
        name: "passport-issuance", schema: "issuance", version: "0.1.0",
        summary: "Issues vaccine passports from signed doses.", port: 8105,
        settings: [Settings.keys, Settings.issuer, Settings.unit, Settings.firstDay, Settings.chunk, Settings.lanes],
        migrations: migrations, topicsConsumed: Topic.read(by: "passport-issuance"), check: problems,
        subcommands: [setUp], compose: compose)

    static let migrations = [
        Migration(number: 101, name: "issuance", sql: PackageResources._01_issuance_sql),
        Migration(number: 102, name: "shown_dose", sql: PackageResources._02_shown_dose_sql),
    ]

    /// In production each missing piece of the signer is named at start; in development they are made.
    static func problems(_ configuration: Configuration) -> [SettingProblem] {
        let isDevelopment = configuration[StandardSettings.developmentMode]
        let files = SignerFiles(directory: configuration[Settings.keys])
        let mayBeMade = isDevelopment && !files.directory.isEmpty && !files.exists(SignerFiles.certificate)
        guard !mayBeMade else { return [] }
        return files.problems(at: Instant.now().microseconds / 1_000_000, isDevelopment: isDevelopment)
            .map { SettingProblem(Settings.keys.name, $0) }
    }

    static func compose(_ context: ServiceContext) throws -> ServiceParts {
        let configuration = context.configuration
        let clock = context.clock
        let database = context.database
        let files = SignerFiles(directory: configuration[Settings.keys])
        let signer = try signer(files, context)
        let chunk = RunChunk(
            encoder: PassportEncoder(signer: signer.signer), issuer: configuration[Settings.issuer], clock: clock,
            size: configuration[Settings.chunk])
        let runs = DayRuns(
            database: database, chunk: chunk, lanes: configuration[Settings.lanes], clock: clock, log: context.log,
            metrics: context.metrics)
        let routes = RunRoutes(
            database: database, runs: runs, certificate: signer.signer.certificate,
            firstDay: configuration[Settings.firstDay], clock: clock)
        let exports = ExportRoutes(database: database, clock: clock)
        let why = WhyRoute(database: database, issuingUnit: configuration[Settings.unit])
        return ServiceParts(
            handler: FactHandler(clock: clock), routes: routes.all + exports.all + [why.route],
            prepare: { try prepare(files, signer, database, clock, context.log) },
            announce: { announcer in try Announcement.run(announcer) },
            counts: { tx in try IssuanceCounts.read(in: tx) },
            backgroundTasks: [BackgroundTask("day runs") { stop in try runs.work(until: stop) }])
    }

    private static func signer(_ files: SignerFiles, _ context: ServiceContext) throws -> SignerFiles.Loaded {
        if context.isDescribing { return try SignerSetUp.inMemory(at: context.clock.now()) }
        if context.isDevelopment { try SignerSetUp.make(in: files, at: context.clock.now()) }
        return try files.load()
    }

    /// Refuses a database that has lost the passports; remembers the certificates that verifiers need.
    private static func prepare(
        _ files: SignerFiles, _ signer: SignerFiles.Loaded, _ database: Database, _ clock: any WallClock, _ log: Log
    ) throws {
        do {
            if let problem = try Installation(files: files).problem(in: database, at: clock.now()) {
                throw ConfigurationRefused([SettingProblem("DATABASE_URL", problem)])
            }
        } catch let error as CryptographyError {
            log.warning("the loss of this database could not be recognised", ["reason": .string(error.reason)])
        }
        let certificates = [signer.signer.certificate] + signer.authorities + signer.former
        try database.transaction { tx in
            try tx.run(RememberTrust(certificates: certificates, at: clock.now()))
        }
    }

    /// Makes the TEST authority and signer without starting the service.
    private static let setUp = Subcommand(
        "setup", summary: "Makes a TEST authority and signer in ISSUER_KEYS_DIRECTORY; in development mode only.",
        settings: [Settings.keys, StandardSettings.developmentMode]
    ) { configuration, log in
        guard configuration[StandardSettings.developmentMode] else {
            throw ConfigurationRefused([
                SettingProblem(
                    StandardSettings.developmentMode.name,
                    "TEST keys are made in development mode only; a production signer comes from its authority")
            ])
        }
        guard !configuration[Settings.keys].isEmpty else {
            throw ConfigurationRefused([SettingProblem(Settings.keys.name, "name the folder to make the keys in")])
        }
        try SignerSetUp.make(in: SignerFiles(directory: configuration[Settings.keys]), at: Instant.now())
        log.info("signer is set up")
    }
}
