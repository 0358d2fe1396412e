import Messaging
import RecordModel
import Testing

@testable import PassportIssuance

@Suite struct DecisionTests {
    let person = Sample.person(1)

    func decide(_ doses: [DoseFacts], _ passports: [StandingPassport] = []) -> PersonDecision {
        PersonDecision.decide(person: person, doses: doses, passports: passports, issuer: "TEST")
    }

    func facts(_ record: DoseRecord, of person: PersonKey? = nil) -> DoseFacts {
        Sample.facts(Sample.complete(record, person ?? self.person))
    }

    /// A passport as a run would have issued it from the dose alone.
    func passport(_ record: DoseRecord, valid: Bool = true) throws -> StandingPassport {
        let decision = decide([facts(record)])
        let issue = try #require(decision.issue)
        return StandingPassport(
            certificate: .new(), person: person, isValid: valid, doseID: record.doseID,
            shownHash: issue.dose.face.shownHash, faceHash: issue.faceHash)
    }

    @Test("PAS-01 a signed dose gives a passport, once")
    func issueOnce() throws {
        let record = Sample.record(1)
        let first = decide([facts(record)])
        #expect(first.state == .current)
        #expect(first.issue?.dose.doseID == record.doseID)
        let again = decide([facts(record)], [try passport(record)])
        #expect(again.state == .current)
        #expect(again.issue == nil)
        #expect(again.supersede.isEmpty && again.revoke.isEmpty)
    }

    @Test("PAS-03 nothing signed, nothing issued")
    func nothing() {
        #expect(decide([]).state == .empty)
        #expect(decide([]).issue == nil)
        #expect(decide([facts(Sample.record(1), of: Sample.person(9))]).issue == nil)
    }

    @Test("a newer dose supersedes, it does not revoke")
    func supersede() throws {
        let old = try passport(Sample.record(1))
        let decision = decide([facts(Sample.record(1)), facts(Sample.record(2, dose: 2, on: "2022-02-10"))], [old])
        #expect(decision.issue?.dose.doseID == Sample.dose(2))
        #expect(decision.supersede == [old.certificate])
        #expect(decision.revoke.isEmpty)
    }

    @Test("a contradiction issues nothing and leaves what is there")
    func contradiction() throws {
        let old = try passport(Sample.record(1))
        let decision = decide([facts(Sample.record(1)), facts(Sample.record(2, on: "2022-03-10"))], [old])
        #expect(decision.state == .contradiction)
        #expect(decision.issue == nil && decision.supersede.isEmpty && decision.revoke.isEmpty)
    }

    @Test("a register switch alone revokes nothing, and withdraws the dose from the line")
    func lostLink() throws {
        let second = Sample.record(2, dose: 2, on: "2022-02-10")
        let shown = try passport(second)
        let lost = Sample.facts(
            Sample.complete(second, person) + [
                Sample.message(Sample.verdict(second, assessment: 2, .wrong)),
                Sample.message(Sample.link(second, assessment: 2, nil)),
            ])
        let alone = decide([lost], [shown])
        #expect(alone.state == .empty)
        #expect(alone.revoke.isEmpty && alone.supersede.isEmpty && alone.issue == nil)
        let withFirst = decide([facts(Sample.record(1)), lost], [shown])
        #expect(withFirst.issue?.dose.doseID == Sample.dose(1))
        #expect(withFirst.supersede == [shown.certificate])
        #expect(withFirst.revoke.isEmpty)
    }

    @Test("a passport that shows another person's dose is revoked, also a superseded one")
    func anotherPerson() throws {
        for valid in [true, false] {
            let shown = try passport(Sample.record(1), valid: valid)
            let decision = decide([facts(Sample.record(1), of: Sample.person(2))], [shown])
            #expect(decision.revoke.map(\.reason) == [.anotherPerson])
            #expect(decision.issue == nil)
        }
    }

