// CorrectionTasks (làm sạch dữ liệu): who must act on which record by when, and what leaves when they have.
//
//   dose-recorded ─┐                                        ┌─ work list ─▶ station, commune police, facility
//   verdict       ─┼─▶ FactHandler ─▶ problems ─▶ tasks ────┤
//   findings      ─┤                     ▲        (history) └─ answers ─▶ ResolutionDesk ─▶ correction.applied ─▶ Intake
//   units         ─┘                     └── a new version, checked again: the task closes itself ◀──────────────┘
//
// Facts arrive in any order and are kept each on its own; one pure rule (`RecordRule`) says which problems a record has,
// another (`TaskProgress`) how a task moves. Only police resolve identity, only the giving facility confirms dose fields
// (AUT-01); nothing here changes a record: Intake does, by a new version, which matching answers.
//
// How it fails: a message that cannot be read is parked by the consumer. An answer that is not allowed changes nothing and
// says why; an answer given twice takes effect once; a correction that was sent again is known to Intake by its id.
//
// Who may touch it: the work list goes to the unit that must act and to those above it. What the register says reaches
// police roles of the area only, masked in lists, every view recorded (AUT-16, AUT-17).
import Messaging
import Observability
import RecordModel
import ServiceRuntime
import Storage
import Web

@main
struct CorrectionTasks {
    static func main() async { await ServiceMain.run(definition) }

    enum Settings {
        static let days = Setting.integer(
            "CORRECTION_DAYS", default: 2, in: 1...60, help: "Days from the making of a task to its due date.")
        static let facilityProvinces = Setting.text(
            "CORRECTION_FACILITY_PROVINCES", default: "",
            help: "Codes of provinces, separated by commas, where the giving facility acts and not the station.")
        static let lastDoseNumber = Setting.integer(
            "CORRECTION_LAST_DOSE_NUMBER", default: 5, in: 1...20, help: "The highest dose number that can be.")
    }

    static let definition = ServiceDefinition(
        name: "correction-tasks", schema: "correction", version: "0.1.0",
        summary: "Tasks for records that are not right, and the answers to them.", port: 8103,
        settings: [Settings.days, Settings.facilityProvinces, Settings.lastDoseNumber],
        migrations: [Migration(number: 101, name: "correction", sql: PackageResources._01_correction_sql)],
        topicsConsumed: Topic.read(by: "correction-tasks"), compose: compose)

    static func compose(_ context: ServiceContext) throws -> ServiceParts {
        let configuration = context.configuration
        let rule = RecordRule(doseNumbers: 1...Int32(configuration[Settings.lastDoseNumber]))
        let provinces = configuration[Settings.facilityProvinces].split(separator: ",").map { part in
            String(part.filter { $0 != " " })
        }
        let desk = TaskDesk(
            responsibility: Responsibility(facilityProvinces: Set(provinces), days: configuration[Settings.days]),
            clock: context.clock)
        let clock = context.clock
        let tasks = TaskRoutes(database: context.database, clock: clock)
        let resolutions = ResolutionRoutes(
            database: context.database, resolutions: ResolutionDesk(rule: rule, desk: desk),
            doseFields: DoseFieldDesk(rule: rule, desk: desk))
        let reports = ReportRoutes(database: context.database, clock: clock)
        return ServiceParts(
            handler: FactHandler(rule: rule, desk: desk), routes: tasks.all + resolutions.all + reports.all,
            announce: CorrectionTable.announce, counts: { tx in try ReportRoutes.counts(in: tx, at: clock.now()) },
            backgroundTasks: [routing(context, desk.responsibility)])
    }

    /// A task and the station it belongs to may be written at the same moment by two instances that do not see each other.
    private static func routing(_ context: ServiceContext, _ responsibility: Responsibility) -> BackgroundTask {
        BackgroundTask("task routing") { stop in
            while !stop.wait(seconds: 60) {
                try context.database.transaction { tx in
                    try UnitTable.reroute(communes: nil, responsibility, in: tx)
                }
            }
        }
    }
}
