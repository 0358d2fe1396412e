import Foundation
import RecordModel
import Storage
import TestSupport
import Testing
import Web

@testable import IdentityMatching

@Suite("Roles and routes")
struct RoleTests {
    private static let allowed: [String: Set<Role>] = [
        "POST /v1/register": [.operator, .nationalPolice],
        "GET /v1/register": [.operator, .nationalPolice],
        "GET /v1/register/1/refusals": [.operator, .nationalPolice],
        "POST /v1/register/1/activate": [.operator, .nationalPolice],
        "POST /v1/register/1/rollback": [.operator, .nationalPolice],
        "GET /v1/reverifications": [.operator, .nationalPolice],
        "POST /v1/reverifications": [.operator, .nationalPolice],
        "POST /v1/reverifications/1/pause": [.operator, .nationalPolice],
        "POST /v1/reverifications/1/resume": [.operator, .nationalPolice],
        "POST /v1/reverifications/1/cancel": [.operator, .nationalPolice],
        "GET /v1/rule-sets": [.operator, .nationalPolice],
        "POST /v1/rule-sets": [.operator, .nationalPolice],
        "POST /v1/rule-sets/9/dry-run": [.operator, .nationalPolice],
        "POST /v1/rule-sets/9/switch": [.operator, .nationalPolice],
        "POST /v1/rule-sets/9/switch-back": [.operator, .nationalPolice],
        "GET /v1/dry-runs": [.operator, .nationalPolice],
        "GET /v1/dry-runs/1": [.operator, .nationalPolice],
        "POST /v1/dry-runs/1/pause": [.operator, .nationalPolice],
        "POST /v1/dry-runs/1/resume": [.operator, .nationalPolice],
        "POST /v1/dry-runs/1/cancel": [.operator, .nationalPolice],
        "GET /v1/exports/verdicts": [
            .facilityStaff, .facilityHead, .operator, .mohIT, .preventiveMedicine, .nationalPolice,
        ],
        "GET /v1/exports/findings": [.nationalPolice],
        "POST /v1/register/aliases": [.operator, .nationalPolice],
        "POST /v1/suggestions": .police,
        "GET /v1/findings": .police,
        "GET /v1/findings/79001/R1": .police,
        "GET /v1/guessing": .police,
        "POST /v1/guessing/79001/R1/release": .police,
        "GET /v1/access-log": [.provincialPolice, .nationalPolice],
        "POST /v1/access-log/of-person": [.nationalPolice],
        "GET /v1/counts": [
            .communePolice, .provincialPolice, .nationalPolice, .operator, .mohIT, .preventiveMedicine,
            .healthDepartment,
            .cdc,
        ],
        "GET /v1/why/79001/R1": Set(Role.allCases),
    ]