    @Test("content since corrected is revoked; a lot number, which no passport shows, is not")
    func corrected() throws {
        let record = Sample.record(1)
        let shown = try passport(record)
        func amended(_ version: DoseRecord) -> PersonDecision {
            decide([Sample.facts(Sample.complete(record, person) + [Sample.message(version)])], [shown])
        }
        #expect(amended(Sample.record(1, version: 2, on: "2022-01-11")).revoke.map(\.reason) == [.contentCorrected])
        #expect(amended(Sample.record(1, version: 2, name: "Đặng Thị Vi")).revoke.map(\.reason) == [.contentCorrected])
        #expect(amended(Sample.record(1, version: 2, born: "?")).revoke.map(\.reason) == [.contentCorrected])
        #expect(amended(Sample.record(1, version: 2, status: .withdrawn)).revoke.map(\.reason) == [.recordWithdrawn])
        #expect(amended(Sample.record(1, version: 2, lot: "L9")).revoke.isEmpty)
        #expect(amended(Sample.record(1, version: 2, phone: "1")).revoke.isEmpty)
        #expect(amended(Sample.record(1, version: 2, born: "1990-05-17")).revoke.isEmpty)
    }

    @Test("a corrected and signed record revokes the old passport and gives a new one")
    func correctedAndSigned() throws {
        let shown = try passport(Sample.record(1))
        let corrected = Sample.record(1, version: 2, on: "2022-01-11")
        let decision = decide([facts(corrected)], [shown])
        #expect(decision.revoke.map(\.certificate) == [shown.certificate])
        #expect(decision.supersede.isEmpty)
        #expect(decision.issue?.dose.face.injectedOn.iso == "2022-01-11")
    }

    @Test("while facts about the shown dose are missing nothing is concluded")
    func rebuilding() throws {
        let second = Sample.record(2, dose: 2, on: "2022-02-10")
        let shown = try passport(second)
        let first = facts(Sample.record(1))
        #expect(decide([first], [shown]).state == .incomplete)
        let half = Sample.facts([Sample.message(Sample.attested(second)), Sample.message(Sample.link(second, person))])
        let decision = decide([first, half], [shown])
        #expect(decision.state == .incomplete)
        #expect(decision.issue == nil && decision.supersede.isEmpty && decision.revoke.isEmpty)
    }

    @Test("a signed record that no passport can show stops the line")
    func unwritable() {
        #expect(decide([facts(Sample.record(1, name: "王"))]).state == .unwritable)
    }
}

@Suite struct WhyTests {
    func answer(
        _ messages: [InboundMessage], person: WhyAnswer.Person = .init(), passport: CertificateNumber? = nil
    ) -> WhyAnswer {
        WhyAnswer(
            facts: Sample.facts(messages), facilityCode: "F1", issuingUnit: "CYTDP", person: person, passport: passport)
    }

    @Test("PAS-06 the blocking step and the unit that must act")
    func steps() {
        let record = Sample.record(1)
        let all = Sample.complete(record, Sample.person(1))
        let unsigned = answer(Array(all.prefix(3)))
        #expect(unsigned.step == .signing && unsigned.blocked && unsigned.unitCode == "F1")
        let wrong = answer(all + [Sample.message(Sample.verdict(record, assessment: 2, .wrong))])
        #expect(wrong.step == .correction && wrong.blocked)
        let waiting = answer(all, person: .init(markedAt: Sample.now))
        #expect(waiting.step == .issuance && waiting.unitCode == "CYTDP" && waiting.since == Sample.now)
        let contradiction = answer(
            all, person: .init(state: .contradiction, blockedSince: Sample.now))
        #expect(contradiction.step == .issuance && contradiction.english.contains("ontradict"))
        let number = CertificateNumber.new()
        let done = answer(
            all, person: .init(), passport: number)
        #expect(!done.blocked && done.step == .none && done.passport == number)
    }
}
