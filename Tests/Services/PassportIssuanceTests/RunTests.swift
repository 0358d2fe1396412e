import Cryptography
import Messaging
import Observability
import RecordModel
import ServiceRuntime
import Storage
import TestSupport
import Testing

@testable import PassportIssuance

/// Lanes and chunks of runs.
@Suite struct RunTests {
    @Test("the lanes' ranges cover every key once")
    func ranges() {
        for count in 1...6 {
            let ranges = DayRuns.ranges(count)
            #expect(ranges.count == count)
            #expect(ranges[0].after == PersonKey(high: 0, low: 0))
            #expect(ranges[count - 1].until == PersonKey(high: .max, low: .max))
            for (one, next) in zip(ranges, ranges.dropFirst()) { #expect(one.until == next.after) }
            #expect(ranges.allSatisfy { $0.after < $0.until })
        }
    }

    @Test("lanes side by side: everybody once, and the counts add up")
    func lanes() throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) { (database: Database) throws in
            let issuance = try TestIssuance(database, chunkSize: 9, lanes: 4)
            var messages: [InboundMessage] = []
            for number in 0..<200 as Range<UInt64> {
                messages += Sample.complete(Sample.record(number), Sample.spread(number))
            }
            try issuance.take(messages)
            try issuance.run()
            let passports = try issuance.passports()
            #expect(passports.count == 200)
            #expect(Set(passports.map(\.person)).count == 200)
            #expect(try issuance.emitted() == 200)
            let lanes = try database.withConnection { session in
                try session.query("SELECT persons, issued, is_done FROM run_lane") {
                    ($0.int8(0), $0.int8(1), $0.bool(2))
                }
            }
            #expect(lanes.count == 4)
            #expect(lanes.allSatisfy { $0.0 > 0 && $0.0 == $0.1 && $0.2 })
            #expect(lanes.reduce(0) { $0 + $1.0 } == 200)
            let counts = try database.transaction { tx in try IssuanceCounts.read(in: tx) }
            #expect(counts.first { $0.0 == "passports" }?.1 == 200)
            #expect(try issuance.waiting() == 0)
        }
    }

    @Test("a run whose lanes were cut at different places goes on in each and is finished once")
    func lanesGoOn() throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) { (database: Database) throws in
            let issuance = try TestIssuance(database, chunkSize: 5, lanes: 2)
            var messages: [InboundMessage] = []
            for number in 0..<60 as Range<UInt64> {
                messages += Sample.complete(Sample.record(number), Sample.spread(number))
            }
            try issuance.take(messages)
            try issuance.open()
            _ = try database.transaction { tx in try issuance.chunk.run(lane: 1, in: tx) }
            struct Killed: Error {}
            #expect(throws: Killed.self) {
                try database.transaction { tx in
                    _ = try issuance.chunk.run(lane: 0, in: tx)
                    throw Killed()
                }
            }
            #expect(try issuance.passports().count == 5)
            let run = try database.transaction { tx in try tx.run(CurrentRun())[0] }
            #expect(run.persons == 5 && run.issued == 5 && run.finishedAt == nil)
            // The worker is stopped before it begins: the run stays open.
            let stop = StopSignal()
            stop.give()
            let stopped = try issuance.runs.workOff(until: stop)
            #expect(!stopped)
            let finished = try issuance.runs.workOff(until: StopSignal())
            #expect(finished)
            #expect(try issuance.passports().count == 60)
            #expect(try issuance.emitted() == 60)
            let done = try database.transaction { tx in try tx.run(RunByID(id: run.id))[0] }
            #expect(done.persons == 60 && done.issued == 60 && done.finishedAt != nil)
        }
    }

    @Test(
        "a dose that moved to another person while the copy of the facts was lost: the former one's passport is revoked"
    )
    func movedUnseen() throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) { database in
            let test = try TestIssuance(database)
            let record = Sample.record(1)
            let (former, owner) = (Sample.person(9), Sample.person(3))
            try test.take(Sample.complete(record, former))
            try test.run()
            #expect(try test.passports(of: former).map(\.status) == [.valid])
            try database.withConnection {
                try $0.script("TRUNCATE record, dose, marked_person, blocked_person")
            }
            try test.take([
                Sample.message(record), Sample.message(Sample.verdict(record, assessment: 2)),
                Sample.message(Sample.link(record, assessment: 2, owner)), Sample.message(Sample.attested(record)),
            ])
            try test.run()
            try test.run()
            #expect(try test.passports(of: former).map(\.status) == [.revoked])
            #expect(try test.passports(of: owner).map(\.status) == [.valid])
        }
    }

    @Test("a run waits while the outbox is full, and goes on when it is published")
    func heldBack() throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) { (database: Database) throws in
            let issuance = try TestIssuance(database)
            try issuance.take(Sample.complete(Sample.record(1), Sample.person(1)))
            try issuance.open()
            let outbox =
                "INSERT INTO outbox (owner, event_count, events) VALUES (1, 1, decode(repeat('00', 9000), 'hex'))"
            try database.withConnection { try $0.script(outbox) }
            let runs = DayRuns(
                database: database, chunk: issuance.chunk, lanes: 1, clock: issuance.clock, log: issuance.log,
                metrics: MetricsRegistry(), mostUnpublished: 8000)
            let run = Background { _ = try runs.workOff(until: StopSignal()) }
            // It has begun, and looks at the outbox again and again.
            let looks = """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%FROM outbox%'
                    AND pid <> pg_backend_pid()
                """
            var looking: Int64 = 0
            while looking == 0 {
                looking = try database.withConnection { session in try session.query(looks) { $0.int8(0) }[0] }
            }
            #expect(try issuance.passports().isEmpty)
            try database.withConnection { try $0.script("DELETE FROM outbox") }
            try run.end()
            #expect(try issuance.passports().count == 1)
        }
    }

    @Test("a chunk's events stay well below an outbox row's limit")
    func outboxRow() throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) { (database: Database) throws in
            let chunk = RunChunk(
                encoder: PassportEncoder(signer: try SignerSetUp.inMemory(at: Sample.now).signer), issuer: "TEST",
                clock: ManualClock(Sample.now))
            let issuance = try TestIssuance(database, chunkSize: chunk.size)
            var messages: [InboundMessage] = []
            for number in 0..<1000 as Range<UInt64> {
                messages += Sample.complete(Sample.record(number), Sample.person(number))
            }
            try issuance.take(messages)
            try issuance.run()
            let largest = try database.withConnection { session in
                try session.query("SELECT max(length(events))::int8 FROM outbox") { $0.int8(0) }[0]
            }
            #expect(try issuance.passports().count == 1000)
            #expect(largest < 500_000)
        }
    }
}

