import RecordModel
import Storage
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
