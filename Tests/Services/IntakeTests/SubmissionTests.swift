import Messaging
import RecordModel
import Storage
import TestSupport
import Testing

@testable import Intake

@Suite("Submissions in the database")
struct SubmissionTests {
    @Test("INJ-06 new, repeated, amended, late and refused rows: state, events, counts")
    func batch() throws {
        try withIntake { database, intake in
            let consumer = TestConsumer(database, intake)
            let before = try consumer.events()
            let rows = [
                row(), row(), row { ($0.lotNumber, $0.enteredAt) = ("B", "2022-01-11T08:00:00+07:00") },
                row { ($0.lotNumber, $0.enteredAt) = ("C", "2022-01-09T08:00:00+07:00") },
                row { $0.sourceRecordID = "R-2" }, row { $0.vaccine = "Aspirin" },
                row { ($0.sourceRecordID, $0.recordStatus) = ("R-3", "withdrawn") },
            ]
            try consumer.handle(rows.enumerated().map { consumer.message($1, offset: Int64($0)) })
            let record = try #require(try consumer.record())
            #expect(record.version == 2 && record.dose.lotNumber == "B" && record.salt.count == 16)
            let counts = try consumer.counts()
            #expect(counts.created == 3 && counts.amended == 1 && counts.late == 1)
            #expect(counts.duplicates == 1 && counts.refused == 1 && counts.withdrawn == 1)
            // One event for each record: the version that stands at the batch's end.
            #expect(try consumer.events() - before == 3)
            let refusals = try database.transaction {
                try $0.query("SELECT facility_code, source_record_id, field, rule, origin FROM refusal") { row in
                    (0..<5).map { row.text($0) }
                }
            }
            #expect(refusals == [[station, "R-1", "vaccine", "unknown-vaccine", "topic/0/5@\(noon.microseconds)"]])
        }
    }

    @Test("a batch that is delivered again changes nothing, emits nothing and is counted once")
    func redelivery() throws {
        try withIntake { database, intake in
            var consumer = TestConsumer(database, intake)
            let messages = [
                row(), row { $0.lotNumber = "B" }, row(), row { $0.sourceRecordID = "" }, row { $0.facilityCode = "?" },
            ].enumerated().map { consumer.message($1, offset: Int64($0)) }
            try consumer.handle(messages)
            let (record, counts, events) = (try consumer.record(), try consumer.counts(), try consumer.events())
            try consumer.handle(messages)
            try consumer.handle(Array(messages.dropFirst(2)))
            #expect(try consumer.record() == record)
            #expect(try consumer.counts() == counts)
            #expect(try consumer.events() == events)

            // The same rows sent once more are new messages.
            try consumer.handle(
                messages.enumerated().map { index, message in
                    consumer.message(try! Submission(wire: message.value), offset: Int64(10 + index))
                })
            #expect(try consumer.counts().duplicates == counts.duplicates + 3)
            #expect(try consumer.counts().refused == counts.refused + 2)

            // After the broker was wiped offsets start again, and time has gone on.
            consumer.timestamp = noon.adding(seconds: 60)
            let again = [row(), row { $0.sourceRecordID = "" }].enumerated().map {
                consumer.message($1, offset: Int64($0))
            }
            try consumer.handle(again)
            try consumer.handle(again)
            #expect(try consumer.counts().duplicates == counts.duplicates + 4)
            #expect(try consumer.counts().refused == counts.refused + 3)
        }
    }

    @Test("every split of a stream into batches leads to the same record")
    func splits() throws {
        let rows = (0..<6).map { number in
            row {
                $0.lotNumber = "L\(number % 4)"
                $0.enteredAt = "2022-01-1\(number * 5 % 6)T08:00:00+07:00"
            }
        }
        var outcomes: Set<String> = []
        for split in 0..<32 {
            try withIntake { database, intake in
                let consumer = TestConsumer(database, intake)
                var batch: [InboundMessage] = []
                for (index, row) in rows.enumerated() {
                    batch.append(consumer.message(row, offset: Int64(index)))
                    if split & (1 << index) != 0 || index == rows.count - 1 {
                        try consumer.handle(batch)
                        batch = []
                    }
                }
                let record = try #require(try consumer.record())
                let counts = try consumer.counts()
                outcomes.insert(
                    "\(record.version) \(record.dose.lotNumber) \(record.enteredAt) \(counts.amended) \(counts.late)")
            }
        }
        #expect(outcomes.count == 1)
    }

