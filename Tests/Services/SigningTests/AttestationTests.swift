import RecordModel
import Testing

@testable import Signing

@Suite struct AttestationTests {
    private let signed = Fixture.record(1)
    private var attestation: Attestation { Fixture.attestation(of: signed) }

    @Test("AUT-18 a changed phone number and a new salt leave the attestation alone")
    func unrelatedChange() {
        let later = Fixture.record(1, version: 2, phone: "0999")
        #expect(later.salt != signed.salt)
        #expect(attestation.revised(under: Fixture.facts(later, Fixture.verdict(1)), at: Fixture.noon) == nil)
        #expect(
            attestation.revised(under: Fixture.facts(later, Fixture.verdict(1, version: 2)), at: Fixture.noon) == nil)
    }

    @Test("AUT-18 changed signed content makes it stale, with the next revision")
    func changedContent() {
        let facts = Fixture.facts(Fixture.record(1, version: 2, name: "Khác"), Fixture.verdict(1))
        let stale = attestation.revised(under: facts, at: Fixture.noon.adding(seconds: 60))
        #expect(stale?.status == .stale)
        #expect(stale?.staleness == .contentChanged)
        #expect(stale?.revision == 2)
        #expect(stale?.signedAt == attestation.signedAt)
    }

    @Test("AUT-18 a withdrawn record makes it stale")
    func withdrawn() {
        let facts = Fixture.facts(Fixture.record(1, version: 2, status: .withdrawn), Fixture.verdict(1))
        #expect(attestation.revised(under: facts, at: Fixture.noon)?.staleness == .withdrawn)
    }

    @Test(
        "SIG-13 a verdict that is no longer right makes it stale", arguments: [Outcome.wrong, .cannotVerify, .exempt])
    func noLongerRight(outcome: Outcome) {
        let facts = Fixture.facts(signed, Fixture.verdict(1, assessment: 2, outcome: outcome))
        #expect(attestation.revised(under: facts, at: Fixture.noon)?.staleness == .notRight)
    }

    @Test("SIG-13 facts older than what was signed say nothing")
    func olderFacts() {
        let record = Fixture.record(1, version: 3)
        let attestation = Fixture.attestation(of: record, assessment: 5)
        let facts = Fixture.facts(
            Fixture.record(1, version: 2, name: "Khác"),
            Fixture.verdict(1, version: 3, assessment: 4, outcome: .wrong))
        #expect(attestation.revised(under: facts, at: Fixture.noon) == nil)
    }

    @Test("AUT-18 right again with the same content: it stands again, with the next revision")
    func standsAgain() throws {
        let wrong = Fixture.facts(signed, Fixture.verdict(1, assessment: 2, outcome: .wrong))
        let stale = try #require(attestation.revised(under: wrong, at: Fixture.noon))
        let right = Fixture.facts(signed, Fixture.verdict(1, assessment: 3))
        let again = try #require(stale.revised(under: right, at: Fixture.noon))
        #expect(again.status == .signed)
        #expect(again.revision == 3)
        #expect(stale.revised(under: Fixture.facts(nil, Fixture.verdict(1, assessment: 3)), at: Fixture.noon) == nil)
    }

    @Test("AUT-18 another reason for being stale is no new revision")
    func anotherReason() throws {
        let wrong = Fixture.facts(signed, Fixture.verdict(1, assessment: 2, outcome: .wrong))
        let stale = try #require(attestation.revised(under: wrong, at: Fixture.noon))
        let withdrawn = Fixture.facts(
            Fixture.record(1, version: 2, status: .withdrawn), Fixture.verdict(1, assessment: 2, outcome: .wrong))
        let other = try #require(stale.revised(under: withdrawn, at: Fixture.noon))
        #expect(other.staleness == .withdrawn)
        #expect(other.revision == stale.revision)
    }

    @Test("AUT-18 whether it stands does not depend on the order in which facts came")
    func everyOrder() {
        let all: [DoseFacts] = [
            Fixture.facts(Fixture.record(1, version: 2, name: "Khác")),
            Fixture.facts(Fixture.record(1, version: 3)),
            Fixture.facts(nil, Fixture.verdict(1, version: 2, outcome: .wrong)),
            Fixture.facts(nil, Fixture.verdict(1, version: 3)),
        ]
        var standings: Set<Bool> = []
        for order in permutations(of: Array(all.indices)) {
            var facts = Fixture.facts(signed, Fixture.verdict(1))
            var attestation = attestation
            for index in order {
                _ = facts.absorb(all[index])
                attestation = attestation.revised(under: facts, at: Fixture.noon) ?? attestation
            }
            standings.insert(attestation.stands)
        }
        #expect(standings == [true])
    }
}
