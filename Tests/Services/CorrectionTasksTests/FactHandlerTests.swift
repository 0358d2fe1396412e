import Dispatch
import Messaging
import RecordModel
import Storage
import TestSupport
import Testing

@testable import CorrectionTasks

@Suite struct FactHandlerTests {
    private static func orders<Element>(_ elements: [Element]) -> [[Element]] {
        guard elements.count > 1 else { return [elements] }
        return elements.indices.flatMap { index in
            var rest = elements
            let first = rest.remove(at: index)
            return orders(rest).map { [first] + $0 }
        }
    }

    @Test(
        "dose, verdict, finding and units in every order, one by one or together: the same task; a replay changes nothing"
    )
    func orders() throws {
        let units = Fact.units.map { Fact.message($0) }
        let groups: [[InboundMessage]] = [
            [Fact.message(Fact.dose(1))], [Fact.message(Fact.verdict(1))], [Fact.message(Fact.finding(1))], units,
        ]
        for order in Self.orders(groups) {
            try TestDesk.with { test in
                for group in order { try test.take(group) }
                let tasks = try test.tasks()
                #expect(tasks.count == 1)
                guard let task = tasks.first else { return }
                #expect(task.kind == .identity && task.unitCode == "T26734" && task.facilityCode == "79001")
                #expect(task.progress.state == .open && task.group == .verifiedWrong && task.sourceRecordID == "R1")
                #expect(task.createdAt == noon && task.dueAt.rfc3339 == "2022-04-22T16:59:59Z")
                let before = try rows(test)
                for group in order.reversed() { try test.take(group) }
                let after = try rows(test)
                #expect(before == after, "a replay wrote something")
                let left = try test.corrections()
                #expect(left.isEmpty)
            }
        }
    }

    /// Row versions: equal only if nothing was written.
    private func rows(_ test: TestDesk) throws -> [String] {
        try test.database.withConnection { connection in
            try connection.query(
                """
                SELECT 'd' || ctid::text || xmin::text FROM dose UNION ALL SELECT 't' || ctid::text || xmin::text FROM task
                UNION ALL SELECT 'u' || ctid::text || xmin::text FROM unit ORDER BY 1
                """
            ) { $0.text(0) }
        }
    }

