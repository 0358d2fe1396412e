import RecordModel
import Storage
import TestSupport
import Testing
import Web

@testable import IdentityMatching

@Suite("A number under two names in the facility's own records")
struct OwnNumberTests {
    @Test("AUT-17 the hint is told with the verdict, from the facility's own records alone")
    func told() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            // Bình's relatives gave An's number; another facility's records say nothing.
            var elsewhere = dose(3, name: "Ai Đó", id: "038301000002")
            elsewhere.facilityCode = "79002"
            var emitted = try fixture.handle([dose(1), dose(4, name: "Lê Thị Hoa", id: "038301000002"), elsewhere])
            emitted += try fixture.handle([dose(2, name: "Trần Thị Bình")])
            let told = try fixture.verdictsTold(emitted)
            func hints(_ record: String) -> [String] {
                told.last { $0.sourceRecordID == record }?.hints ?? ["none told"]
            }
            #expect(hints("R2").contains("DUPLICATE_NUMBER_IN_FACILITY"))
            #expect(hints("R1").isEmpty, "a right record has no hint")
            #expect(!hints("R4").contains("DUPLICATE_NUMBER_IN_FACILITY"))
            #expect(!hints("R3").contains("DUPLICATE_NUMBER_IN_FACILITY"))
        }
    }

    @Test("AUT-17 the hint is found anew when the other record changes, and why and announcing say it as it is")
    func changes() async throws {
        try await TestMatching.with { matching in
            let fixture = matching.fixture
            try fixture.register(Rows.all)
            func why() async throws -> [String] {
                let answer = try await matching.ask("GET", "/v1/why/79001/R1", as: .facilityHead)
                return try #require(try matching.object(answer.text)["hints"] as? [String])
            }
            let number = "079087099999"
            try fixture.handle([dose(1, name: "Phạm Văn Mẫu", id: number)])
            #expect(try await why().contains("DUPLICATE_NUMBER_IN_FACILITY") == false)
            try fixture.handle([dose(2, name: "Phạm Thị Khác", id: number)])
            #expect(try await why().contains("DUPLICATE_NUMBER_IN_FACILITY"))
            // The same name typed otherwise is no other name.
            try fixture.handle([dose(2, version: 2, name: "PHẠM VĂN  MẪU", id: number)])
            #expect(try await why().contains("DUPLICATE_NUMBER_IN_FACILITY") == false)
            try fixture.handle([dose(2, version: 3, name: "Phạm Thị Khác", id: number)])
            #expect(try await why().contains("DUPLICATE_NUMBER_IN_FACILITY"))
            try fixture.handle([dose(2, version: 4, name: "Phạm Thị Khác", id: number, status: .withdrawn)])
            #expect(try await why().contains("DUPLICATE_NUMBER_IN_FACILITY") == false)
        }
    }

    private static let hint = "DUPLICATE_NUMBER_IN_FACILITY"
    private static let number = "079087099999"

    private static func owed(_ fixture: MatchingFixture) -> OwedHints {
        OwedHints(database: fixture.database, answering: fixture.answering, clock: fixture.clock, log: TestPostgres.log)
    }

    /// Steps until nothing is owed any more; gives how many records were told again.
    private static func settle(_ fixture: MatchingFixture) throws -> Int {
        var settled = 0
        fixture.clock.advance(seconds: 61)
        while true {
            switch try owed(fixture).step(isOpen: { _ in true }) {
            case .idle: return settled
            case .begun: break
            case .settled(let count): settled += count
            }
        }
    }

    @Test("AUT-17 an earlier record is told again when a later one gives it the hint, and when that one takes it away")
    func toldAgain() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            var emitted = try fixture.handle([dose(1, name: "Phạm Văn Mẫu", id: Self.number)])
            // The same person's next dose changes nothing, another facility's record neither.
            var elsewhere = dose(9, name: "Ai Đó", id: Self.number)
            elsewhere.facilityCode = "79002"
            emitted += try fixture.handle([dose(2, name: "PHẠM VĂN MẪU", id: Self.number), elsewhere])
            #expect(try fixture.number("SELECT count(*) FROM hint_owed") == 0)
            let other = { (version: UInt32, name: String, status: RecordStatus) in
                dose(3, version: version, name: name, id: Self.number, status: status)
            }
            emitted += try fixture.handle([other(1, "Phạm Thị Khác", .active)])
            #expect(try fixture.number("SELECT count(*) FROM hint_owed") == 2)
            #expect(try Self.settle(fixture) == 2)
            emitted += 4
            func last(_ record: String) throws -> Verdict {
                try #require(try fixture.verdictsTold(emitted).last { $0.sourceRecordID == record })
            }
            let first = try #require(try fixture.verdictsTold(emitted).first { $0.sourceRecordID == "R1" })
            #expect(!first.hints.contains(Self.hint))
            for record in ["R1", "R2", "R3"] {
                #expect(try last(record).hints.filter { $0 == Self.hint }.count == 1)
            }
            #expect(try last("R1").assessment > first.assessment && last("R1").doseVersion == 1)
            #expect(try fixture.countsAreTrue())
            // A third name is no news to anybody but its own record.
            emitted += try fixture.handle([dose(4, name: "Người Thứ Ba", id: Self.number)])
            #expect(try Self.settle(fixture) == 0)
            emitted += try fixture.handle([dose(4, version: 2, name: "Người Thứ Ba", id: "")])
            #expect(try Self.settle(fixture) == 0)
            // The last other name goes: nobody has the hint any more.
            emitted += try fixture.handle([other(2, "Phạm Thị Khác", .withdrawn)])
            #expect(try Self.settle(fixture) == 2)
            emitted += 4
            for record in ["R1", "R2"] { #expect(try !last(record).hints.contains(Self.hint)) }
            #expect(try fixture.number("SELECT count(*) FROM hint_owed") == 0)
        }
    }

    @Test("AUT-17 right records are not told again, and hints are stepped for at most once a minute")
    func notTold() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            let emitted = try fixture.handle([dose(1)]) + fixture.handle([dose(2, name: "Ai Đó")])
            #expect(try Self.settle(fixture) == 0)
            try fixture.handle([dose(3, name: "Phạm Văn Mẫu", id: Self.number)])
            try fixture.handle([dose(4, name: "Phạm Thị Khác", id: Self.number)])
            #expect(try Self.settle(fixture) == 1)
            try fixture.handle([dose(5, name: "Một", id: "079087088888")])
            try fixture.handle([dose(6, name: "Hai", id: "079087088888")])
            let tooSoon = try Self.owed(fixture).step(isOpen: { _ in true })
            #expect(tooSoon == .idle)
            #expect(try Self.settle(fixture) == 1)
            #expect(emitted == 4)
        }
    }

    @Test("AUT-17 nothing of number or name can be read from the hashes, and they are the facility's")
    func hashes() throws {
        var normaliser = NameNormaliser()
        let one = OwnNumbers(key: [UInt8](repeating: 1, count: 32))
        let other = OwnNumbers(key: [UInt8](repeating: 2, count: 32))
        let typed = VerifyTests.record()
        func mark(_ numbers: OwnNumbers, _ facility: String, _ typed: TypedItems) -> OwnNumber? {
            numbers.mark(typed, of: facility, isWithdrawn: false, normaliser: &normaliser)
        }
        let here = mark(one, "79001", typed)
        #expect(
            here != nil && here == mark(one, "79001", VerifyTests.record("NGUYỄN VĂN AN", "M", "", "079.187.012.345")))
        #expect(
            here?.number != mark(one, "79002", typed)?.number && here?.number != mark(other, "79001", typed)?.number)
        #expect(mark(one, "79001", VerifyTests.record("", "M", "1987-09-05")) == nil)
        #expect(mark(one, "79001", VerifyTests.record("A", "M", "1987-09-05", "B1")) == nil)
        #expect(one.mark(typed, of: "79001", isWithdrawn: true, normaliser: &normaliser) == nil)
    }
}
