import Cryptography
import Dispatch
import Foundation
import Messaging
import Observability
import RecordModel
import ServiceRuntime
import Storage
import Synchronization
import TestSupport

@testable import PassportIssuance

/// Facts about invented doses, and the messages that tell them.
enum Sample {
    /// 2022-05-01T10:00:00Z.
    static let now = Instant(microseconds: 1_651_399_200_000_000)

    static func person(_ number: UInt64) -> PersonKey { PersonKey(high: 7, low: number) }
    /// Keys spread over the whole range, as real ones are.
    static func spread(_ number: UInt64) -> PersonKey {
        PersonKey(high: (number + 1) &* 0x9E37_79B9_7F4A_7C15, low: number)
    }
    static func facility(_ number: UInt64) -> String { "F\(number % 3)" }
    /// As Intake makes them: beginning with four bytes of the facility's hash.
    static func dose(_ number: UInt64) -> DoseID {
        DoseID(high: Locator.doses(ofFacility: facility(number)).lowerBound.high, low: number)
    }

    static func record(
        _ number: UInt64, version: UInt32 = 1, dose doseNumber: Int32 = 1, on day: String = "2022-01-10",
        vaccine: String = "Comirnaty", name: String = "Đặng Thị Tường Vi", born: String = "17/05/1990",
        lot: String = "L1", phone: String = "", country: String = "", status: RecordStatus = .active
    ) -> DoseRecord {
        DoseRecord(
            doseID: dose(number), subjectID: SubjectID(high: 2, low: number), facilityCode: facility(number),
            sourceRecordID: "R\(number)", version: version, enteredAt: now, recordedAt: now,
            identity: TypedIdentity(fullName: name, sex: "F", dateOfBirth: born, idNumber: "079190000001"),
            subject: SubjectDetails(phone: phone),
            dose: DoseDetails(
                doseNumber: doseNumber, doseNumberTyped: String(doseNumber), vaccine: vaccine, lotNumber: lot,
                injectedOn: day, givenCountry: country),
            status: status, salt: [UInt8](repeating: UInt8(version), count: 16))
    }

    static func verdict(_ record: DoseRecord, assessment: UInt64 = 1, _ outcome: Outcome = .right) -> Verdict {
        Verdict(
            doseID: record.doseID, subjectID: record.subjectID, facilityCode: record.facilityCode,
            sourceRecordID: record.sourceRecordID, doseVersion: record.version, assessment: assessment,
            outcome: outcome, group: outcome == .right ? .none : .verifiedWrong, ruleVersion: "1", decidedAt: now)
    }

    static func link(_ record: DoseRecord, assessment: UInt64 = 1, _ person: PersonKey?) -> PersonLinked {
        PersonLinked(
            doseID: record.doseID, subjectID: record.subjectID, doseVersion: record.version, assessment: assessment,
            personKey: person)
    }

    static func attested(
        _ record: DoseRecord, revision: UInt64 = 1, _ status: AttestationStatus = .signed
    ) -> DoseAttested {
        DoseAttested(
            doseID: record.doseID, subjectID: record.subjectID, facilityCode: record.facilityCode,
            sourceRecordID: record.sourceRecordID, doseVersion: record.version, revision: revision, status: status,
            turnID: TurnID(high: 3, low: 1), position: 1,
            contentSHA256: SHA256.hash(record.salt, SignedContent.canonicalBytes(of: record)), signerSerial: "01",
            signedAt: now)
    }

    /// Everything that puts a record on a person's line.
    static func complete(_ record: DoseRecord, _ person: PersonKey) -> [InboundMessage] {
        [message(record), message(verdict(record)), message(link(record, person)), message(attested(record))]
    }

    static func message(_ fact: some TopicMessage) -> InboundMessage {
        InboundMessage(fact.event(source: "test", at: now))
    }

    /// The facts that the messages leave, without a database.
    static func facts(_ messages: [InboundMessage]) -> DoseFacts { FactFold(messages).doses[0] }

