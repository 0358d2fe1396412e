import Foundation
import Messaging
import RecordModel
import Storage
import TestSupport
import Testing
import Web

@testable import IdentityMatching

/// A number that the register does not hold, and a number that it holds under another name: whoever types records must not
/// learn which of the two it is.
@Suite("No oracle")
struct OracleTests {
    private static let health = Role.allCases.filter { !Set<Role>.police.contains($0) }

    /// Numbers that the register holds under other names, numbers that it does not hold, and that register.
    private static func records(_ count: Int) -> (known: [DoseRecord], unknown: [DoseRecord], register: String) {
        let known = (0..<count).map { dose($0, name: "Lê Văn Tám", id: "0790870\(10_000 + $0)") }
        let unknown = (0..<count).map { dose($0, name: "Lê Văn Tám", id: "0790870\(50_000 + $0)") }
        let register = (0..<count).map { "0790870\(10_000 + $0),,Nguyễn Thị Chín,F,1990-02-03,26740\n" }.joined()
        return (known, unknown, register)
    }

    /// Everything that the health side is told of the records: each event that is not of the police side, as it is sent,
    /// and each answer of each GET route, to each role. The records have the same identifiers in every world.
    private static func told(of records: [DoseRecord], register: String, indexed: Bool) async throws -> [String] {
        var told: [String] = []
        try await TestMatching.with(guessesPerDay: 3) { matching in
            let fixture = matching.fixture
            let generation = try fixture.register(register)
            if indexed { try fixture.indexes.ensure(generation) }
            var emitted = try fixture.handle(records)
            // Tried anew until it is held.
            for version in UInt32(2)...5 {
                var again = records[0]
                again.version = version
                again.identity.dateOfBirth = "0\(version)/09/1987"
                var handler = fixture.handler
                handler.guessesPerDay = 3
                emitted += try fixture.database.transaction { [handler] session in
                    _ = try handler.handle(
                        [InboundMessage(again.event(source: "intake", at: MatchingFixture.noon))], in: session)
                    return session.emittedCount
                }
            }
            for event in fixture.told(emitted) where event.topic != Topic.findings.name {
                told.append("\(event)")
            }
            let routes = IdentityMatching.routes(
                fixture.database, police: fixture.police(), clock: fixture.clock, log: TestPostgres.log)
            for route in routes where route.method == .get {
                for role in health where route.roles?.contains(role) == true {
                    for record in route.pattern.text.contains("{record}") ? records.map(\.sourceRecordID) : [""] {
                        let path = route.pattern.text.replacing("{facility}", with: "79001")
                            .replacing("{record}", with: record).replacing("{id}", with: "1")
                            .replacing("{generation}", with: "\(generation)").replacing("{version}", with: "1")
                        let answer = try await matching.ask("GET", path, as: role)
                        told.append("\(role.rawValue) \(path) \(answer.status) \(withoutChance(answer.text))")
                    }
                }
            }
        }
        return told
    }

    /// Without the trace of a request, and without the time at which the database was made.
    private static func withoutChance(_ text: String) -> String {
        text.replacing(/"(trace_id|proposed_at)":"[^"]*"/, with: "")
    }

    @Test(
        "AUT-17 events and answers to every health role are the same, byte for byte, whether a number is known or not")
    func equalBytes() async throws {
        let (known, unknown, register) = Self.records(12)
        for indexed in [true, false] {
            let worlds = [
                try await Self.told(of: known, register: register, indexed: indexed),
                try await Self.told(of: unknown, register: register, indexed: indexed),
            ]
            #expect(worlds[0].count > 12 + 12 * Self.health.count && worlds[0].count == worlds[1].count)
            for (one, other) in zip(worlds[0], worlds[1]) { #expect(one == other) }
        }
    }

    /// Wrong records of persons whom the register holds: with the number of another person, and with one that it does not
    /// hold. Names, dates and numbers are spread as they are among people.
    private static func people(_ count: Int) -> (known: [DoseRecord], unknown: [DoseRecord], register: String) {
        var random = SeededGenerator(seed: 17)
        var people: (known: [DoseRecord], unknown: [DoseRecord], register: String) = ([], [], "")
        var numbers: [String] = []
        for _ in 0..<2 * count {
            numbers.append(
                IDNumber.text(ofPersonalID: Int64.random(in: 1_180_000_000...96_299_999_999, using: &random)))
        }
        let surnames = ["Nguyễn", "Trần", "Lê", "Phạm", "Vũ", "Đặng", "Bùi", "Hồ"]
        let middles = ["Văn", "Đức", "Minh", "Hữu", "Quang"]
        let givens = ["An", "Bình", "Cường", "Dũng", "Hải", "Long", "Nam", "Phúc", "Sơn", "Tuấn"]
        for index in 0..<count {
            let words = [surnames, middles, givens].map { $0[Int.random(in: 0..<$0.count, using: &random)] }
            let name = words.joined(separator: " ")
            let (month, day) = (Int.random(in: 10...12, using: &random), Int.random(in: 10...28, using: &random))
            let birth = "\(Int.random(in: 1940...2010, using: &random))-\(month)-\(day)"
            people.register += "\(numbers[index]),,\(name),M,\(birth),26740\n"
            people.known.append(dose(index, name: name, birth: birth, id: numbers[(index + count / 2) % count]))
            people.unknown.append(dose(count + index, name: name, birth: birth, id: numbers[count + index]))
        }
        return people
    }

    /// What the health side can take the time of: an answer to a question, and the way of a record through VERIFY, the
    /// search for candidates included, alone in its batch.
    @Test("AUT-17 an unknown number and a known number of another name take about the same time")
    func equalTime() async throws {
        try await TestMatching.with { matching in
            let fixture = matching.fixture
            let (known, unknown, register) = Self.people(400)
            try fixture.indexes.ensure(try fixture.register(register))
            // Interleaved, one record a batch: what the machine does meanwhile falls on both.
            var verifying: [[Double]] = [[], []]
            var asking: [[Double]] = [[], []]
            for pair in zip(known, unknown) {
                for (group, record) in [pair.0, pair.1].enumerated() {
                    let start = ContinuousClock.now
                    try fixture.handle([record])
                    verifying[group].append(start.duration(to: .now) / .microseconds(1))
                    let asked = ContinuousClock.now
                    _ = try await matching.ask("GET", "/v1/why/79001/\(record.sourceRecordID)", as: .facilityStaff)
                    asking[group].append(asked.duration(to: .now) / .microseconds(1))
                }
            }
            #expect(
                try fixture.number("SELECT count(*) FROM verdict WHERE outcome = 2 AND candidates IS NOT NULL") == 800)
            for times in [verifying, asking] {
                let medians = times.map { $0.sorted()[$0.count / 2] }
                #expect(medians[0] / medians[1] > 0.5 && medians[0] / medians[1] < 2, "\(medians)")
            }
        }
    }
}
