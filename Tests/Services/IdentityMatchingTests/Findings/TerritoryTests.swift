import Foundation
import RecordModel
import Storage
import TestSupport
import Testing
import Web

@testable import IdentityMatching

@Suite("Findings in territories")
struct TerritoryTests {
    /// R1 and R2 live in 26740 (province 79), R3 in 00001 (province 01), R4 has no commune and was given at 01001; all are
    /// wrong. An is registered in 26740, Bình in 00001, Hòa nowhere.
    private static func fill(_ fixture: MatchingFixture) throws {
        try fixture.handle(Units.messages)
        let generation = try fixture.register(Rows.all)
        try fixture.indexes.ensure(generation)
        var fourth = dose(4, name: "Nguyễn Văn An", id: "079087012354")
        fourth.facilityCode = "01001"
        try fixture.handle([
            dose(1, id: "079087012354", commune: "26740"),
            dose(2, name: "Trần Thị Bình", sex: "F", birth: "01/01/1998", id: "", commune: "26740"),
            dose(3, name: "Trần Thị Bình", sex: "F", birth: "01/01/1998", id: "", commune: "00001"), fourth, dose(5),
        ])
    }

    private static let seeing: [(role: Role, unit: String, records: [String])] = [
        (.communePolice, "CAX-26740", ["R1", "R2"]), (.communePolice, "CAX-26743", []),
        (.communePolice, "CAX-00001", ["R4", "R3"]), (.provincialPolice, "CAT-79", ["R1", "R2"]),
        (.provincialPolice, "CAT-01", ["R4", "R3"]), (.nationalPolice, "BCA", ["R4", "R3", "R1", "R2"]),
    ]

    @Test("AUT-16 lists hold the own territory's findings only, masked, page by page")
    func lists() async throws {
        try await TestMatching.with { matching in
            try Self.fill(matching.fixture)
            for (role, unit, records) in Self.seeing {
                var seen: [String] = []
                var after = ""
                repeat {
                    let answer = try await matching.ask(
                        "GET", "/v1/findings?limit=1&after=\(after)", as: role, unit: unit, purpose: "correction")
                    #expect(answer.status == 200)
                    for secret in [
                        "Nguyễn Văn An", "Trần Thị Bình", "079087012345", "079087012354", "1987-09", "05/09",
                    ] {
                        #expect(!answer.text.contains(secret), "\(role.rawValue) \(secret)")
                    }
                    let page = try matching.object(answer.text)
                    let findings = try #require(page["findings"] as? [[String: Any]])
                    seen += findings.compactMap { $0["source_record_id"] as? String }
                    after = page["after"] as? String ?? ""
                } while !after.isEmpty
                #expect(seen == records, "\(role.rawValue) \(unit)")
            }
            let own = try await matching.ask(
                "GET", "/v1/findings", as: .communePolice, unit: "CAX-26740", purpose: "correction")
            #expect(own.text.contains("Nguyễn V** A**") && own.text.contains("079******345"))
        }
    }

