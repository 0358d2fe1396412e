import Cryptography
import Messaging
import RecordModel
import Storage
import Testing

@testable import Signing

@Suite struct FactHandlerTests {
    @Test("SIG-13 dose, verdict and person in every order give the same row, ready to be signed")
    func everyOrder() async throws {
        try await SigningBench.run { bench in
            var number = 0
            for order in permutations(of: [0, 1, 2, 3, 4]) {
                number += 1
                let facts: [any TopicMessage] = [
                    Fixture.record(number), Fixture.record(number, version: 2, name: "Trần Thị Bình"),
                    Fixture.verdict(number, version: 2), Fixture.verdict(number, outcome: .wrong),
                    Fixture.link(number, person: 7, version: 2),
                ]
                for index in order { try bench.take([facts[index]]) }
                let stored = try #require(try bench.stored(number))
                #expect(try bench.isReady(number))
                #expect(stored.facts.dose?.version == 2)
                #expect(stored.facts.person?.key == Fixture.person(7))
                #expect(stored.verification.facilityCode == "79001")
                #expect(stored.record?.sourceRecordID == "R\(number)")
            }
            #expect(number == 120)
            #expect(try bench.counts["signable"] == 120)
        }
    }

    @Test("SIG-13 one batch with everything gives what single messages give")
    func oneBatch() async throws {
        try await SigningBench.run { bench in
            try bench.take([
                Fixture.link(1, person: 1), Fixture.verdict(1, version: 2), Fixture.record(1, version: 2),
                Fixture.record(1), Fixture.verdict(1),
            ])
            #expect(try bench.isReady(1))
            #expect(try bench.stored(1)?.facts.dose?.version == 2)
        }
    }

    @Test("SIG-13 facts arriving at two instances at once give the same rows")
    func twoInstances() async throws {
        try await SigningBench.run { bench in
            let handler = bench.handler
            let database = bench.database
            func batch(_ make: (Int) -> any TopicMessage) -> [InboundMessage] {
                (0..<400).map { InboundMessage(make($0).event(source: "test", at: Fixture.noon)) }
            }
            let batches = [
                batch { Fixture.record($0) }, batch { Fixture.verdict($0) }, batch { Fixture.link($0, person: $0) },
                batch { Fixture.verdict($0, assessment: 2) },
            ]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for batch in batches {
                    group.addTask {
                        try await database.asyncTransaction { tx in _ = try handler.handle(batch, in: tx) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try bench.counts["signable"] == 400)
        }
    }

    @Test("SIG-13 a replay writes nothing and emits nothing")
    func replay() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable(1...3)
            try bench.signEverything(by: bench.key())
            let emitted = try bench.emitted
            let before = try rowVersions(bench)
            try bench.takeSignable(1...3)
            #expect(try rowVersions(bench) == before)
            #expect(try bench.emitted == emitted)
        }
    }

    private func rowVersions(_ bench: SigningBench) throws -> [String] {
        try bench.database.transaction { tx in
            try tx.query(
                """
                SELECT 's' || ctid FROM signable UNION ALL SELECT 'v' || ctid FROM verified
                UNION ALL SELECT 'a' || ctid FROM attestation UNION ALL SELECT 'r' || xmin || ctid FROM ready_dose ORDER BY 1
                """
            ) { $0.text(0) }
        }
    }

    @Test("SIG-13 a message that cannot be read is rejected and the others take effect")
    func rejection() async throws {
        try await SigningBench.run { bench in
            var batch = [Fixture.record(1).event(source: "test", at: Fixture.noon)]
            batch.append(Fixture.record(2).event(source: "test", at: Fixture.noon))
            batch[0].value = [0xFF, 0x01]
            let handler = bench.handler
            let rejections = try bench.database.transaction { tx in
                try handler.handle(batch.map { InboundMessage($0) }, in: tx)
            }
            #expect(rejections.map(\.index) == [0])
            #expect(try bench.stored(2) != nil)
        }
    }

