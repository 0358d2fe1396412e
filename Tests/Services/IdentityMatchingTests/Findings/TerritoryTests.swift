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

    /// Every route with the scope of a territory, as the routing table has it: a new one has to be added here.
    private static let ofTerritory = [
        "POST /v1/suggestions", "GET /v1/findings", "GET /v1/findings/79001/R1", "GET /v1/guessing",
        "POST /v1/guessing/79001/R1/release", "GET /v1/access-log",
    ]

    @Test(
        "AUT-16 every route of a territory, every police role: a unit that is not of that role sees nothing, in the log"
    )
    func everyRoute() async throws {
        try await TestMatching.with { matching in
            try Self.fill(matching.fixture)
            let routes = IdentityMatching.routes(
                matching.fixture.database, police: matching.fixture.police(), clock: matching.fixture.clock,
                log: TestPostgres.log
            ).filter { $0.scope == .territory }
            #expect(routes.count == Self.ofTerritory.count)
            let units: [Role: [String]] = [
                .communePolice: ["", "nowhere", "79001", "CAT-79", "BCA"],
                .provincialPolice: ["", "nowhere", "79001", "CAX-26740", "BCA"],
            ]
            var refused = 0
            for route in Self.ofTerritory {
                let parts = route.split(separator: " ").map(String.init)
                for (role, units) in units {
                    for unit in units {
                        let answer = try await matching.ask(
                            parts[0], parts[1], as: role, unit: unit, body: parts[0] == "POST" ? "{}" : nil,
                            type: "application/json", purpose: "inspection")
                        #expect(answer.status == 403, "\(role.rawValue) \(unit) \(route): \(answer.status)")
                        for secret in Self.secrets { #expect(!answer.text.contains(secret)) }
                        if role == .provincialPolice || parts[1] != "/v1/access-log" { refused += 1 }
                    }
                }
            }
            let traces =
                "SELECT count(*) FROM finding_access WHERE records + persons + outside + cardinality(shown) = 0"
            #expect(try matching.fixture.number(traces) == refused)
        }
    }

    @Test("AUT-16 what is of another commune or province is not there, whatever the route, and leaves a trace")
    func elsewhere() async throws {
        try await TestMatching.with { matching in
            try Self.fill(matching.fixture)
            for (role, unit) in [(Role.communePolice, "CAX-26743"), (.provincialPolice, "CAT-01")] {
                for (method, path, status) in [
                    ("GET", "/v1/findings", 200), ("GET", "/v1/findings/79001/R1", 404), ("GET", "/v1/guessing", 200),
                    ("POST", "/v1/guessing/79001/R1/release", 404), ("POST", "/v1/suggestions", 200),
                ] {
                    let body = #"{"full_name":"Nguyễn Văn An","sex":"M","date_of_birth":"05/09/1987"}"#
                    let answer = try await matching.ask(
                        method, path, as: role, unit: unit, body: method == "POST" ? body : nil,
                        type: "application/json", purpose: "correction")
                    #expect(answer.status == status, "\(unit) \(path)")
                    for secret in Self.secrets { #expect(!answer.text.contains(secret), "\(unit) \(path)") }
                    #expect(!answer.text.contains("\"R1\"") && !answer.text.contains("079******345"))
                }
            }
            #expect(try matching.fixture.number("SELECT count(*) FROM finding_access") == 10)
        }
    }

    private static let secrets = ["Nguyễn Văn An", "079087012345", "079087012354", "1987-09", "05/09"]

    @Test("Lists mask names, numbers, dates, and whatever somebody has typed where it does not belong")
    func masking() {
        for (name, masked) in [
            ("Nguyễn Văn An", "Nguyễn V** A**"), ("  Nguyễn   Văn An ", "Nguyễn V** A**"), ("An", "A**"), ("", ""),
            ("NguyễnVănAn Ba", "N** B**"), ("079087012345 An", "** A**"), ("Lê 05/09/1987", "Lê **"),
        ] {
            #expect(Masking.name(name) == masked)
        }
        for (number, masked) in [("079087012345", "079******345"), ("123456789", "123***789"), ("12345", "*****")] {
            #expect(Masking.number(number) == masked)
        }
        for (date, masked) in [
            ("05/09/1987", "1987-**-**"), ("1987", "1987"), ("5.9.1987", "********"),
            ("Nguyễn Văn An, 1987", "**********"),
        ] {
            #expect(Masking.typedDate(date) == masked)
        }
        for (code, masked) in [
            ("M", "M"), ("Nữ", "Nữ"), ("1", "1"), ("VNM", "VNM"), ("Nguyễn Văn An", "**"), ("1987", "**"),
        ] {
            #expect(Masking.code(code) == masked)
        }
    }

    static func withoutTrace(_ text: String) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return "\((object ?? [:]).filter { $0.key != "trace_id" }.sorted { $0.key < $1.key })"
    }
}
