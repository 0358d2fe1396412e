import Foundation
import Observability
import RecordModel
import Storage
import TestSupport
import Testing
import Web

@testable import IdentityMatching

@Suite("The log of looks")
struct AccessLogTests {
    /// One wrong record in 26740, whose person is An.
    private static func fill(_ fixture: MatchingFixture) throws {
        try fixture.handle(Units.messages)
        let generation = try fixture.register(Rows.all)
        try fixture.indexes.ensure(generation)
        try fixture.handle([
            dose(1, id: "079087012354", commune: "26740"),
            dose(2, name: "Trần Thị Bình", sex: "F", birth: "01/01/1998", id: "", commune: "26740"),
        ])
    }

    private static func lines(_ matching: TestMatching, _ text: String) throws -> [String] {
        let views = try #require(try matching.object(text)["views"] as? [[String: Any]])
        return views.map { view in
            ["account", "unit_code", "act", "purpose", "reference", "records", "persons", "outside"].map {
                "\(view[$0] ?? "")"
            }.joined(separator: " ")
        }
    }

    @Test(
        "AUT-16 every look is recorded with account, unit, purpose and how much was seen; so is the reading of the log")
    func recorded() async throws {
        try await TestMatching.with { matching in
            try Self.fill(matching.fixture)
            _ = try await matching.ask(
                "GET", "/v1/findings", as: .communePolice, unit: "CAX-26740", account: "an", purpose: "correction")
            _ = try await matching.ask(
                "GET", "/v1/findings/79001/R2?purpose=complaint&reference=PA-7", as: .communePolice, unit: "CAX-26740",
                account: "an")
            _ = try await matching.ask(
                "GET", "/v1/findings/79001/R1", as: .communePolice, unit: "CAX-00001", account: "binh",
                purpose: "correction")
            _ = try await matching.ask("GET", "/v1/exports/findings", as: .nationalPolice, unit: "BCA", account: "chi")
            let without = try await matching.ask("GET", "/v1/access-log", as: .nationalPolice, unit: "BCA")
            #expect(without.status == 400 && without.text.contains("purpose-required"))
            let log = try await matching.ask(
                "GET", "/v1/access-log", as: .nationalPolice, unit: "BCA", account: "dung", purpose: "inspection")
            let lines = try Self.lines(matching, log.text)
            #expect(lines.count == 4)
            #expect(lines[0] == "chi BCA export inspection  2 0 0")
            #expect(lines[1] == "binh CAX-00001 detail correction  0 0 0")
            #expect(lines[2].hasPrefix("an CAX-26740 detail complaint PA-7 1 "))
            #expect(lines[3].hasPrefix("an CAX-26740 list correction  2 "))
            #expect(!log.text.contains("079087") && !log.text.contains("Nguyễn"))
            for (unit, isThere) in [("CAT-79", true), ("CAT-01", false)] {
                let province = try await matching.ask(
                    "GET", "/v1/access-log", as: .provincialPolice, unit: unit, purpose: "inspection")
                let own = try Self.lines(matching, province.text)
                #expect(own.contains { $0.hasPrefix("an CAX-26740") } == isThere)
                #expect(own.contains { $0.hasPrefix("binh CAX-00001") } != isThere)
                #expect(!own.contains { $0.hasPrefix("chi") || $0.hasPrefix("dung") })
            }
            let page = try await matching.ask(
                "GET", "/v1/access-log?limit=1", as: .nationalPolice, unit: "BCA", purpose: "inspection")
            #expect(try Self.lines(matching, page.text) == ["tester CAT-01 log inspection  1 0 0"])
        }
    }

    @Test(
        "AUT-16 who was shown one person is found by the person's number, an earlier one too; the log holds no number")
    func ofPerson() async throws {
        try await TestMatching.with { matching in
            try Self.fill(matching.fixture)
            let database = matching.fixture.database
            try database.transaction { session in
                var report = PersonalIDAliases.Report()
                try PersonalIDAliases.add(
                    [.init(line: 2, personalID: 79_087_012_999, formerID: 79_087_012_345)], to: &report, in: session)
            }
            for (record, account) in [("R1", "an"), ("R2", "binh")] {
                _ = try await matching.ask(
                    "GET", "/v1/findings/79001/\(record)", as: .nationalPolice, unit: "BCA", account: account,
                    purpose: "complaint")
            }
            for (number, accounts) in [
                ("079087012345", ["an"]), ("079087012999", ["an"]), ("001198000001", ["binh"]), ("079087012000", []),
            ] {
                let answer = try await matching.ask(
                    "POST", "/v1/access-log/of-person", as: .nationalPolice, unit: "BCA",
                    body: #"{"personal_id":"\#(number)"}"#, type: "application/json", purpose: "complaint")
                let lines = try Self.lines(matching, answer.text)
                #expect(lines.map { String($0.prefix { $0 != " " }) } == accounts, "\(number)")
            }
            let odd = try await matching.ask(
                "POST", "/v1/access-log/of-person", as: .nationalPolice, unit: "BCA", body: #"{"personal_id":"12"}"#,
                type: "application/json", purpose: "complaint")
            #expect(odd.status == 400)
            let texts = try database.transaction { session in
                try session.query("SELECT f::text FROM finding_access f", []) { $0.text(0) }
            }
            #expect(texts.count == 6)
            for number in ["79087012345", "79087012999", "1198000001"] {
                #expect(!texts.contains { $0.contains(number) })
            }
        }
    }

    @Test("AUT-16 what is too old goes in small batches and is said; younger lines stay, and none is ever changed")
    func retention() async throws {
        try await TestMatching.with { matching in
            let fixture = matching.fixture
            try Self.fill(fixture)
            func look(_ times: Int) async throws {
                for _ in 0..<times {
                    _ = try await matching.ask(
                        "GET", "/v1/findings", as: .nationalPolice, unit: "BCA", purpose: "correction")
                }
            }
            try await look(5)
            fixture.clock.advance(seconds: 86_400)
            try await look(3)
            var retention = fixture.police(accessLogDays: 365).retention
            retention.batch = 2
            fixture.clock.advance(seconds: 364 * 86_400)
            // To the microsecond as old as lines are kept: they stay.
            #expect(try retention.deleteOld() == 0)
            fixture.clock.advance(seconds: 1)
            #expect(try retention.deleteOld() == 5)
            #expect(try retention.deleteOld() == 0)
            #expect(try fixture.number("SELECT count(*) FROM finding_access") == 3)
            #expect(fixture.metrics.render().contains("identity_matching_access_log_deleted_total 5"))
            let log = try await matching.ask(
                "GET", "/v1/access-log", as: .nationalPolice, unit: "BCA", purpose: "inspection")
            let said = try #require(try matching.object(log.text)["deleted"] as? [String: Any])
            #expect(said["records"] as? Int == 5 && said["until"] as? String == MatchingFixture.noon.rfc3339)
            fixture.clock.advance(seconds: 86_400)
            #expect(try retention.deleteOld() == 3)
            #expect(try fixture.number("SELECT sum(records)::int8 FROM finding_access_deletion") == 8)
            #expect(throws: StorageError.self) {
                try fixture.database.transaction { try $0.execute("UPDATE finding_access SET account = 'x'") }
            }
        }
    }
}
