import Foundation
import RecordModel
import Storage
import TestSupport
import Testing
import Web

@testable import IdentityMatching

@Suite("Limits of asking")
struct RateLimitTests {
    @Test("AUT-16 an account and a unit may ask so often a minute, then again after a while")
    func buckets() throws {
        let clock = ManualClock(MatchingFixture.noon)
        let limits = RateLimits(.init(account: 3, unit: 5), clock: clock)
        func passes(_ account: String, _ unit: String) -> Bool {
            do { try limits.admit(Principal(subject: account, role: .communePolice, unit: unit)) } catch {
                return false
            }
            return true
        }
        #expect((1...4).map { _ in passes("a", "u") } == [true, true, true, false])
        #expect((1...3).map { _ in passes("b", "u") } == [true, true, false])
        #expect(passes("b", "v") && !passes("a", "v"))
        // A third of a minute fills one of three, and one and two thirds of five.
        clock.advance(seconds: 20)
        #expect(passes("a", "u") && !passes("a", "u"))
        clock.advance(seconds: 600)
        #expect((1...4).map { _ in passes("a", "w") } == [true, true, true, false])
        let problem = #expect(throws: Problem.self) {
            try limits.admit(Principal(subject: "a", role: .communePolice, unit: "w"))
        }
        #expect(problem?.status == 429 && problem?.retryAfter == 20)
    }

    @Test("AUT-17 questions of the health side and views of the police are limited, whatever would be answered")
    func limitedRoutes() async throws {
        let few = RateLimits.Allowance(account: 2, unit: 3)
        try await TestMatching.with(limits: few) { matching in
            try matching.fixture.handle(Units.messages)
            for (path, role, unit) in [
                ("/v1/why/79001/R1", Role.facilityStaff, "79001"), ("/v1/findings", .communePolice, "CAX-26740"),
            ] {
                var statuses: [Int] = []
                for account in ["a", "a", "a", "b", "b"] {
                    let answer = try await matching.ask(
                        "GET", path, as: role, unit: unit, account: account, purpose: "correction")
                    statuses.append(answer.status)
                    #expect((answer.retryAfter != nil) == (answer.status == 429))
                }
                #expect(statuses == [200, 200, 429, 200, 429], "\(path)")
            }
            let operatorMay = try await matching.ask("GET", "/v1/why/79001/R1", as: .operator)
            #expect(operatorMay.status == 200)
        }
    }

    /// Two groups of records: numbers that the register holds under other names, and numbers that it does not hold.
    private static func records(_ count: Int) -> (known: [DoseRecord], unknown: [DoseRecord], register: String) {
        let known = (0..<count).map { dose($0, name: "Lê Văn Tám", id: "0790870\(10_000 + $0)") }
        let unknown = (0..<count).map { dose(count + $0, name: "Lê Văn Tám", id: "0790870\(50_000 + $0)") }
        let register = (0..<count).map { "0790870\(10_000 + $0),,Nguyễn Thị Chín,F,1990-02-03,26740\n" }.joined()
        return (known, unknown, register)
    }
}
