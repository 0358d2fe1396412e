import Messaging
import RecordModel
import Storage
import Testing

@testable import Signing

/// A small generator with a seed: a failure names it.
private struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Versions and orders: what is stored must be what the pure rules say of all facts together, however they came.
@Suite struct FactOrderTests {
    /// A message, and the fact in it.
    private struct Told {
        var message: any TopicMessage
        var facts: DoseFacts
    }

    private func told(_ record: DoseRecord) -> Told { Told(message: record, facts: Fixture.facts(record)) }
    private func told(_ verdict: Verdict) -> Told { Told(message: verdict, facts: Fixture.facts(nil, verdict)) }
    private func told(_ link: PersonLinked) -> Told { Told(message: link, facts: Fixture.facts(nil, nil, link)) }

    /// Some facts of a dose: two or three versions, verdicts and persons with several assessments of each.
    private func history(_ number: Int, _ dice: inout Dice) -> [Told] {
        var all: [Told] = []
        for version in 1...UInt32.random(in: 1...3, using: &dice) {
            let name = Bool.random(using: &dice) ? "Nguyễn Văn An" : "Trần Thị Bình"
            all.append(
                told(
                    Fixture.record(
                        number, version: version, name: name, doseNumber: Int32.random(in: 4...6, using: &dice),
                        status: Int.random(in: 0..<6, using: &dice) == 0 ? .withdrawn : .active)))
            for assessment in 1...UInt64.random(in: 1...2, using: &dice) {
                let outcome: Outcome = Int.random(in: 0..<4, using: &dice) == 0 ? .wrong : .right
                all.append(
                    told(Fixture.verdict(number, version: version, assessment: assessment, outcome: outcome)))
                all.append(
                    told(
                        Fixture.link(
                            number, person: outcome == .right ? Int.random(in: 1...2, using: &dice) : nil,
                            version: version, assessment: assessment)))
            }
        }
        return all
    }

    /// Takes everything in random order, in batches of random sizes, some of it twice.
    private func take(_ told: [Told], in bench: SigningBench, _ dice: inout Dice) throws {
        var rest = (told + told.filter { _ in Int.random(in: 0..<5, using: &dice) == 0 }).shuffled(using: &dice)
        while !rest.isEmpty {
            let count = Int.random(in: 1...rest.count, using: &dice)
            try bench.take(rest.prefix(count).map(\.message))
            rest.removeFirst(count)
        }
    }

    private func sum(_ told: [Told]) -> DoseFacts {
        var facts = DoseFacts()
        for one in told { _ = facts.absorb(one.facts) }
        return facts
    }

    @Test("SIG-13 in whatever order and batches facts come, a turn takes what the rule says", arguments: 1...4)
    func readiness(seed: UInt64) async throws {
        try await SigningBench.run { bench in
            var dice = Dice(state: seed)
            let histories = (1...60).map { number in (number, history(number, &dice)) }
            for group in [histories[..<40], histories[40...]] { try take(group.flatMap(\.1), in: bench, &dice) }
            var ready = 0
            for (number, told) in histories {
                let facts = sum(told)
                let expected = Signability.of(facts, attestation: nil, limits: bench.limits).isReady
                #expect(try bench.isReady(number) == expected, "dose \(number)")
                #expect(try bench.stored(number)?.facts == facts, "dose \(number)")
                ready += expected ? 1 : 0
            }
            #expect(ready > 5)
            #expect(try bench.counts["signable"] == Int64(ready))
        }
    }

