import RecordModel
import Testing

@testable import Signing

@Suite struct SignabilityTests {
    private let limits = SigningLimits()

    private func signability(
        _ record: DoseRecord?, _ verdict: Verdict?, _ link: PersonLinked?, attestation: Attestation? = nil
    ) -> Signability {
        Signability.of(Fixture.facts(record, verdict, link), attestation: attestation, limits: limits)
    }

    @Test("SIG-13 a record that is verified right, of a known person, can be signed")
    func ready() {
        #expect(signability(Fixture.record(1), Fixture.verdict(1), Fixture.link(1, person: 1)) == .ready)
    }

    @Test(
        "SIG-13 SIG-21 wrong, cannot verify and exempt are refused, each with its reason",
        arguments: [
            (Outcome.wrong, Signability.Reason.wrong), (.cannotVerify, .cannotVerify), (.exempt, .exempt),
        ])
    func refused(outcome: Outcome, reason: Signability.Reason) {
        let answer = signability(
            Fixture.record(1), Fixture.verdict(1, outcome: outcome), Fixture.link(1, person: 1))
        #expect(answer == .blocked(reason))
    }

    @Test("SIG-13 a right verdict for an older version does not open the current one")
    func olderVerdict() {
        let answer = signability(
            Fixture.record(1, version: 2), Fixture.verdict(1, version: 1), Fixture.link(1, person: 1))
        #expect(answer == .blocked(.notVerified))
    }

    @Test("SIG-13 a verdict ahead of its record waits for the record")
    func verdictAhead() {
        #expect(
            signability(Fixture.record(1), Fixture.verdict(1, version: 2), Fixture.link(1, person: 1))
                == .blocked(.notVerified))
        #expect(signability(nil, Fixture.verdict(1), Fixture.link(1, person: 1)) == .blocked(.recordUnknown))
    }

    @Test("INJ-06 a dose number outside 1 to 5 is accepted but not signable", arguments: [Int32(0), 6, -1])
    func doseNumber(number: Int32) {
        let answer = signability(
            Fixture.record(1, doseNumber: number), Fixture.verdict(1), Fixture.link(1, person: 1))
        #expect(answer == .blocked(.doseNumberOutOfRange))
    }

    @Test("SIG-13 a record without a person, or whose person was taken back, waits")
    func personMissing() {
        #expect(signability(Fixture.record(1), Fixture.verdict(1), nil) == .blocked(.personUnknown))
        #expect(
            signability(Fixture.record(1), Fixture.verdict(1), Fixture.link(1, person: nil))
                == .blocked(.personUnknown))
    }

    @Test("SIG-12 a withdrawn record cannot be signed")
    func withdrawn() {
        let answer = signability(
            Fixture.record(1, status: .withdrawn), Fixture.verdict(1), Fixture.link(1, person: 1))
        #expect(answer == .blocked(.withdrawn))
    }

    @Test("SIG-13 what is attested with the same content is not signable again; changed content is")
    func attested() {
        let record = Fixture.record(1)
        let attestation = Fixture.attestation(of: record)
        #expect(
            signability(record, Fixture.verdict(1), Fixture.link(1, person: 1), attestation: attestation)
                == .blocked(.attested))
        let changed = Fixture.record(1, version: 2, name: "Nguyễn Văn Anh")
        let facts = Fixture.facts(changed, Fixture.verdict(1, version: 2), Fixture.link(1, person: 1, version: 2))
        let stale = attestation.revised(under: facts, at: Fixture.noon)
        #expect(Signability.of(facts, attestation: stale, limits: limits) == .ready)
    }

    @Test("SIG-13 facts taken in every order give the same state")
    func everyOrder() {
        let all: [DoseFacts] = [
            Fixture.facts(Fixture.record(1)), Fixture.facts(Fixture.record(1, version: 2, name: "Khác")),
            Fixture.facts(nil, Fixture.verdict(1)), Fixture.facts(nil, Fixture.verdict(1, version: 2)),
            Fixture.facts(nil, nil, Fixture.link(1, person: 1)),
            Fixture.facts(nil, nil, Fixture.link(1, person: 2, version: 2)),
        ]
        var outcomes: Set<DoseFacts> = []
        for order in permutations(of: Array(all.indices)) {
            var facts = DoseFacts()
            for index in order { _ = facts.absorb(all[index]) }
            outcomes.insert(facts)
        }
        #expect(outcomes.count == 1)
        #expect(outcomes.first?.person?.key == Fixture.person(2))
        #expect(outcomes.first.map { Signability.of($0, attestation: nil, limits: limits) } == .ready)
    }
}

func permutations<Element>(of elements: [Element]) -> [[Element]] {
    guard elements.count > 1 else { return [elements] }
    return elements.indices.flatMap { index -> [[Element]] in
        var rest = elements
        let first = rest.remove(at: index)
        return permutations(of: rest).map { [first] + $0 }
    }
}
