import Foundation
import Messaging
import RecordModel
import Storage
import TestSupport
import Testing

@testable import Intake

/// What a batch costs; run with TIEMCHUNG_BENCH=1 on a release build.
@Suite("Cost of a batch", .enabled(if: ProcessInfo.processInfo.environment["TIEMCHUNG_BENCH"] != nil))
struct BatchCostTests {
    @Test("microseconds for a dose: new, repeated, amended")
    func cost() throws {
        let units = (0..<1000).map { number in
            UnitRecord(code: "F\(10_000 + number)", name: "Trạm \(number)", kind: .communeStation)
        }
        try withIntake(units: units) { database, intake in
            let consumer = TestConsumer(database, intake)
            let batches = 40
            let size = 2000
            func messages(_ batch: Int, lot: String, enteredAt: String, offset: Int) -> [InboundMessage] {
                (0..<size).map { index in
                    let number = batch * size + index
                    return consumer.message(
                        row {
                            $0.facilityCode = "F\(10_000 + (number &* 7919) % 1000)"
                            $0.sourceRecordID = "REC-\(number)"
                            $0.subjectRef = "07918\(7_000_000 + number / 2)"
                            $0.identity.idNumber = "07918\(7_000_000 + number / 2)"
                            $0.lotNumber = lot
                            $0.enteredAt = enteredAt
                        }, offset: Int64(offset + number), partition: Int32(index % 12))
                }
            }
            func measure(_ name: String, lot: String, enteredAt: String, offset: Int) throws {
                var wall = Duration.zero
                var cpu = 0.0
                for batch in 0..<batches {
                    let messages = messages(batch, lot: lot, enteredAt: enteredAt, offset: offset)
                    let before = clock()
                    wall += try ContinuousClock().measure { try consumer.handle(messages) }
                    cpu += Double(clock() - before)
                }
                let doses = Double(batches * size)
                let seconds = Double(wall.components.seconds) + Double(wall.components.attoseconds) / 1e18
                print("\(name): \(seconds * 1e6 / doses) µs a dose, of them \(cpu / doses) µs CPU of ours")
            }
            try measure("new", lot: "A", enteredAt: "2022-01-10T08:00:00+07:00", offset: 0)
            try measure("repeated", lot: "A", enteredAt: "2022-01-10T08:00:00+07:00", offset: 1_000_000)
            try measure("amended", lot: "B", enteredAt: "2022-01-11T08:00:00+07:00", offset: 2_000_000)
            let counts = try consumer.counts()
            #expect(counts.created == Int64(batches * size) && counts.amended == counts.created)
        }
    }
}
