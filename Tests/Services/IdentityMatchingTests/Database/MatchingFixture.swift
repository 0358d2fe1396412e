import Cryptography
import Foundation
import Messaging
import Observability
import RecordModel
import ServiceRuntime
import Storage
import TestSupport

@testable import IdentityMatching

/// The service around a schema of its own, without broker: batches go in by hand, what it tells is kept.
final class MatchingFixture: Sendable {
    static let noon = Instant(rfc3339: "2022-04-20T05:00:00Z") ?? Instant(microseconds: 0)

    let database: Database
    let clock = ManualClock(MatchingFixture.noon)
    let publisher = RecordingPublisher()
    let relay: OutboxRelay
    let answering: Answering
    let indexes: RegisterIndexes
    let metrics = MetricsRegistry()
    /// Where the index files are.
    let directory: String

    private init(_ database: Database, _ directory: String) {
        self.database = database
        self.directory = directory
        indexes = RegisterIndexes(
            database: database, directory: directory, indexing: RegisterIndexing(), log: TestPostgres.log,
            metrics: metrics)
        answering = MatchingFixture.answering(indexes)
        relay = OutboxRelay(database: database, publisher: publisher, log: TestPostgres.log)
        relay.start()
    }

    static func with(_ body: (MatchingFixture) async throws -> Void) async throws {
        let server = try TestPostgres.shared()
        try await server.withDatabase(migrations: InfrastructureMigrations.all + IdentityMatching.migrations) {
            database in
            let directory = NSTemporaryDirectory() + "tiemchung-index-\(UUID().uuidString)"
            let fixture = MatchingFixture(database, directory)
            defer {
                _ = fixture.relay.stop()
                try? FileManager.default.removeItem(atPath: directory)
            }
            try await body(fixture)
        }
    }

    static func answering(_ candidates: any CandidateSource) -> Answering {
        Answering(
            register: RegisterTables(), keys: PersonKeys(key: [UInt8](repeating: 7, count: 32)), candidates: candidates)
    }

    /// What the police side has beside VERIFY.
    func police(
        views: RateLimits.Allowance = .init(account: 10_000, unit: 10_000),
        questions: RateLimits.Allowance = .init(account: 10_000, unit: 10_000), guessesPerDay: Int = 10,
        accessLogDays: Int = 365
    ) -> PoliceSide {
        PoliceSide(
            database: database, answering: answering, indexes: indexes, clock: clock, log: TestPostgres.log,
            metrics: metrics, accessLogDays: accessLogDays, views: views, questions: questions,
            guessesPerDay: guessesPerDay)
    }

    var handler: VerificationHandler {
        VerificationHandler(answering: answering, clock: clock, metrics: VerificationMetrics(MetricsRegistry()))
    }

    var loader: RegisterLoad { RegisterLoad(database: database, clock: clock, log: TestPostgres.log) }

    func reverifier(blocks: Int64 = 64, heldBack: @escaping @Sendable () -> Bool = { false }) -> Reverifier {
        Reverifier(
            database: database, answering: answering, clock: clock, log: TestPostgres.log, heldBack: heldBack,
            blocksAtOnce: blocks)
    }

    func dryRunner(heldBack: @escaping @Sendable () -> Bool = { false }) -> DryRunner {
        DryRunner(
            database: database, register: answering.register, keys: answering.keys, clock: clock,
            log: TestPostgres.log, heldBack: heldBack)
    }

    // MARK: Acts

    /// Handles a batch; gives the rejections and how many events it emitted.
    @discardableResult
    func handle(_ messages: [InboundMessage]) throws -> (rejections: [Rejection], emitted: Int) {
        try database.transaction { session in
            let rejections = try handler.handle(messages, in: session)
            return (rejections, session.emittedCount)
        }
    }

    @discardableResult
    func handle(_ records: [DoseRecord]) throws -> Int {
        try handle(records.map { InboundMessage($0.event(source: "intake", at: Self.noon)) }).emitted
    }

    static let header = "personal_id,old_id,full_name,sex,date_of_birth,residence_commune\n"

    @discardableResult
    func load(_ rows: String, header: String = MatchingFixture.header) throws -> RegisterLoad.Report {
        var chunks = [Array((header + rows).utf8)]
        return try loader.load(format: nil, by: "tester", next: { chunks.popLast() })
    }

    @discardableResult
    func activate(_ generation: Int32, _ options: RegisterSwitch.Options = RegisterSwitch.Options()) throws -> UInt64 {
        try database.transaction {
            try RegisterSwitch.activate(generation, options: options, by: "tester", at: clock.now(), in: $0)
        }
    }

    /// Loads and activates.
    @discardableResult
    func register(_ rows: String, _ options: RegisterSwitch.Options = RegisterSwitch.Options()) throws -> Int32 {
        let generation = try load(rows).generation
        try activate(generation, options)
        return generation
    }

    /// Walks until nothing is left to verify again.
    func reverify() throws {
        let reverifier = reverifier()
        while try reverifier.step() == .advanced {}
    }