    @Test("two instances that take the same rows at once make each version once")
    func concurrency() async throws {
        try await TestPostgres.shared().withDatabase(migrations: migrations, poolSize: 8) { database in
            _ = try await database.asyncTransaction { try UnitTable.load(testUnits, at: noon, in: $0) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for instance in 0..<4 {
                    group.addTask {
                        let intake = SubmissionIntake(
                            identifiers: RecordIdentifiers(key: key), clock: ManualClock(noon))
                        for batch in 0..<10 {
                            let order = instance % 2 == 0 ? Array(0..<60) : Array((0..<60).reversed())
                            let arrivals = order.map { number in
                                Arrival(
                                    submission: row {
                                        $0.sourceRecordID = "R-\(number)"
                                        $0.lotNumber = "\(batch)"
                                        $0.enteredAt = "2022-01-10T08:0\(batch):00+07:00"
                                    }, origin: .request(id: "\(instance)-\(batch)", row: number), receivedAt: noon)
                            }
                            _ = try await database.asyncTransaction { try intake.take(arrivals, in: $0) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let versions = try await database.asyncTransaction {
                try $0.query("SELECT record, row_hashes FROM dose_record") { row in
                    (try RecordTable.read(row.bytes(0)).dose.lotNumber, row.bytes(1).count / 16)
                }
            }
            #expect(versions.count == 60)
            #expect(versions.allSatisfy { $0.0 == "9" && $0.1 == 10 })
            let counts = try await database.asyncTransaction { try IntakeCounts(in: $0) }
            #expect(counts.created == 60 && counts.created + counts.amended + counts.late == 600)
            #expect(counts.duplicates == 1800)
        }
    }

    @Test("while there are no units, rows wait instead of being refused")
    func noUnits() throws {
        try withIntake(units: []) { database, intake in
            let consumer = TestConsumer(database, intake)
            var state = ""
            do {
                try consumer.handle([consumer.message(row(), offset: 0)])
            } catch StorageError.refused(let refusal) {
                state = refusal.state
                #expect(refusal.message.contains("PUT /v1/units"))
            }
            #expect(state == "55000")
            #expect(try consumer.counts().refused == 0)
            _ = try database.transaction { try UnitTable.load(testUnits, at: noon, in: $0) }
            try consumer.handle([consumer.message(row(), offset: 0)])
            #expect(try consumer.counts().created == 1)
        }
    }

    @Test("a message that cannot be read, or of another type, is rejected alone")
    func poison() throws {
        try withIntake { database, intake in
            let consumer = TestConsumer(database, intake)
            let good = consumer.message(row(), offset: 3)
            func broken(_ value: [UInt8], type: String = Submission.eventType, offset: Int64) -> InboundMessage {
                InboundMessage(
                    topic: Topic.submissions.name, partition: 0, offset: offset, key: [1], value: value,
                    eventType: type, timestamp: noon)
            }
            let rejections = try consumer.handle([
                broken(Array(good.value.dropLast(3)), offset: 0), broken([0x0A, 1, 0xFF], offset: 1),
                broken(good.value, type: "tiemchung.intake.v9.Unknown", offset: 2), good,
            ])
            #expect(rejections.map(\.index) == [0, 1, 2])
            #expect(rejections.map(\.errorClass) == ["undecodable", "undecodable", "unknown-type"])
            #expect(try consumer.counts().created == 1)
        }
    }

    @Test("announce emits every current fact with the id and version that it has")
    func announce() throws {
        try withIntake { database, intake in
            let consumer = TestConsumer(database, intake)
            try consumer.handle(
                (0..<5).map { number in consumer.message(row { $0.sourceRecordID = "R-\(number)" }, offset: number) })
            let before = try consumer.events()
            let last = try database.transaction { try Announcement.units(after: "", at: noon, in: $0) }
            #expect(last == nil)
            let end = try database.transaction {
                try Announcement.records(after: DoseID(high: 0, low: 0), at: noon, in: $0)
            }
            #expect(end == nil)
            #expect(try consumer.events() == before + 5 + testUnits.count)
        }
    }
}