@Suite struct ShownRecordTests {
    @Test("what is kept of a record comes back as it was, and nothing else is kept")
    func packed() throws {
        for record in [
            Sample.record(1), Sample.record(2, dose: -1, name: String(repeating: "Đặng ", count: 4000)),
            Sample.record(3, on: "", vaccine: "", name: "", born: "", country: "VN"),
        ] {
            let shown = ShownRecord(record)
            #expect(ShownRecord(packed: shown.packed) == shown)
            #expect(!String(decoding: shown.packed, as: UTF8.self).contains(record.identity.idNumber))
            for cut in [0, 1, 13, shown.packed.count - 1] {
                #expect(ShownRecord(packed: Array(shown.packed.prefix(cut))) == nil)
            }
            #expect(ShownRecord(packed: shown.packed + [0]) == nil)
            #expect(ShownRecord(packed: [9] + shown.packed.dropFirst()) == nil)
        }
    }

    @Test("PAS-06 why finds a record by the facility's own number, from the index alone")
    func located() throws {
        try TestPostgres.shared().withDatabase(migrations: TestIssuance.migrations) { (database: Database) throws in
            let issuance = try TestIssuance(database)
            try issuance.take((0..<3000 as Range<UInt64>).map { Sample.message(Sample.record($0)) })
            #expect(try issuance.why(Sample.record(1234))?.step == .signing)
            #expect(try issuance.why(Sample.record(5000)) == nil)
            var stranger = Sample.record(1234)
            stranger.facilityCode = "F9"
            #expect(try issuance.why(stranger) == nil)
            try database.withConnection { try $0.script("VACUUM ANALYZE record") }
            let plan = try database.transaction { tx in
                let statement = DosesByLocator(facility: "F1", record: "R1234")
                return try tx.query("EXPLAIN " + statement.sqlWithValues) { $0.text(0) }.joined(separator: "\n")
            }
            #expect(plan.contains("Index Only Scan using record_pkey"))
        }
    }
}

extension DosesByLocator {
    /// The statement with its values written in, for EXPLAIN.
    var sqlWithValues: String {
        let doses = Locator.doses(ofFacility: facility)
        return Self.sql.replacing("$1", with: "'\(doses.lowerBound)'::uuid").replacing(
            "$2", with: "'\(doses.upperBound)'::uuid"
        ).replacing("$3", with: String(Locator.of(facilityCode: facility, sourceRecordID: record)))
    }
}
