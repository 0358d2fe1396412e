import RecordModel
import Storage
import Testing

@testable import Signing

/// Bounds that a slow machine with an unoptimised build still keeps: they catch a round trip per dose, not a percent.
@Suite(.serialized) struct SpeedTests {
    @Test("SIG-14 batches of 2,000 messages and turns of 1,000 persons cost no round trip per dose")
    func batchesAndTurns() async throws {
        try await SigningBench.run { bench in
            let clock = ContinuousClock()
            var slowest = Duration.zero
            func timed(_ what: String, _ body: () throws -> Void) throws {
                let time = try clock.measure(body)
                slowest = max(slowest, time)
                print("signing: \(what): \(time)")
            }
            for start in stride(from: 0, to: 6_000, by: 2_000) {
                let numbers = start..<(start + 2_000)
                try timed("2,000 records") { try bench.take(numbers.map { Fixture.record($0, doseNumber: 1) }) }
                try timed("2,000 verdicts") { try bench.take(numbers.map { Fixture.verdict($0) }) }
                try timed("2,000 persons") { try bench.take(numbers.map { Fixture.link($0, person: $0 * 5 / 12) }) }
            }
            let signer = try bench.key()
            for _ in 0..<2 {
                var turn: TurnRow?
                try timed("prepare") { turn = try bench.prepare() }
                let prepared = try #require(turn)
                #expect(prepared.persons == 1_000)
                let der = try bench.signature(prepared, by: signer)
                try timed("sign \(prepared.doses) doses") { _ = try bench.send(der, for: prepared) }
            }
            let seconds = slowest / .seconds(1)
            #expect(seconds < 5)
        }
    }
}
