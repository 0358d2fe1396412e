import Messaging
import RecordModel
import Storage
import TestSupport
import Testing

@testable import Intake

@Suite("Corrections in the database")
struct CorrectionTests {
    @Test("CLN-03 a correction makes a new version exactly once, in any order of redelivery")
    func once() throws {
        try withIntake { database, intake in
            let consumer = TestConsumer(database, intake)
            try consumer.handle([consumer.message(row(), offset: 0)])
            let record = try #require(try consumer.record())
            let identity = consumer.message(identityCorrection(1, of: record, name: "Đúng"), offset: 0)
            let dose = consumer.message(
                doseCorrection(2, of: record, DoseCorrection(doseNumber: "2", vaccine: "Pfizer")), offset: 1)
            let before = try consumer.events()
            #expect(try consumer.handle([dose, identity, dose]) == [])
            var corrected = try #require(try consumer.record())
            #expect(corrected.version == 3 && corrected.identity.fullName == "Đúng")
            #expect(corrected.dose.vaccine == "Comirnaty" && corrected.dose.doseNumber == 2)
            #expect(corrected.identityAuthority == .police && !corrected.identityConflict)
            #expect(try consumer.events() == before + 1)
            try consumer.handle([identity])
            try consumer.handle([dose, identity])
            #expect(try consumer.record() == corrected)
            #expect(try consumer.events() == before + 1)
            #expect(try consumer.counts().corrections == 2)

            // The facility's later row, in the same batch as a redelivered correction.
            let later = row {
                ($0.lotNumber, $0.enteredAt) = ("Z", "2022-06-01T11:59:00+07:00")
                $0.identity.fullName = "Khác"
            }
            try consumer.handle([dose, consumer.message(later, offset: 5)])
            corrected = try #require(try consumer.record())
            #expect(corrected.version == 4 && corrected.dose.lotNumber == "Z")
            #expect(corrected.identity.fullName == "Đúng" && corrected.identityConflict)
            // Decided after the row was entered, so the confirmed fields stand.
            #expect(corrected.dose.vaccine == "Comirnaty")
        }
    }

    @Test("a correction decided on an old version takes its base from the history")
    func oldVersion() throws {
        try withIntake { database, intake in
            let consumer = TestConsumer(database, intake)
            try consumer.handle([consumer.message(row(), offset: 0)])
            let first = try #require(try consumer.record())
            try consumer.handle([
                consumer.message(row { ($0.lotNumber, $0.enteredAt) = ("B", "2022-02-01T08:00:00Z") }, offset: 1)
            ])
            #expect(
                try consumer.handle([consumer.message(identityCorrection(1, of: first, name: "Đúng"), offset: 0)])
                    == [])
            let record = try #require(try consumer.record())
            #expect(record.version == 3 && record.dose.lotNumber == "B" && record.identity.fullName == "Đúng")
            // The row of version 2 is not the one that police looked at, and its name is another.
            #expect(record.identityConflict)
        }
    }

    @Test("corrections that can never take effect are rejected, the others take effect")
    func rejected() throws {
        try withIntake { database, intake in
            let consumer = TestConsumer(database, intake)
            try consumer.handle([consumer.message(row(), offset: 0)])
            let record = try #require(try consumer.record())
            var unknown = identityCorrection(1, of: record, name: "A")
            unknown.doseID = DoseID(high: 9, low: 9)
            var ahead = identityCorrection(2, of: record, name: "B")
            ahead.doseVersion = 7
            var wrongHand = identityCorrection(3, of: record, name: "C")
            wrongHand.authority = .health
            let good = identityCorrection(4, of: record, name: "D")
            let rejections = try consumer.handle(
                [unknown, ahead, wrongHand, good].enumerated().map { consumer.message($1, offset: Int64($0)) })
            #expect(rejections.map(\.index) == [0, 1, 2])
            #expect(rejections.map(\.errorClass) == ["unknown-record", "unknown-version", "rule-broken"])
            #expect(try consumer.record()?.identity.fullName == "D")
        }
    }
}