    // MARK: What can be seen

    /// Outcome and group by record, as the export says; waiting records as `-`.
    func verdicts() throws -> [String: String] {
        let rows = try database.transaction { session in
            try session.query("SELECT source_record_id, version, outcome, grp FROM verdict", []) { row in
                let outcome = Outcome(rawValue: row.int4(2))?.label ?? "-"
                return (row.text(0), "\(row.int(1)) \(outcome) \(InvalidGroup(rawValue: row.int4(3))?.label ?? "")")
            }
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    func number(_ sql: String) throws -> Int {
        try database.transaction { session in try session.query(sql, []) { $0.int(0) }[0] }
    }

    /// Everything told so far, once it is so many events.
    func told(_ count: Int) -> [OutgoingEvent] {
        _ = publisher.wait(for: count)
        return publisher.events
    }

    func verdictsTold(_ count: Int) throws -> [Verdict] {
        try told(count).filter { $0.topic == Topic.verdict.name }.map { try Verdict(wire: $0.value) }
    }

    func personsTold(_ count: Int) throws -> [PersonLinked] {
        try told(count).filter { $0.topic == Topic.person.name }.map { try PersonLinked(wire: $0.value) }
    }

    /// The finding told last about a record.
    func finding(_ record: String, after count: Int) throws -> Finding? {
        try findingsTold(count).last { $0.sourceRecordID == record }
    }

    func findingsTold(_ count: Int) throws -> [Finding] {
        try told(count).filter { $0.topic == Topic.findings.name }.map { try Finding(wire: $0.value) }
    }

    /// Whether the kept counts are those of the rows.
    func countsAreTrue() throws -> Bool {
        try number(
            """
            SELECT count(*) FROM (
                SELECT outcome, grp, traits, count(*) FROM verdict GROUP BY outcome, grp, traits
                EXCEPT SELECT outcome, grp, traits, sum(records)::int8 FROM verdict_count GROUP BY outcome, grp, traits
            ) AS d
            """) == 0
            && number("SELECT coalesce(sum(records), 0)::int8 - (SELECT count(*) FROM verdict) FROM verdict_count") == 0
    }
}

/// The commune police of 26740 in province 79 and of 00001 in province 01, their provinces' police, and a facility in each.
enum Units {
    static let all = [
        UnitRecord(code: "79001", name: "x", kind: .hospital, provinceCode: "79", communeCode: "26740"),
        UnitRecord(code: "01001", name: "x", kind: .hospital, provinceCode: "01", communeCode: "00001"),
        UnitRecord(code: "CAX-26740", name: "x", kind: .communePolice, provinceCode: "79", communeCode: "26740"),
        UnitRecord(code: "CAX-26743", name: "x", kind: .communePolice, provinceCode: "79", communeCode: "26743"),
        UnitRecord(code: "CAX-00001", name: "x", kind: .communePolice, provinceCode: "01", communeCode: "00001"),
        UnitRecord(code: "CAT-79", name: "x", kind: .provincialPolice, provinceCode: "79"),
        UnitRecord(code: "CAT-01", name: "x", kind: .provincialPolice, provinceCode: "01"),
    ]

    static var messages: [InboundMessage] {
        all.map { InboundMessage($0.event(source: "intake", at: MatchingFixture.noon)) }
    }
}

/// A dose record of a test person.
func dose(
    _ number: Int, version: UInt32 = 1, name: String = "Nguyễn Văn An", sex: String = "M", birth: String = "05/09/1987",
    id: String = "079087012345", nationality: String = "", status: RecordStatus = .active, commune: String = "",
    authority: IdentityAuthority = .facility
) -> DoseRecord {
    DoseRecord(
        doseID: DoseID(high: 0x1111_2222_0000_8000, low: UInt64(number)),
        subjectID: SubjectID(high: 0x3333_0000_0000_8000, low: UInt64(number)), facilityCode: "79001",
        sourceRecordID: "R\(number)", version: version, enteredAt: MatchingFixture.noon,
        recordedAt: MatchingFixture.noon,
        identity: TypedIdentity(fullName: name, sex: sex, dateOfBirth: birth, idNumber: id),
        subject: SubjectDetails(nationality: nationality, residenceCommune: commune),
        dose: DoseDetails(
            doseNumber: 1, doseNumberTyped: "1", vaccine: "Comirnaty", lotNumber: "L1", injectedOn: "2021-08-01"),
        status: status, identityAuthority: authority, salt: [UInt8](repeating: 1, count: 16))
}

/// Register rows of test persons.
enum Rows {
    static let an = "079087012345,123456789,Nguyễn Văn An,M,1987-09-05,26740\n"
    static let binh = "001198000001,123456789,Trần Thị Bình,F,1998-01-01,00001\n"
    static let hoa = "038301000002,,Lê Thị Hòa,F,2001-02-28,\n"
    static let all = an + binh + hoa
}