    @Test("AUT-18 staleness is told once, with the next revision; a changed phone number is not")
    func staleness() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable(1...4)
            try bench.signEverything(by: bench.key())
            let emitted = try bench.emitted
            try bench.take([
                Fixture.record(1, version: 2, phone: "0999"), Fixture.verdict(1, version: 2),
                Fixture.record(2, version: 2, name: "Khác"), Fixture.record(3, version: 2, status: .withdrawn),
                Fixture.verdict(4, assessment: 2, outcome: .wrong),
            ])
            #expect(try bench.emitted == emitted + 3)
            #expect(try bench.attestation(1)?.stands == true)
            #expect(try bench.attestation(1)?.revision == 1)
            #expect(try bench.attestation(2)?.staleness == .contentChanged)
            #expect(try bench.attestation(3)?.staleness == .withdrawn)
            #expect(try bench.attestation(4)?.staleness == .notRight)
            #expect(try bench.attestation(4)?.revision == 2)
            // Changed and verified right again: it can be signed again.
            try bench.take([Fixture.verdict(2, version: 2), Fixture.link(2, person: 2, version: 2)])
            #expect(try bench.isReady(2))
            #expect(try bench.isReady(1) == false)
        }
    }

    @Test("AUT-18 SIG-26 every earlier state of an attestation is kept: who, when, which certificate")
    func history() async throws {
        try await SigningBench.run { bench in
            let signer = try bench.key()
            try bench.takeSignable([1])
            let first = try bench.signEverything(by: signer)
            bench.clock.advance(seconds: 60)
            try bench.take([
                Fixture.record(1, version: 2, name: "Khác"), Fixture.verdict(1, version: 2),
                Fixture.link(1, person: 1, version: 2),
            ])
            bench.clock.advance(seconds: 60)
            let second = try bench.signEverything(by: signer)
            #expect(first.signedBy == "head")
            #expect(first.signerSerial == signer.certificate.serial)
            #expect(try bench.attestation(1)?.revision == 3)
            #expect(try bench.attestation(1)?.turnID == second.turnID)
            let kept = try bench.database.transaction { tx in
                try tx.query("SELECT revision, staleness, signer_serial FROM attestation_history ORDER BY revision") {
                    ($0.int(0), $0.optionalText(1), $0.text(2))
                }
            }
            #expect(kept.map(\.0) == [1, 2])
            #expect(kept.map(\.1) == [nil, "content-changed"])
            #expect(kept.allSatisfy { $0.2 == signer.certificate.serial })
        }
    }

    @Test("AUT-18 a lost copy of others' facts is rebuilt by announcing them; attestations stay")
    func rebuilt() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable(1...3)
            try bench.signEverything(by: bench.key())
            try bench.takeSignable(4...5)
            let emitted = try bench.emitted
            try bench.database.transaction { tx in _ = try tx.execute("TRUNCATE signable, verified, ready_dose") }
            try bench.take([Fixture.verdict(1), Fixture.verdict(2), Fixture.link(3, person: 3)])
            try bench.takeSignable(1...5)
            #expect(try bench.emitted == emitted)
            #expect(try bench.counts["signable"] == 2)
            #expect(try bench.counts["signed"] == 3)
        }
    }

    @Test("SIG-13 a changed setting makes doses signable, or no longer")
    func changedLimits() async throws {
        try await SigningBench.run { bench in
            let facts: [any TopicMessage] = [
                Fixture.record(1, doseNumber: 6), Fixture.verdict(1), Fixture.link(1, person: 1),
            ]
            try bench.take(facts)
            #expect(try bench.isReady(1) == false)
            bench.limits.doseNumbers = 1...6
            try bench.take(facts)
            #expect(try bench.isReady(1))
            bench.limits.doseNumbers = 1...5
            try bench.take(facts)
            #expect(try bench.isReady(1) == false)
        }
    }

    @Test("SIG-13 a dose whose person changes is signable once, with the new person")
    func changedPerson() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable([1])
            try bench.take([Fixture.link(1, person: 9, assessment: 2)])
            #expect(try bench.isReady(1))
            #expect(try bench.prepare().doses == 1)
            try bench.take([Fixture.link(1, person: nil, assessment: 3)])
            #expect(try bench.isReady(1) == false)
        }
    }

    @Test("AUT-18 announcing tells every attestation with the revision it has")
    func announced() async throws {
        try await SigningBench.run { bench in
            try bench.takeSignable(1...3)
            try bench.signEverything(by: bench.key())
            let emitted = try bench.emitted
            let (last, count) = try bench.database.transaction { tx in
                try Announcement.emit(after: DoseID(high: 0, low: 0), in: tx)
            }
            #expect(count == 3)
            #expect(last == Fixture.doseID(3))
            #expect(try bench.emitted == emitted + 3)
            #expect(try bench.attestation(1)?.revision == 1)
        }
    }
}