    @Test("AUT-18 in whatever order facts come after a signature, it stands or not by the rule", arguments: 1...4)
    func standing(seed: UInt64) async throws {
        try await SigningBench.run { bench in
            var dice = Dice(state: seed &+ 100)
            let first = (1...60).map {
                [told(Fixture.record($0)), told(Fixture.verdict($0)), told(Fixture.link($0, person: 1))]
            }
            bench.limits.dosesPerPerson = 100
            try bench.take(first.flatMap { $0.map(\.message) })
            #expect(try bench.signEverything(by: bench.key()).doses == 60)
            let later = (1...60).map { number in
                history(number, &dice).filter {
                    ($0.facts.dose?.version ?? 2) > 1 && ($0.facts.verdict?.order.version ?? 2) > 1
                }
            }
            try take(later.flatMap { $0 }, in: bench, &dice)
            var stale = 0
            for number in 1...60 {
                let facts = sum(first[number - 1] + later[number - 1])
                let signed = Fixture.attestation(of: Fixture.record(number))
                let attestation = try #require(try bench.attestation(number))
                #expect(attestation.staleness == signed.staleness(under: facts), "dose \(number)")
                let expected = Signability.of(facts, attestation: attestation, limits: bench.limits).isReady
                #expect(try bench.isReady(number) == expected, "dose \(number)")
                stale += attestation.stands ? 0 : 1
            }
            #expect(stale > 5)
        }
    }

    @Test("SIG-13 a verdict or a person that came before the turn's signature fails it, also ahead of its record")
    func movedAhead() async throws {
        try await SigningBench.run { bench in
            let signer = try bench.key()
            let changes: [any TopicMessage] = [
                Fixture.verdict(1, version: 2), Fixture.link(2, person: 99, assessment: 2),
                Fixture.record(3, version: 2, name: "Khác"), Fixture.verdict(4, assessment: 2),
            ]
            for (index, message) in changes.enumerated() {
                let number = index + 1
                try bench.takeSignable([number])
                let turn = try bench.prepare()
                let der = try bench.signature(turn, by: signer)
                try bench.take([message])
                // An old fact told again does not bring the dose back.
                try bench.take([Fixture.verdict(number), Fixture.link(number, person: number)])
                switch try bench.send(der, for: turn) {
                case .signed: #expect(number == 4, "dose \(number)")
                case .moved(let moved): #expect(moved.map(\.doseID) == [Fixture.doseID(number)])
                }
                try bench.take([Fixture.verdict(number, version: 2, assessment: 9, outcome: .wrong)])
            }
        }
    }

    @Test("SIG-13 AUT-18 facts and signatures at once: nothing is signed twice, nothing stands that should not")
    func atOnce() async throws {
        try await SigningBench.run { bench in
            let signer = try bench.key()
            try bench.takeSignable(1...200) { $0 / 2 }
            let turn = try bench.prepare()
            let other = try bench.prepare(persons: 60)
            let signatures = [
                (turn, try bench.signature(turn, by: signer)), (other, try bench.signature(other, by: signer)),
            ]
            let handler = bench.handler
            let database = bench.database
            let signing = TurnSigning(trust: bench.trust, limits: bench.limits, metrics: bench.metrics)
            let changes: [[any TopicMessage]] = [
                (1...40).map { Fixture.record($0, version: 2, name: "Khác") },
                (30...70).map { Fixture.verdict($0, assessment: 2, outcome: .wrong) },
                (1...200).map { Fixture.verdict($0) },
                (60...90).map { Fixture.link($0, person: 500 + $0, assessment: 2) },
                (20...50).map { Fixture.verdict($0, version: 2) },
            ]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for change in changes {
                    let batch = change.map { InboundMessage($0.event(source: "test", at: Fixture.noon)) }
                    group.addTask {
                        try await database.asyncTransaction { tx in _ = try handler.handle(batch, in: tx) }
                    }
                }
                for (turn, der) in signatures {
                    group.addTask {
                        let signature = TurnSignature(
                            turnID: turn.turnID, unitCode: "79001", signedBy: "head", der: der)
                        try await database.asyncTransaction { tx in
                            _ = try signing.take(signature, at: Fixture.noon, in: tx)
                        }
                    }
                }
                try await group.waitForAll()
            }
            for number in 1...200 {
                let facts = try #require(try bench.stored(number)).facts
                let attestation = try bench.attestation(number)
                if let attestation {
                    #expect(attestation.staleness == attestation.staleness(under: facts), "dose \(number)")
                    #expect(attestation.revision % 2 == (attestation.stands ? 1 : 0), "dose \(number)")
                }
                let expected = Signability.of(facts, attestation: attestation, limits: bench.limits).isReady
                #expect(try bench.isReady(number) == expected, "dose \(number)")
            }
        }
    }
}
