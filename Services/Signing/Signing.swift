// Signing (ký số): lets facilities sign, in turns, the doses that they gave and whose persons were verified right.
//
//   dose-recorded ─┐              ┌▶ signable ┐ ┌─ POST /v1/turns ─▶ content ─▶ signing agent ─▶ POST …/signature
//   verdict       ─┼─▶ FactHandler ┼▶ verified  ├─┴─────────────────────────────────────▶ TurnSigning ─▶ attestation
//   person        ─┘     │         └▶ ready_dose┘                                            │  └─▶ dose-attested
//                        └─ what changed under a signature makes it stale ───────────────────┘
//
// Facts arrive in any order and are kept each on its own; one pure rule (`Signability`) says whether a dose can be
// signed, another (`Attestation.staleness`) whether its signature still stands. A turn reserves nothing; when its
// signature comes, the rows of all its doses are taken out of `ready_dose`, and all or none take effect.
//
// How it fails: a message that cannot be read is parked by the consumer. A signature that is not good, or by a
// certificate that is not registered for the unit, changes nothing. A turn whose doses have moved fails as a whole and
// lists them. Sending the same signature again is answered like the first time, so a lost answer costs nothing.
//
// Who may touch it: facilities' heads sign for their own unit, their staff prepares and reads, moh-it registers
// certificates. Nobody else's schema is read: other services' facts come by topic, attestations leave by topic.
import Messaging
import Observability
import RecordModel
import ServiceRuntime
import Storage
import Web

@main
struct Signing {
    static func main() async { await ServiceMain.run(definition) }

    enum Settings {
        static let trustAnchors = Setting.text(
            "TRUST_ANCHORS_FILE",
            help: "PEM file of the certificate authorities whose organisation certificates may sign; read at each use.")
        static let persons = Setting.integer(
            "SIGNING_PERSONS_PER_TURN", default: 1_000, in: 1...1_000, help: "Persons in one turn at most.")
        static let dosesPerPerson = Setting.integer(
            "SIGNING_DOSES_PER_PERSON", default: 3, in: 1...10, help: "Doses of one person in one turn at most.")
        static let lastDoseNumber = Setting.integer(
            "SIGNING_LAST_DOSE_NUMBER", default: 5, in: 1...20,
            help: "The highest dose number that can be signed; after a change let Intake announce.")
        static let turnLifetime = Setting.integer(
            "SIGNING_TURN_LIFETIME_SECONDS", default: 86_400, in: 60...2_592_000,
            help: "How long a prepared turn waits for its signature.")
    }

    static let definition = ServiceDefinition(
        name: "signing", schema: "signing", version: "0.1.0",
        summary: "Facilities sign verified doses in turns.", port: 8104,
        settings: [
            Settings.trustAnchors, Settings.persons, Settings.dosesPerPerson, Settings.lastDoseNumber,
            Settings.turnLifetime,
        ],
        migrations: [Migration(number: 101, name: "signing", sql: PackageResources._01_signing_sql)],
        topicsConsumed: Topic.read(by: "signing"), check: problems, compose: compose)

    /// In production nothing can be signed without trust anchors: say so at start. In development the file may come later.
    static func problems(_ configuration: Configuration) -> [SettingProblem] {
        guard !configuration[StandardSettings.developmentMode] else { return [] }
        return TrustAnchors(path: configuration[Settings.trustAnchors]).problem().map {
            [SettingProblem("TRUST_ANCHORS_FILE", "\($0); name a PEM file of the authorities that are trusted")]
        } ?? []
    }

    static func compose(_ context: ServiceContext) throws -> ServiceParts {
        let configuration = context.configuration
        let limits = SigningLimits(
            persons: configuration[Settings.persons], dosesPerPerson: configuration[Settings.dosesPerPerson],
            doseNumbers: 1...Int32(configuration[Settings.lastDoseNumber]),
            turnLifetime: Int64(configuration[Settings.turnLifetime]))
        let trust = TrustAnchors(path: configuration[Settings.trustAnchors])
        let metrics = SigningMetrics(context.metrics)
        let turns = TurnRoutes(
            database: context.database, preparation: TurnPreparation(limits: limits),
            signing: TurnSigning(trust: trust, limits: limits, metrics: metrics), clock: context.clock,
            log: context.log,
            pressure: context.pressure)
        let certificates = CertificateRoutes(
            database: context.database, registry: CertificateRegistry(trust: trust), clock: context.clock,
            log: context.log)
        let reports = ReportRoutes(database: context.database, trust: trust, limits: limits)
        let why = WhyRoute(database: context.database, limits: limits, clock: context.clock)
        return ServiceParts(
            handler: FactHandler(limits: limits, clock: context.clock, metrics: metrics),
            routes: turns.all + certificates.all + reports.all + [why.route],
            announce: { announcer in try Announcement.run(announcer) },
            counts: { tx in try ReportRoutes.counts(limits, in: tx) },
            backgroundTasks: [expiry(context)])
    }

    /// Ends turns whose time is over, so that their manifests do not pile up.
    private static func expiry(_ context: ServiceContext) -> BackgroundTask {
        BackgroundTask("turn expiry") { stop in
            while !stop.wait(seconds: 60) {
                let now = context.clock.now()
                let expired = try context.database.transaction { tx in try tx.run(ExpireTurns(now: now)).count }
                if expired > 0 { context.log.info("turns expired", ["turns": .int(expired)]) }
            }
        }
    }
}