    @Test("AUT-17 every role against every route: findings for the police side only")
    func everyRole() async throws {
        try await TestMatching.with { matching in
            let routes = IdentityMatching.routes(
                matching.fixture.database, police: matching.fixture.police(), clock: matching.fixture.clock,
                log: TestPostgres.log)
            try matching.fixture.handle(Units.messages)
            #expect(routes.count == Self.allowed.count)
            for (route, roles) in Self.allowed {
                let parts = route.split(separator: " ").map(String.init)
                for role in Role.allCases {
                    let body = parts[0] == "POST" ? "" : nil
                    let unit = [.communePolice: "CAX-26740", .provincialPolice: "CAT-79"][role] ?? "79001"
                    let answer = try await matching.ask(
                        parts[0], parts[1], as: role, unit: unit, body: body, purpose: "correction")
                    #expect(
                        (answer.status != 403) == roles.contains(role), "\(role.rawValue) \(route): \(answer.status)")
                }
            }
            let health = Set<Role>.health.union([.operator])
            for route in routes where route.pattern.text.contains("findings") {
                #expect(route.roles?.isDisjoint(with: health) == true)
            }
        }
    }

    @Test("AUT-17 a health role never gets a value of the register, and a known number looks like an unknown one")
    func noOracle() async throws {
        try await TestMatching.with { matching in
            let fixture = matching.fixture
            try fixture.register(Rows.all)
            let known = dose(1, name: "Nguyễn Văn Ân")
            let unknown = dose(2, name: "Nguyễn Văn Ân", id: "079087099999")
            try fixture.handle([known, unknown, dose(3, id: "123456789")])
            let secrets = [
                "Nguyễn Văn An", "079087012345", "1987-09-05", "NOT_IN_REGISTER", "DIACRITICS_ONLY", "person",
            ]
            for (route, roles) in Self.allowed where route.hasPrefix("GET") {
                for role in roles.subtracting(.police).subtracting([.operator]) {
                    let path = String(route.dropFirst(4))
                    let answer = try await matching.ask("GET", path, as: role)
                    #expect(answer.status == 200)
                    for secret in secrets where !(secret == "person" && path == "/v1/counts") {
                        #expect(!answer.text.contains(secret), "\(role.rawValue) \(path)")
                    }
                    #expect(!answer.text.contains("known-personal-id"))
                }
            }
            let answers = [
                try await matching.ask("GET", "/v1/why/79001/R1", as: .facilityHead).text,
                try await matching.ask("GET", "/v1/why/79001/R2", as: .facilityHead).text,
            ]
            #expect(answers[0] == answers[1])
            let told = try fixture.verdictsTold(2 + 2 + 2)
            #expect(told.count == 3)
            #expect(
                told[0].outcome == told[1].outcome && told[0].hints == told[1].hints && told[0].group == told[1].group)
        }
    }

    @Test("MAT-11 a facility sees its own records only")
    func ownRecords() async throws {
        try await TestMatching.with { matching in
            try matching.fixture.register(Rows.all)
            var foreign = dose(2)
            foreign.facilityCode = "79002"
            try matching.fixture.handle([dose(1), foreign])
            let own = try await matching.ask("GET", "/v1/exports/verdicts", as: .facilityHead)
            #expect(own.text == "facility_code,source_record_id,outcome,group,rule_version\n79001,R1,right,none,1\n")
            let all = try await matching.ask("GET", "/v1/exports/verdicts", as: .operator)
            #expect(all.text.hasSuffix("79001,R1,right,none,1\n79002,R2,right,none,1\n"))
            let why = try await matching.ask("GET", "/v1/why/79002/R2", as: .facilityHead)
            #expect(why.status == 403)
        }
    }

    @Test("PAS-06 why says step, reason in two languages and hints; unknown records are unknown")
    func why() async throws {
        try await TestMatching.with { matching in
            let waits = dose(9)
            try matching.fixture.handle([waits])
            let waiting = try matching.object(try await matching.ask("GET", "/v1/why/79001/R9", as: .mohIT).text)
            #expect(waiting["blocked"] as? Bool == true && waiting["step"] as? String == "identity")
            try matching.fixture.register(Rows.all)
            try matching.fixture.handle([dose(1), dose(2, id: "79087012345")])
            let right = try matching.object(try await matching.ask("GET", "/v1/why/79001/R1", as: .mohIT).text)
            #expect(right["blocked"] as? Bool == false && right["step"] as? String == "none")
            let bad = try matching.object(try await matching.ask("GET", "/v1/why/79001/R2", as: .mohIT).text)
            #expect((bad["reason"] as? [String: String])?["vi"] == "CCCD/Mã định danh sai định dạng")
            #expect(bad["hints"] as? [String] == ["LEADING_ZERO_LOST", "WRONG_LENGTH"])
            let unknown = try matching.object(try await matching.ask("GET", "/v1/why/79001/R3", as: .mohIT).text)
            #expect(unknown["known"] as? Bool == false)
        }
    }

    @Test("MAT-10 a register over HTTP: load, activate, roll back, refusals, findings export")
    func register() async throws {
        try await TestMatching.with { matching in
            let file = MatchingFixture.header + Rows.all + "1,,A,M,1990-01-01,\n"
            let loaded = try await matching.ask("POST", "/v1/register?activate=true", as: .operator, body: file)
            #expect(loaded.status == 201)
            let report = try matching.object(loaded.text)
            #expect(
                report["persons"] as? Int == 3 && report["refused"] as? Int == 1 && report["active"] as? Bool == true)
            let refusals = try await matching.ask("GET", "/v1/register/1/refusals", as: .operator)
            #expect(refusals.text == "line,column,rule\n5,personal_id,must be 12 digits\n")
            let empty = try await matching.ask("POST", "/v1/register", as: .operator, body: MatchingFixture.header)
            #expect(empty.status == 422 && empty.text.contains("register-refused"))
            let odd = try await matching.ask("POST", "/v1/register", as: .operator, body: file, type: "image/png")
            #expect(odd.status == 415)
            let second = try await matching.ask("POST", "/v1/register", as: .nationalPolice, body: file)
            let generation = try #require(try matching.object(second.text)["generation"] as? Int)
            let on = try await matching.ask(
                "POST", "/v1/register/\(generation)/activate", as: .nationalPolice, body: "")
            #expect(on.status == 200)
            let twice = try await matching.ask("POST", "/v1/register/99/activate", as: .operator, body: "")
            #expect(twice.status == 404)
            let back = try await matching.ask("POST", "/v1/register/\(generation)/rollback", as: .operator, body: "")
            #expect(back.status == 200)
            let again = try await matching.ask("POST", "/v1/register/\(generation)/rollback", as: .operator, body: "")
            #expect(again.status == 409)
            try matching.fixture.handle([dose(1, name: "Nguyễn An"), dose(2)])
            let findings = try await matching.ask("GET", "/v1/exports/findings", as: .nationalPolice)
            #expect(findings.text.contains("\n79001,R1,name:MIDDLE_MISSING,079087012345,"))
            let all = try await matching.ask("POST", "/v1/reverifications?scope=all", as: .operator, body: "")
            #expect(all.status == 202)
            let list = try matching.object(try await matching.ask("GET", "/v1/reverifications", as: .operator).text)
            #expect((list["reverifications"] as? [[String: Any]])?.count == 4)
        }
    }
}