    /// A dose that is counted, as the line sees it.
    static func lineDose(_ record: DoseRecord) throws -> VaccinationLine.Dose {
        VaccinationLine.Dose(
            doseID: record.doseID, version: record.version, facilityCode: record.facilityCode,
            sourceRecordID: record.sourceRecordID, face: try PassportFace(record))
    }
}

extension PassportFace {
    init(_ record: DoseRecord) throws(Problem) { try self.init(ShownRecord(record)) }
}

/// A service without broker and HTTP: its handler, its runs, its database.
struct TestIssuance: Sendable {
    let database: Database
    let clock = ManualClock(Sample.now)
    let signer: SignerFiles.Loaded
    let log = Log(service: "test", level: .error)
    let chunkSize: Int
    let lanes: Int

    init(_ database: Database, chunkSize: Int = 1000, lanes: Int = 1) throws {
        self.database = database
        self.chunkSize = chunkSize
        self.lanes = lanes
        signer = try SignerSetUp.inMemory(at: Sample.now)
    }

    static let migrations = InfrastructureMigrations.all + PassportIssuance.migrations

    func take(_ messages: [InboundMessage]) throws {
        let handler = FactHandler(clock: clock)
        let rejections = try database.transaction { tx in try handler.handle(messages, in: tx) }
        precondition(rejections.isEmpty, "\(rejections)")
    }

    var chunk: RunChunk {
        RunChunk(
            encoder: PassportEncoder(signer: signer.signer), issuer: "TEST", clock: clock, size: chunkSize)
    }

    var runs: DayRuns {
        DayRuns(
            database: database, chunk: chunk, lanes: lanes, clock: clock, log: log, metrics: MetricsRegistry())
    }

    func open() throws {
        let runs = runs
        _ = try database.transaction { tx in try runs.open(by: "test", in: tx) }
    }

    /// One whole run.
    func run() throws {
        try open()
        _ = try runs.workOff(until: StopSignal())
    }

    func passports() throws -> [StoredPassport] {
        try database.withConnection { session in
            try session.query(
                "SELECT \(StoredPassport.columns) FROM passport ORDER BY issued_at, source_record_id, status DESC"
            ) { StoredPassport($0) }
        }
    }

    func passports(of person: PersonKey) throws -> [StoredPassport] { try passports().filter { $0.person == person } }

    /// What valid passports say, without what differs from issue to issue.
    func claims() throws -> [String] {
        let verifier = PassportVerifier(trusted: [signer.signer.certificate])
        return try passports().filter { $0.status == .valid }.map { passport in
            var content = try verifier.verify(
                passport.hc1, at: clock.now().microseconds / 1_000_000
            ).content
            content.certificateID = ""
            return "\(passport.facilityCode) \(passport.sourceRecordID) \(content)"
        }.sorted()
    }

    /// Events in the outbox, and that many rows.
    func emitted() throws -> Int64 {
        try database.withConnection { session in
            try session.query("SELECT coalesce(sum(event_count), 0)::int8 FROM outbox") { $0.int8(0) }[0]
        }
    }

    /// Returns as soon as somebody waits for a lock in this database.
    func untilSomebodyWaits() throws { while try !database.somebodyWaits() {} }

    /// Persons that a run has to look at.
    func waiting() throws -> Int64 { try database.transaction { tx in try RunRoutes.waiting(in: tx) } }

    func why(_ record: DoseRecord) throws -> WhyAnswer? {
        try database.transaction { tx in
            try WhyRoute.find(
                facility: record.facilityCode, record: record.sourceRecordID, issuingUnit: "CYTDP", in: tx)
        }
    }
}

/// Blocking work on a thread of its own: tests that wait for each other must not share the threads of tasks.
final class Background: Sendable {
    private let error = Mutex<(any Error)?>(nil)
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () throws -> Void) {
        let thread = Thread { [self] in
            do { try body() } catch { self.error.withLock { $0 = error } }
            done.signal()
        }
        thread.start()
    }

    /// Waits for its end; throws what it has thrown.
    func end() throws {
        done.wait()
        if let error = error.withLock({ $0 }) { throw error }
    }
}
