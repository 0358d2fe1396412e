import Cryptography
import Foundation
import FoundationNetworking
import Messaging
import RecordModel
import ServiceRuntime
import Storage
import TestSupport
import Testing
import Web

@testable import CorrectionTasks

let noon = Instant(rfc3339: "2022-04-20T05:00:00Z")!
let migrations = InfrastructureMigrations.all + CorrectionTasks.definition.migrations

/// Facts about one record, with what tests do not care about filled in.
enum Fact {
    static func dose(
        _ number: Int, subject: Int? = nil, facility: String = "79001", version: UInt32 = 1,
        name: String = "Nguyễn Văn An",
        id: String = "079090000001", commune: String = "26734", doseNumber: Int32 = 1, conflict: Bool = false,
        status: RecordStatus = .active
    ) -> DoseRecord {
        DoseRecord(
            doseID: doseID(number, facility), subjectID: subjectID(subject ?? number),
            facilityCode: facility, sourceRecordID: "R\(number)", version: version, enteredAt: noon, recordedAt: noon,
            identity: TypedIdentity(fullName: name, sex: "M", dateOfBirth: "1990-02-03", idNumber: id),
            subject: SubjectDetails(phone: "0901", residenceCommune: commune),
            dose: DoseDetails(
                doseNumber: doseNumber, doseNumberTyped: String(doseNumber), vaccine: "Comirnaty", lotNumber: "L1",
                injectedOn: "2021-08-01"),
            status: status, identityConflict: conflict, salt: [UInt8](repeating: 1, count: 16))
    }

    /// As Intake makes them: four bytes of the facility's hash before the rest.
    static func doseID(_ number: Int, _ facility: String = "79001") -> DoseID {
        let hash = SHA256.hash(Array(facility.utf8)).prefix(4).reduce(0) { $0 << 8 | UInt64($1) }
        return DoseID(high: hash << 32 | 0x8000, low: 1 << 63 | UInt64(number))
    }

    static func subjectID(_ number: Int) -> SubjectID { SubjectID(high: 0x22, low: UInt64(number) << 40) }

    static func verdict(
        _ number: Int, subject: Int? = nil, facility: String = "79001", version: UInt32 = 1, assessment: UInt64 = 1,
        _ outcome: Outcome = .wrong
    ) -> Verdict {
        Verdict(
            doseID: doseID(number, facility), subjectID: subjectID(subject ?? number),
            facilityCode: facility, sourceRecordID: "R\(number)", doseVersion: version, assessment: assessment,
            outcome: outcome,
            group: outcome == .wrong ? .verifiedWrong : outcome == .cannotVerify ? .noID : .none, ruleVersion: "1",
            decidedAt: noon, hints: ["LEADING_ZERO_LOST"])
    }

    static func finding(_ number: Int, version: UInt32 = 1, assessment: UInt64 = 1) -> Finding {
        Finding(
            doseID: doseID(number), subjectID: subjectID(number), facilityCode: "79001",
            sourceRecordID: "R\(number)", doseVersion: version, assessment: assessment,
            differences: [Difference(field: "name", reason: "DIACRITICS_ONLY")],
            candidates: [Candidate(personalID: "079090123456", weight: 9)], strength: .strong)
    }

    static let units: [UnitRecord] = [
        UnitRecord(
            code: "T26734", name: "Trạm", kind: .communeStation, provinceCode: "79", districtCode: "760",
            communeCode: "26734"),
        UnitRecord(
            code: "T26737", name: "Trạm", kind: .communeStation, provinceCode: "79", districtCode: "760",
            communeCode: "26737"),
        UnitRecord(
            code: "CA26734", name: "Công an", kind: .communePolice, provinceCode: "79", districtCode: "760",
            communeCode: "26734"),
        UnitRecord(
            code: "CA26737", name: "Công an", kind: .communePolice, provinceCode: "79", districtCode: "760",
            communeCode: "26737"),
        UnitRecord(code: "79001", name: "Bệnh viện", kind: .hospital, provinceCode: "79", districtCode: "760"),
    ]

    static func message(_ message: some TopicMessage) -> InboundMessage {
        InboundMessage(message.event(source: "test", at: noon))
    }
}

/// The service's parts on a schema of the test's own.
struct TestDesk: Sendable {
    let database: Database
    let clock = ManualClock(noon)
    var rule = RecordRule()
    var responsibility = Responsibility()

    var desk: TaskDesk { TaskDesk(responsibility: responsibility, clock: clock) }
    var handler: FactHandler { FactHandler(rule: rule, desk: desk) }
    var resolutions: ResolutionDesk { ResolutionDesk(rule: rule, desk: desk) }
    var doseFields: DoseFieldDesk { DoseFieldDesk(rule: rule, desk: desk) }
    var routes: [Route] {
        TaskRoutes(database: database, clock: clock).all
            + ResolutionRoutes(database: database, resolutions: resolutions, doseFields: doseFields).all
            + ReportRoutes(database: database, clock: clock).all
    }

    static func with(_ body: (TestDesk) throws -> Void) throws {
        try TestPostgres.shared().withDatabase(migrations: migrations) { database in
            try body(TestDesk(database: database))
        }
    }

    @discardableResult
    func take(_ messages: [InboundMessage]) throws -> [Rejection] {
        try database.transaction { tx in try handler.handle(messages, in: tx) }
    }

    func loadUnits() throws { try take(Fact.units.map { Fact.message($0) }) }

    func tasks() throws -> [StoredTask] {
        try database.withConnection { connection in
            try connection.query("SELECT \(StoredTask.columns) FROM task ORDER BY subject_id, kind, episode") {
                StoredTask($0)
            }
        }
    }

    func answer(
        _ task: StoredTask, _ kind: ResolutionKind, identity: IdentityAnswer = IdentityAnswer(), commune: String = "",
        role: Role = .communePolice, unit: String = "CA26734"
    ) throws -> ResolutionResult {
        try database.transaction { tx in
            try resolutions.apply(
                [ResolutionRequest(taskID: task.taskID, answer: kind, identity: identity, commune: commune)],
                by: Principal(subject: "officer", role: role, unit: unit), in: tx)[0]
        }
    }

    /// Everything that has left so far, in order, decoded.
    func corrections() throws -> [CorrectionApplied] {
        let publisher = RecordingPublisher()
        let relay = OutboxRelay(database: database, publisher: publisher, log: TestPostgres.log)
        relay.start()
        #expect(relay.stop())
        return try publisher.events.map { try CorrectionApplied(wire: $0.value) }
    }
}

extension ResolutionResult {
    var refusal: ResolutionRefusal? {
        if case .refused(let refusal) = effect { return refusal }
        return nil
    }
}
