import Foundation
import Messaging
import RecordModel
import Storage
import TestSupport
import Testing
import Web

@testable import IdentityMatching

@Suite("Guessing at one record")
struct GuessingTests {
    private static func handler(_ fixture: MatchingFixture) -> VerificationHandler {
        var handler = fixture.handler
        handler.guessesPerDay = 3
        return handler
    }

    /// Amends record 1 to a birth day; gives how many events that told.
    @discardableResult
    private static func guess(
        _ fixture: MatchingFixture, version: UInt32, day: Int, authority: IdentityAuthority = .facility
    ) throws -> Int {
        let record = dose(
            1, version: version, birth: day < 10 ? "0\(day)/09/1987" : "\(day)/09/1987", commune: "26740",
            authority: authority)
        return try fixture.database.transaction { session in
            _ = try handler(fixture).handle(
                [InboundMessage(record.event(source: "intake", at: MatchingFixture.noon))], in: session)
            return session.emittedCount
        }
    }

    @Test("AUT-17 after so many wrong versions in a day the next ones are not judged, and nothing is told")
    func held() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            for version in 1...3 { #expect(try Self.guess(fixture, version: UInt32(version), day: version) == 2) }
            // The fifth would be right.
            #expect(try Self.guess(fixture, version: 4, day: 4) == 0)
            #expect(try Self.guess(fixture, version: 5, day: 5) == 0)
            #expect(try fixture.verdicts() == ["R1": "5 - none"])
            try fixture.reverify()
            #expect(try fixture.verdicts() == ["R1": "5 - none"])
            #expect(try fixture.countsAreTrue())
            let police = fixture.police(guessesPerDay: 3)
            #expect(try police.held.releaseEarlierDays() == 0)
            fixture.clock.advance(seconds: 86_400)
            #expect(try police.held.releaseEarlierDays() == 1)
            #expect(try fixture.verdicts() == ["R1": "5 right none"])
            #expect(try fixture.countsAreTrue())
            #expect(try fixture.verdictsTold(3 * 2 + 2).last?.outcome == .right)
        }
    }

    @Test("AUT-17 the word of the police is judged at once; repeated and older versions, and equal items, are no tries")
    func confirmed() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            for version in 1...3 { try Self.guess(fixture, version: UInt32(version), day: 1) }
            for _ in 1...5 { try Self.guess(fixture, version: 3, day: 9) }
            #expect(try fixture.number("SELECT guesses::int8 FROM verdict") == 1)
            for version in 4...6 { try Self.guess(fixture, version: UInt32(version), day: version + 2) }
            #expect(try fixture.verdicts() == ["R1": "6 - none"])
            try Self.guess(fixture, version: 7, day: 5, authority: .police)
            #expect(try fixture.verdicts() == ["R1": "7 right none"])
            #expect(try fixture.number("SELECT guesses::int8 FROM verdict") <= 0)
            #expect(try Self.guess(fixture, version: 8, day: 8) > 0)
        }
    }

    @Test(
        "AUT-17 the police see who is guessed at in their territory, and let a record go; the health side is told to wait"
    )
    func police() async throws {
        try await TestMatching.with(guessesPerDay: 3) { matching in
            let fixture = matching.fixture
            try fixture.handle(Units.messages)
            try fixture.register(Rows.all)
            for version in 1...4 { try Self.guess(fixture, version: UInt32(version), day: version) }
            try Self.guess(fixture, version: 5, day: 5)
            for (unit, count) in [("CAX-26740", 1), ("CAX-00001", 0)] {
                let list = try await matching.ask(
                    "GET", "/v1/guessing", as: .communePolice, unit: unit, purpose: "inspection")
                let records = try #require(try matching.object(list.text)["records"] as? [[String: Any]])
                #expect(records.count == count && !list.text.contains("1987"))
            }
            let why = try await matching.ask("GET", "/v1/why/79001/R1", as: .facilityHead)
            #expect(why.text.contains("chờ Công an cấp xã xác nhận"))
            let elsewhere = try await matching.ask(
                "POST", "/v1/guessing/79001/R1/release", as: .communePolice, unit: "CAX-00001", body: "",
                purpose: "correction")
            #expect(elsewhere.status == 404)
            let released = try await matching.ask(
                "POST", "/v1/guessing/79001/R1/release", as: .communePolice, unit: "CAX-26740", body: "",
                purpose: "correction")
            #expect(released.status == 200 && released.text.contains("right"))
            #expect(try fixture.verdicts() == ["R1": "5 right none"])
            let again = try await matching.ask(
                "POST", "/v1/guessing/79001/R1/release", as: .communePolice, unit: "CAX-26740", body: "",
                purpose: "correction")
            #expect(again.status == 404)
        }
    }

    @Test("The day begins at midnight in Asia/Ho_Chi_Minh")
    func startOfDay() throws {
        for (instant, start) in [
            ("2022-04-20T05:00:00Z", "2022-04-19T17:00:00Z"), ("2022-04-20T16:59:59Z", "2022-04-19T17:00:00Z"),
            ("2022-04-20T17:00:00Z", "2022-04-20T17:00:00Z"), ("1969-12-31T10:00:00Z", "1969-12-30T17:00:00Z"),
        ] {
            let now = try #require(Instant(rfc3339: instant))
            #expect(HeldRecords.startOfDay(now) == Instant(rfc3339: start))
        }
    }
}
