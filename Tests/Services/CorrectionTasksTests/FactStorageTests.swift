import RecordModel
import Storage
import TestSupport
import Testing

@testable import CorrectionTasks

@Suite struct FactStorageTests {
    private func records(_ test: TestDesk, _ numbers: [Int]) throws -> [DoseRecord] {
        let ids = numbers.map { Fact.doseID($0) }
        let held = try test.database.withConnection { try CorrectionTable.records(ids, in: $0) }
        return ids.compactMap { held[$0] }
    }

    private func number(_ test: TestDesk, _ sql: String) throws -> Int {
        try test.database.withConnection { try $0.query(sql) { $0.int(0) }[0] }
    }

    /// The list of everything, as the health side sees it.
    private func list(_ test: TestDesk) throws -> [[String]] {
        try test.database.withConnection { connection in
            try connection.query(WorkList.sql(.all), [.text(TaskScope.all.code)]) { row in
                try #require(try WorkList.line(row, isPolice: false))
            }
        }
    }

    @Test("a batch's records lie on one page, each at its own place; a right record keeps no other message")
    func pages() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            let doses = [
                Fact.dose(1, name: "Nguyễn Thị Ánh"), Fact.dose(2, name: ""), Fact.dose(3, name: "Trần Văn Bảy"),
            ]
            try test.take(doses.map { Fact.message($0) })
            try test.take((1...3).map { Fact.message(Fact.verdict($0, .right)) })
            #expect(try records(test, [1, 2, 3]) == doses)
            #expect(try number(test, "SELECT count(*) FROM record_page") == 1)
            #expect(try number(test, "SELECT count(*) FROM dose WHERE verdict IS NULL AND finding IS NULL") == 3)
            // A replay finds nothing newer, and puts nothing on a page.
            try test.take(doses.map { Fact.message($0) })
            #expect(try number(test, "SELECT count(*) FROM record_page") == 1)
        }
    }

    @Test("more than a page holds goes on the next one; every record is read from its own")
    func manyPages() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            let doses = (0..<1500).map { Fact.dose($0, name: "Nguyễn Văn \($0)") }
            try test.take(doses.map { Fact.message($0) })
            #expect(try number(test, "SELECT count(*) FROM record_page") > 2)
            #expect(try records(test, Array(0..<1500)) == doses)
        }
    }

    @Test("a right record that a register switch makes wrong is on the list with what was typed long before")
    func switched() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            try test.take([
                Fact.message(Fact.dose(1, name: "Nguyễn Thị Ánh")), Fact.message(Fact.dose(2)),
                Fact.message(Fact.verdict(1, .right)), Fact.message(Fact.verdict(2, .right)),
            ])
            #expect(try list(test).isEmpty)
            try test.take([Fact.message(Fact.verdict(1, assessment: 2, .wrong))])
            let lines = try list(test)
            #expect(lines.count == 1)
            #expect(
                lines.first?.contains("Nguyễn Thị Ánh") == true && lines.first?.contains("register-disagrees") == true)
        }
    }

    @Test("a verdict before its record, and an amendment: the newest record is the one that is read")
    func newest() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            try test.take([Fact.message(Fact.verdict(1)), Fact.message(Fact.dose(2, name: "Lê A"))])
            #expect(try records(test, [1, 2]) == [Fact.dose(2, name: "Lê A")])
            #expect(try list(test).isEmpty)
            let (first, amended) = (Fact.dose(1, name: "Lê B"), Fact.dose(2, version: 2, name: "Lê C", doseNumber: 9))
            try test.take([Fact.message(first), Fact.message(amended)])
            #expect(try records(test, [1, 2]) == [first, amended])
            // Older ones that come late change nothing.
            try test.take([Fact.message(Fact.dose(2, name: "Lê A"))])
            #expect(try records(test, [1, 2]) == [first, amended])
            #expect(
                try list(test).map { [$0[1], $0[5]] }.sorted { $0[0] < $1[0] } == [
                    ["dose-field", "Lê C"], ["identity", "Lê B"],
                ])
        }
    }

    /// As when other services' facts are lost and announced anew.
    private func lose(_ test: TestDesk) throws {
        try test.database.withConnection { try $0.script("DELETE FROM dose") }
    }

    @Test("other services' facts lost and told anew, record by record: no task closes in between, none is doubled")
    func toldAnew() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            let first = [Fact.message(Fact.dose(1, subject: 7)), Fact.message(Fact.verdict(1, subject: 7))]
            let second = [
                Fact.message(Fact.dose(2, subject: 7, doseNumber: 9)),
                Fact.message(Fact.verdict(2, subject: 7, .right)),
            ]
            try test.take(first + second)
            let before = try test.tasks()
            #expect(before.map(\.kind) == [.identity, .doseField])
            for order in [second + first, first + second, first.reversed() + second.reversed()] {
                try lose(test)
                for message in order {
                    try test.take([message])
                    #expect(try test.tasks() == before)
                }
            }
        }
    }

    @Test("a record that has become right while its facts were lost closes its task when it is told anew")
    func settledMeanwhile() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            try test.take([Fact.message(Fact.dose(1)), Fact.message(Fact.verdict(1))])
            try lose(test)
            try test.take([Fact.message(Fact.verdict(1, version: 2, .right))])
            #expect(try test.tasks().map(\.progress.state) == [.open])
            try test.take([Fact.message(Fact.dose(1, version: 2))])
            #expect(try test.tasks().map(\.progress) == [TaskProgress(state: .closed, outcome: "right")])
        }
    }

    @Test("an amendment that gives a record to another subject takes its task along")
    func movedRecord() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            try test.take([Fact.message(Fact.dose(1, subject: 7)), Fact.message(Fact.verdict(1, subject: 7))])
            try test.take([Fact.message(Fact.dose(1, subject: 8, version: 2))])
            #expect(try test.tasks().map(\.progress) == [TaskProgress(state: .closed, outcome: "superseded")])
            try test.take([Fact.message(Fact.verdict(1, subject: 8, version: 2))])
            let tasks = try test.tasks()
            #expect(tasks.map(\.subjectID) == [Fact.subjectID(7), Fact.subjectID(8)])
            #expect(tasks.map(\.progress.state) == [.closed, .open])
        }
    }

    @Test("a record is found by its facility and number, and only there; its index alone is read for it")
    func lookup() throws {
        try TestDesk.with { test in
            try test.take(
                (0..<3000).map { Fact.message(Fact.dose($0, facility: $0 % 2 == 0 ? "79001" : "79002")) })
            try test.database.withConnection { connection in
                let there = try connection.run(DoseOfRecord(facilityCode: "79002", sourceRecordID: "R7"))
                #expect(there.map(\.doseID) == [Fact.doseID(7, "79002")])
                #expect(there.map(\.facilityCode) == ["79002"] && there.map(\.sourceRecordID) == ["R7"])
                let elsewhere = try connection.run(DoseOfRecord(facilityCode: "79001", sourceRecordID: "R7"))
                #expect(elsewhere.isEmpty)
                try connection.script("VACUUM ANALYZE dose")
                let lookup = DoseOfRecord(facilityCode: "79002", sourceRecordID: "R7")
                try connection.script("SET plan_cache_mode TO force_generic_plan")
                let plan = try connection.query("EXPLAIN " + DoseOfRecord.sql, lookup.parameters) { $0.text(0) }
                    .joined(separator: "\n")
                #expect(plan.contains("Index Only Scan") && !plan.contains("Seq Scan"), "\(plan)")
            }
        }
    }
}
