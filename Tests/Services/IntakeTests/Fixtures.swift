import Messaging
import RecordModel
import ServiceRuntime
import Storage
import TestSupport

@testable import Intake

/// Noon of 1 June 2022 in Viet Nam.
let noon = Instant(rfc3339: "2022-06-01T12:00:00+07:00")!
let key = [UInt8](repeating: 7, count: 32)
let station = "26734"
let hospital = "79001-H"

let testUnits = [
    UnitRecord(code: station, name: "Trạm Y tế Bến Nghé", kind: .communeStation, communeCode: "26734"),
    UnitRecord(code: hospital, name: "Bệnh viện Quận 1", kind: .hospital, communeCode: "26740"),
    UnitRecord(code: "CA-26734", name: "Công an phường Bến Nghé", kind: .communePolice, communeCode: "26734"),
]

/// A row that keeps all rules.
func row(_ change: (inout Submission) -> Void = { _ in }) -> Submission {
    var row = Submission()
    row.facilityCode = station
    row.sourceRecordID = "R-1"
    row.enteredAt = "2022-01-10T08:00:00+07:00"
    row.identity = TypedIdentity(
        fullName: "Nguyễn Thị Hồng", sex: "F", dateOfBirth: "1987-03-12", idNumber: "079187012345")
    row.subject.residenceCommune = "26734"
    row.doseNumber = "1"
    row.vaccine = "AstraZeneca"
    row.lotNumber = "ABX1234"
    row.injectedOn = "2021-11-04"
    change(&row)
    return row
}

let directory = UnitDirectory(
    revision: 1, units: testUnits.map { (code: $0.code, kind: $0.kind, communeCode: $0.communeCode) })

func circumstances(ownFacility: String? = nil) -> Circumstances {
    Circumstances(units: directory, identifiers: RecordIdentifiers(key: key), ownFacility: ownFacility)
}

func accepted(_ submission: Submission, receivedAt: Instant = noon) throws -> AcceptedRow {
    try validated(
        Arrival(submission: submission, origin: .request(id: "t", row: 1), receivedAt: receivedAt), circumstances()
    ).get()
}

func salt() -> [UInt8] { [UInt8](repeating: 1, count: 16) }

/// What a schema of Intake is made of.
let migrations = InfrastructureMigrations.all + Intake.definition.migrations

/// A schema with Intake's tables and the test's units.
func withIntake<R>(
    units: [UnitRecord] = testUnits, _ body: (Database, SubmissionIntake) throws -> R
) throws -> R {
    try TestPostgres.shared().withDatabase(migrations: migrations) { database in
        if !units.isEmpty {
            _ = try database.transaction { try UnitTable.load(units, at: noon, in: $0) }
        }
        let intake = SubmissionIntake(identifiers: RecordIdentifiers(key: key), clock: ManualClock(noon))
        return try body(database, intake)
    }
}

/// The handler over one partition, as the consumer would call it.
struct TestConsumer {
    let database: Database
    let handler: IntakeHandler
    var timestamp = noon

    init(_ database: Database, _ intake: SubmissionIntake) {
        self.database = database
        handler = IntakeHandler(
            submissions: intake, corrections: CorrectionIntake(clock: ManualClock(noon)), clock: ManualClock(noon))
    }

    func message(_ submission: Submission, offset: Int64, partition: Int32 = 0) -> InboundMessage {
        InboundMessage(
            submission.event(source: "test", at: timestamp), partition: partition, offset: offset)
    }

    func message(_ correction: CorrectionApplied, offset: Int64) -> InboundMessage {
        InboundMessage(correction.event(source: "test", at: timestamp), offset: offset)
    }

    @discardableResult
    func handle(_ messages: [InboundMessage]) throws -> [Rejection] {
        try database.transaction { try handler.handle(messages, in: $0) }
    }

    func counts() throws -> IntakeCounts { try database.transaction { try IntakeCounts(in: $0) } }

    func record(_ name: String = "R-1", of facility: String = station) throws -> DoseRecord? {
        let id = RecordIdentifiers(key: key).doseID(
            facility: facility, facilityHash: RecordIdentifiers.facilityHash(facility), record: name)
        return try database.transaction {
            try $0.query("SELECT record FROM dose_record WHERE dose_id = $1", [.uuid(id)]) {
                try RecordTable.read($0.bytes(0))
            }
        }.first
    }

    /// How many events wait in the outbox.
    func events() throws -> Int {
        try database.transaction {
            try $0.query("SELECT coalesce(sum(event_count), 0)::bigint FROM outbox") { $0.int(0) }[0]
        }
    }
}

func identityCorrection(
    _ number: UInt64, of record: DoseRecord, name: String, decidedAt: Instant = noon
) -> CorrectionApplied {
    var identity = record.identity
    identity.fullName = name
    return CorrectionApplied(
        correctionID: CorrectionID(high: 1, low: number), doseID: record.doseID, subjectID: record.subjectID,
        doseVersion: record.version, authority: .police, decidedByUnit: "CA-26734", decidedAt: decidedAt,
        correction: .identity(identity))
}

func doseCorrection(
    _ number: UInt64, of record: DoseRecord, _ fields: DoseCorrection, decidedAt: Instant = noon
) -> CorrectionApplied {
    CorrectionApplied(
        correctionID: CorrectionID(high: 2, low: number), doseID: record.doseID, subjectID: record.subjectID,
        doseVersion: record.version, authority: .health, decidedByUnit: station, decidedAt: decidedAt,
        correction: .dose(fields))
}

/// All orders of so many things.
func permutations(_ count: Int) -> [[Int]] {
    if count == 0 { return [[]] }
    return permutations(count - 1).flatMap { shorter in
        (0..<count).map { place in
            var order = shorter
            order.insert(count - 1, at: place)
            return order
        }
    }
}
