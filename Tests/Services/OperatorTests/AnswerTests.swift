import Foundation
import RecordModel
import Testing

@testable import Operator

private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}

@Suite struct WhyTests {
    private func answer(_ text: String) throws -> Why.Answer { Why.Answer(try object(text), service: "") }

    @Test("PAS-06 the first step that blocks is shown")
    func first() throws {
        let shown = Why.judge([
            try answer(#"{"known":true,"blocked":false,"step":"none"}"#),
            try answer(#"{"known":true,"blocked":false,"step":"none"}"#),
            try answer(#"{"known":false}"#),
            try answer(
                #"{"known":true,"blocked":true,"step":"signing","since":"2022-04-01T00:00:00Z","unit_code":"TYT-1","reason":{"vi":"Chưa ký","en":"Not signed"}}"#
            ),
            try answer(#"{"known":true,"blocked":true,"step":"issuance"}"#),
        ])
        #expect(shown.step == "signing" && shown.unit == "TYT-1" && shown.english == "Not signed")
        #expect(
            shown.json
                == #"{"step":"signing","since":"2022-04-01T00:00:00Z","unit_code":"TYT-1","reason":{"vi":"Chưa ký","en":"Not signed"},"passport":null}"#
        )
        #expect(shown.text("A", "1").contains("Đơn vị phải xử lý / unit that must act: TYT-1"))
    }

    @Test("PAS-06 for a wrong record the unit that has the task is shown")
    func task() throws {
        let shown = Why.judge([
            try answer(#"{"known":true,"blocked":true,"step":"identity","unit_code":"F"}"#),
            try answer(#"{"known":true,"blocked":true,"step":"correction","unit_code":"TYT-7"}"#),
        ])
        #expect(shown.step == "correction" && shown.unit == "TYT-7")
    }

    @Test("Nothing blocks: the passport is named; nobody knows: it says so")
    func none() throws {
        let good = Why.judge([
            try answer(#"{"known":true,"blocked":false}"#),
            try answer(#"{"known":true,"blocked":false,"passport":"URN:UVCI:01:VN:1"}"#),
        ])
        #expect(good.known && good.step == "none" && good.passport == "URN:UVCI:01:VN:1")
        let unknown = Why.judge([try answer(#"{"known":false}"#)])
        #expect(!unknown.known)
    }
}

@Suite struct SummaryTests {
    private func state(_ service: String, _ counts: [(String, Int64)]) -> Status.State {
        Status.State(service: service, instance: service, ready: true, counts: counts)
    }

    private var now: Summary.Figures {
        Summary.Figures([
            state("intake", [("entered", 95), ("accepted", 100), ("rejected", 4), ("duplicates", 6)]),
            state("identity-matching", [("right", 60), ("wrong", 20), ("cannot-verify", 10), ("exempt", 5)]),
            state("correction-tasks", [("tasks_open", 30)]), state("signing", [("signed", 58)]),
            state("passport-issuance", [("passports", 25)]),
        ])
    }

    @Test("The JSON holds the keys of formats.md; accepted, rejected and duplicates are this replay's own")
    func json() throws {
        var report = Summary.Report(now: now)
        report.before = Summary.Figures(try object(#"{"accepted":10,"rejected":1,"duplicates":6,"verdicts":{}}"#))
        report.take(replay: try object(#"{"rows":93,"unreadable":2,"in_flight":0,"seconds":3}"#))
        report.seconds = 10
        report.phases = [("replay", 8.5)]
        let json = try object(report.json)
        for key in [
            "doses", "accepted", "rejected", "duplicates", "verdicts", "tasks_open", "signed", "passports", "seconds",
            "doses_per_second", "in_flight",
        ] { #expect(json[key] != nil, "\(key)") }
        #expect(json["doses"] as? Int == 95 && json["accepted"] as? Int == 90)
        #expect(json["rejected"] as? Int == 5 && json["duplicates"] as? Int == 0)
        #expect((json["verdicts"] as? [String: Int])?["cannot-verify"] == 10)
        #expect(json["doses_per_second"] as? Double == 9.5)
    }

    @Test("Figures survive being written before a replay and read after it")
    func roundTrip() throws {
        var report = Summary.Report(now: now)
        report.before = now
        #expect(report.accepted == 0 && report.doses == 0)
        #expect(report.table.contains("Mũi tiêm đã nhập / entered"))
    }
}

@Suite struct PassportFileTests {
    @Test("The first valid passport is shown, or the one that is wanted")
    func choice() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("p-\(UUID().uuidString)").path
        let lines =
            #"{"certificate_id":"A","status":"revoked"}"# + "\n" + #"{"certificate_id":"B","status":"valid"}"# + "\n"
        try Data(lines.utf8).write(to: URL(fileURLWithPath: path))
        let first = try PassportQR.passport(in: path, wanted: nil)
        let wanted = try PassportQR.passport(in: path, wanted: "A")
        #expect(first["certificate_id"] as? String == "B" && wanted["status"] as? String == "revoked")
        #expect(throws: PassportQR.NoPassport.self) { _ = try PassportQR.passport(in: path, wanted: "C") }
    }

    @Test("A trust folder without certificates is refused, so that nothing is accepted by mistake")
    func noTrust() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("t-\(UUID().uuidString)").path
        #expect(throws: InputUnreadable.self) { _ = try VerifyPassport.verifier(trust: path, revocations: nil) }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        #expect(throws: VerifyPassport.TrustUnusable.self) {
            _ = try VerifyPassport.verifier(trust: path, revocations: nil)
        }
    }
}