    @Test("AUT-16 one finding is shown unmasked in its territory, and is not there for others")
    func details() async throws {
        try await TestMatching.with { matching in
            try Self.fill(matching.fixture)
            let places = ["R1": "79001", "R2": "79001", "R3": "79001", "R4": "01001", "R5": "79001", "R9": "79001"]
            for (role, unit, records) in Self.seeing {
                for (record, facility) in places {
                    let answer = try await matching.ask(
                        "GET", "/v1/findings/\(facility)/\(record)", as: role, unit: unit, purpose: "complaint")
                    #expect(
                        answer.status == (records.contains(record) ? 200 : 404), "\(role.rawValue) \(unit) \(record)")
                }
            }
            let shown = try await matching.ask(
                "GET", "/v1/findings/79001/R1", as: .communePolice, unit: "CAX-26740", purpose: "complaint")
            #expect(shown.text.contains("Nguyễn Văn An") && shown.text.contains("\"personal_id\":\"079087012345\""))
            #expect(shown.text.contains("\"fields\"") && shown.text.contains("\"weight\""))
            let unknown = try await matching.ask(
                "GET", "/v1/findings/79001/R9", as: .communePolice, unit: "CAX-26740", purpose: "complaint")
            let elsewhere = try await matching.ask(
                "GET", "/v1/findings/79001/R3", as: .communePolice, unit: "CAX-26740", purpose: "complaint")
            #expect(try Self.withoutTrace(unknown.text) == Self.withoutTrace(elsewhere.text))
        }
    }

    @Test("AUT-17 a candidate who is registered outside the territory is shown as outside, without data")
    func outside() async throws {
        try await TestMatching.with { matching in
            try Self.fill(matching.fixture)
            for path in ["/v1/findings/79001/R2", "/v1/findings"] {
                for (role, unit) in [(Role.communePolice, "CAX-26740"), (.provincialPolice, "CAT-79")] {
                    let answer = try await matching.ask("GET", path, as: role, unit: unit, purpose: "correction")
                    #expect(answer.text.contains("\"outside\":true"))
                    #expect(!answer.text.contains("001198000001") && !answer.text.contains("001******001"))
                    #expect(!answer.text.contains("\"residence_commune\":\"00001\""))
                }
            }
            let national = try await matching.ask(
                "GET", "/v1/findings/79001/R2", as: .nationalPolice, unit: "BCA", purpose: "correction")
            #expect(national.text.contains("001198000001"))
            let body = #"{"full_name":"Trần Thị Bình","sex":"F","date_of_birth":"01/01/1998"}"#
            for (unit, isShown) in [("CAX-26740", false), ("CAX-00001", true)] {
                let answer = try await matching.ask(
                    "POST", "/v1/suggestions", as: .communePolice, unit: unit, body: body, type: "application/json",
                    purpose: "correction")
                #expect(answer.status == 200 && answer.text.contains("001198000001") == isShown)
            }
        }
    }

    @Test("AUT-16 without a purpose, a unit of its role, or a known unit nothing is shown")
    func refused() async throws {
        try await TestMatching.with { matching in
            try Self.fill(matching.fixture)
            for path in ["/v1/findings", "/v1/findings/79001/R1", "/v1/guessing"] {
                let without = try await matching.ask("GET", path, as: .nationalPolice, unit: "BCA")
                #expect(without.status == 400 && without.text.contains("purpose-required"))
                for reference in ["079087012345", "cmnd/123456789", "a b"] {
                    let text = reference.replacing(" ", with: "%20")
                    let named = try await matching.ask(
                        "GET", "\(path)?purpose=correction&reference=\(text)", as: .nationalPolice, unit: "BCA")
                    #expect(named.status == 400 && !named.text.contains(reference))
                }
                let odd = try await matching.ask("GET", path, as: .nationalPolice, unit: "BCA", purpose: "curiosity")
                #expect(odd.status == 400)
                for unit in ["", "nowhere", "79001", "CAT-79"] {
                    let answer = try await matching.ask(
                        "GET", path, as: .communePolice, unit: unit, purpose: "correction")
                    #expect(answer.status == 403, "\(path) \(unit)")
                }
                let province = try await matching.ask(
                    "GET", path, as: .provincialPolice, unit: "CAX-26740", purpose: "correction")
                #expect(province.status == 403)
            }
        }
    }

    @Test(
        "AUT-16 every view is recorded with account, unit, purpose and how much was seen, and can be read by province")
    func accessLog() async throws {
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
            let log = try await matching.ask("GET", "/v1/access-log", as: .nationalPolice, unit: "BCA")
            let views = try #require(try matching.object(log.text)["views"] as? [[String: Any]])
            let lines = views.map { view in
                ["account", "unit_code", "act", "purpose", "reference", "records", "persons", "outside"].map {
                    "\(view[$0] ?? "")"
                }.joined(separator: " ")
            }
            #expect(lines.count == 4)
            #expect(lines[0].hasPrefix("chi BCA export inspection  4"))
            #expect(lines[1] == "binh CAX-00001 detail correction  0 0 0")
            #expect(lines[2].hasPrefix("an CAX-26740 detail complaint PA-7 1 "))
            #expect(lines[3].hasPrefix("an CAX-26740 list correction  2 "))
            let province = try await matching.ask(
                "GET", "/v1/access-log?limit=1", as: .provincialPolice, unit: "CAT-79")
            #expect(province.text.contains("\"account\":\"an\"") && !province.text.contains("binh"))
            #expect(!log.text.contains("079087") && !log.text.contains("Nguyễn"))
        }
    }

    static func withoutTrace(_ text: String) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return "\((object ?? [:]).filter { $0.key != "trace_id" }.sorted { $0.key < $1.key })"
    }
}
