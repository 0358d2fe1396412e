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
