import RecordModel
import Storage
import Testing
import Web

@testable import Signing

@Suite struct ReportTests {
    @Test("REP-09 right = signed + unsigned, in total and by facility")
    func reconciles() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable(1...6)
            try bench.signEverything(by: bench.key())
            try bench.takeSignable(7...8)
            try bench.takeSignable([9], facility: "79002")
            try bench.take([
                Fixture.record(10), Fixture.verdict(10, outcome: .wrong), Fixture.record(11), Fixture.record(12),
                Fixture.verdict(12, outcome: .exempt), Fixture.verdict(1, assessment: 2, outcome: .wrong),
                Fixture.record(2, version: 2, name: "Khác"),
                Fixture.record(8, version: 2, status: .withdrawn),
            ])
            let counts = try bench.counts
            #expect(counts["right"] == 8)
            #expect(counts["signed"] == 4)
            #expect(counts["right_unsigned"] == 4)
            #expect(counts["right_withdrawn"] == 1)
            #expect(counts["signable"] == 2)
            #expect(counts["exempt"] == 1)
            #expect(counts["turns_signed"] == 1)
            let report = try bench.database.transaction { tx in
                try tx.run(FacilityReport(facilityCode: "", numbers: 1...5))
            }
            #expect(report == [["79001", "6", "4", "2", "1"], ["79002", "1", "0", "1", "1"]])
        }
    }

    @Test("SIG-21 SIG-13 why names the step, the unit and the reason")
    func why() {
        let limits = SigningLimits()
        func blocking(_ facts: DoseFacts, certificate: Bool = true, attestation: Attestation? = nil) -> Blocking {
            Blocking(
                facilityCode: "79001", facts: facts, attestation: attestation, hasCertificate: certificate,
                limits: limits,
                recordedAt: Fixture.noon)
        }
        let right = Fixture.facts(Fixture.record(1), Fixture.verdict(1), Fixture.link(1, person: 1))
        #expect(blocking(right).step == .signing)
        #expect(blocking(right).unitCode == "79001")
        #expect(blocking(right, certificate: false).english.contains("no valid certificate"))
        #expect(blocking(right, attestation: Fixture.attestation(of: Fixture.record(1))).blocked == false)
        #expect(blocking(Fixture.facts(Fixture.record(1))).step == .identity)
        #expect(
            blocking(Fixture.facts(Fixture.record(1), Fixture.verdict(1, outcome: .wrong))).step == .correction)
        let exempt = blocking(Fixture.facts(Fixture.record(1), Fixture.verdict(1, outcome: .exempt)))
        #expect(exempt.step == .signing)
        #expect(exempt.blocked)
    }

    @Test("AUT-01 no police role has a route here; only a facility's head signs; moh-it alone registers certificates")
    func roles() async throws {
        try await SigningBench.run { bench in
            let routes = bench.routes()
            #expect(routes.count == 17)
            #expect(routes.allSatisfy { ($0.roles ?? .everyone).isDisjoint(with: Set<Role>.police) })
            for route in routes where route.pattern.text.hasSuffix("/signature") {
                #expect(route.roles == [.facilityHead])
            }
            for route in routes where route.pattern.text.hasPrefix("/v1/certificates") && route.method != .get {
                #expect(route.roles == [.mohIT])
            }
            #expect(routes.allSatisfy { $0.roles?.isEmpty == false })
        }
    }

    @Test("AUT-02 a private facility's doses are signed like a state facility's")
    func privateFacility() async throws {
        try await SigningBench.run { bench in
            for unit in ["79001", "PK-TU-NHAN"] {
                let number = unit.utf8.count
                try bench.takeSignable([number], facility: unit)
                let turn = try bench.prepare(unit: unit)
                let der = try bench.signature(turn, by: bench.key(unit: unit))
                guard case .signed = try bench.send(der, for: turn, unit: unit) else { return #expect(Bool(false)) }
            }
            #expect(try bench.counts["signed"] == 2)
        }
    }
}
