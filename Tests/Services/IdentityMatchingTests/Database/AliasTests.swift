import Foundation
import RecordModel
import Storage
import TestSupport
import Testing
import Web

@testable import IdentityMatching

@Suite("Changed personal numbers")
struct AliasTests {
    private static func load(_ matching: TestMatching, _ rows: String, scope: String = "all") async throws -> [String:
        Any]
    {
        let answer = try await matching.ask(
            "POST", "/v1/register/aliases?scope=\(scope)", as: .operator,
            body: "personal_id,former_personal_id\n" + rows)
        #expect(answer.status == 201)
        return try matching.object(answer.text)
    }

    private static func aliases(_ fixture: MatchingFixture) throws -> [String] {
        try fixture.database.transaction { session in
            try session.query("SELECT personal_id, key_id FROM personal_id_alias ORDER BY personal_id", []) {
                "\($0.int8(0) % 1000)>\($0.int8(1) % 1000)"
            }
        }
    }

    @Test("MAT-10 a person whose number was changed keeps the key; right records are linked anew by a walk")
    func keptKey() async throws {
        try await TestMatching.with { matching in
            let fixture = matching.fixture
            try fixture.register(Rows.an)
            try fixture.handle([dose(1)])
            try fixture.register(Rows.an.replacing("079087012345", with: "079087012999"))
            try fixture.handle([dose(2, id: "079087012999")])
            try fixture.reverify()
            let report = try await Self.load(matching, "079087012999,079087012345\n")
            #expect(report["added"] as? Int == 1 && report["assessment"] != nil)
            try fixture.reverify()
            // The record with the former number is wrong now, the one with the new number is linked anew.
            let links = try fixture.personsTold(2 + 2 + 3 + 2)
            let (former, new) = (
                links.filter { $0.doseID == dose(1).doseID }, links.filter { $0.doseID == dose(2).doseID }
            )
            #expect(former.count == 2 && former[1].personKey == nil)
            #expect(new.count == 2 && new[1].order > new[0].order && new[0].personKey != former[0].personKey)
            #expect(new[1].personKey == former[0].personKey)
            let again = try await Self.load(matching, "079087012999,079087012345\n")
            #expect(again["added"] as? Int == 0 && again["known"] as? Int == 1 && again["assessment"] == nil)
        }
    }

    @Test("MAT-10 chains lead to the first number in any order; circles, contradictions and bad rows are refused")
    func chains() async throws {
        try await TestMatching.with { matching in
            let fixture = matching.fixture
            let id = { (last: Int) in "079087012\(last)" }
            try fixture.register(Rows.all)
            // 300 was 200, and only then is it told that 200 was 100.
            _ = try await Self.load(matching, "\(id(300)),\(id(200))\n")
            _ = try await Self.load(matching, "\(id(200)),\(id(100))\n\(id(400)),\(id(300))\n")
            #expect(try Self.aliases(fixture) == ["200>100", "300>100", "400>100"])
            let bad = try await Self.load(
                matching,
                """
                \(id(100)),\(id(400))
                \(id(400)),\(id(500))
                79087012400,\(id(500))
                \(id(600)),\(id(600))
                \(id(700)),

                """)
            let rules = try #require(bad["refusals"] as? [[String: Any]]).map {
                "\($0["line"] ?? "") \($0["rule"] ?? "")"
            }
            #expect(
                rules.sorted() == [
                    "2 must not come back to the same number", "3 already stands for another number",
                    "4 must be 12 digits", "5 must be another number", "6 must be 12 digits",
                ])
            #expect(bad["added"] as? Int == 0)
            #expect(try Self.aliases(fixture) == ["200>100", "300>100", "400>100"])
        }
    }
}