    @Test("an older version, verdict or assessment that comes late changes nothing")
    func late() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            try test.take([
                Fact.message(Fact.dose(1, version: 2)),
                Fact.message(Fact.verdict(1, version: 2, assessment: 3, .right)),
            ])
            try test.take([
                Fact.message(Fact.dose(1)), Fact.message(Fact.verdict(1)),
                Fact.message(Fact.verdict(1, version: 2, assessment: 2, .wrong)),
            ])
            let tasks = try test.tasks()
            #expect(tasks.isEmpty)
        }
    }

    @Test("a task closes itself when the record becomes right, is withdrawn or is exempt, and a new one follows later")
    func closing() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            for number in 1...3 {
                try test.take([Fact.message(Fact.dose(number)), Fact.message(Fact.verdict(number, .cannotVerify))])
            }
            try test.take([
                Fact.message(Fact.dose(1, version: 2)), Fact.message(Fact.verdict(1, version: 2, .right)),
                Fact.message(Fact.dose(2, version: 2, status: .withdrawn)),
                Fact.message(Fact.dose(3, version: 2)), Fact.message(Fact.verdict(3, version: 2, .exempt)),
            ])
            let closed = try test.tasks()
            #expect(closed.map(\.progress.outcome) == ["right", "withdrawn", "exempt"])
            #expect(closed.allSatisfy { $0.closedAt == noon })
            // The register is switched and the right record no longer agrees.
            try test.take([Fact.message(Fact.verdict(1, version: 2, assessment: 2, .wrong))])
            let again = try test.tasks().filter { $0.closedAt == nil }
            #expect(again.map(\.kind) == [.registerDisagrees])
            // A new version is wrong: a second task of the first kind.
            try test.take([
                Fact.message(Fact.dose(1, version: 3)), Fact.message(Fact.verdict(1, version: 3, assessment: 2)),
            ])
            let all = try test.tasks().filter { $0.subjectID == Fact.subjectID(1) }
            #expect(all.map(\.kind) == [.identity, .identity, .registerDisagrees])
            #expect(all.map(\.episode) == [1, 2, 1])
            #expect(all.map(\.progress.state) == [.closed, .open, .closed])
        }
    }

    @Test("records of one subject share a task; it closes with the last of them")
    func subjects() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            try test.take([
                Fact.message(Fact.dose(1, subject: 7)), Fact.message(Fact.dose(2, subject: 7, doseNumber: 6)),
                Fact.message(Fact.verdict(1, subject: 7)), Fact.message(Fact.verdict(2, subject: 7)),
            ])
            let tasks = try test.tasks()
            #expect(tasks.map(\.kind) == [.identity, .doseField])
            #expect(tasks.map(\.unitCode) == ["T26734", "79001"])
            try test.take([
                Fact.message(Fact.dose(1, subject: 7, version: 2)),
                Fact.message(Fact.verdict(1, subject: 7, version: 2, .right)),
            ])
            #expect(try test.tasks().map(\.closedAt) == [nil, nil])
            try test.take([
                Fact.message(Fact.dose(2, subject: 7, version: 2)),
                Fact.message(Fact.verdict(2, subject: 7, version: 2, .right)),
            ])
            #expect(try test.tasks().map(\.progress.outcome) == ["right", "amended"])
        }
    }

    @Test("two instances at once, each with another record of the same subjects: no task is left over, none is missing")
    func concurrent() throws {
        try TestPostgres.shared().withDatabase(migrations: migrations, poolSize: 8) { database in
            let test = TestDesk(database: database)
            try test.loadUnits()
            func round(_ version: UInt32, _ outcome: Outcome) {
                DispatchQueue.concurrentPerform(iterations: 4) { part in
                    let numbers = (0..<200).filter { $0 % 4 == part }
                    for start in stride(from: 0, to: numbers.count, by: 10) {
                        let some = numbers[start..<min(start + 10, numbers.count)]
                        _ = try? test.take(
                            some.map { Fact.message(Fact.dose($0, subject: $0 / 4, version: version)) }
                                + some.map {
                                    Fact.message(Fact.verdict($0, subject: $0 / 4, version: version, outcome))
                                })
                    }
                }
            }
            round(1, .wrong)
            let open = try test.tasks()
            #expect(open.count == 50 && open.allSatisfy { $0.closedAt == nil })
            round(2, .right)
            let closed = try test.tasks()
            #expect(closed.count == 50 && closed.allSatisfy { $0.progress.state == .closed })
        }
    }

    @Test("what cannot be read is rejected by itself; the rest of the batch is taken")
    func poison() throws {
        try TestDesk.with { test in
            let good = Fact.message(Fact.dose(1, doseNumber: 9))
            let truncated = InboundMessage(
                topic: Topic.verdict.name, partition: 0, offset: 1, key: [], value: [0x0A, 0x10, 0x01],
                eventType: Verdict.eventType,
                timestamp: noon)
            let foreign = InboundMessage(
                topic: Topic.verdict.name, partition: 0, offset: 2, key: [], value: [], eventType: "somebody.else.v1",
                timestamp: noon)
            let rejections = try test.take([truncated, good, foreign])
            #expect(rejections.map(\.index) == [0, 2])
            #expect(try test.tasks().map(\.kind) == [.doseField])
        }
    }

    @Test("a batch of two thousand takes a handful of statements")
    func speed() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            let doses = (0..<2000).map { Fact.message(Fact.dose($0)) }
            let verdicts = (0..<2000).map { Fact.message(Fact.verdict($0, $0 % 3 == 0 ? .wrong : .right)) }
            let clock = ContinuousClock()
            let took = try clock.measure {
                try test.take(doses)
                try test.take(verdicts)
            }
            #expect(try test.tasks().count == 667)
            #expect(took < .seconds(5), "\(took)")
        }
    }
}
