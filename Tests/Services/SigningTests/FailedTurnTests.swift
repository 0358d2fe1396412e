import Messaging
import RecordModel
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Signing

/// A turn that fails must leave every dose to whoever is about to change it.
@Suite struct FailedTurnTests {
    @Test("SIG-13 AUT-18 a verdict that comes while its dose's turn fails takes effect: the dose is not signed later")
    func changedMeanwhile() async throws {
        try await SigningBench.run { bench in
            let signer = try bench.key()
            try bench.takeSignable(1...3)
            let turn = try bench.prepare()
            let signature = TurnSignature(
                turnID: turn.turnID, unitCode: "79001", signedBy: "head", der: try bench.signature(turn, by: signer))
            // Dose 3 moves, so the turn fails; dose 1 becomes wrong while it does.
            try bench.take([Fixture.verdict(3, assessment: 2, outcome: .wrong)])
            let signing = TurnSigning(trust: bench.trust, limits: bench.limits, metrics: bench.metrics)
            let change = [
                InboundMessage(
                    Fixture.verdict(1, assessment: 2, outcome: .wrong).event(source: "test", at: Fixture.noon))
            ]
            let handled = Flag()
            let (database, handler) = (bench.database, bench.handler)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let (begin, started) = AsyncStream.makeStream(of: Void.self)
                group.addTask {
                    for await _ in begin {}
                    try await database.asyncTransaction { tx in _ = try handler.handle(change, in: tx) }
                    handled.raised.withLock { $0 = true }
                }
                group.addTask {
                    try await database.asyncTransaction { tx in
                        guard case .moved(let moved) = try signing.take(signature, at: Fixture.noon, in: tx) else {
                            Issue.record("the turn did not fail")
                            return
                        }
                        #expect(moved.map(\.doseID) == [Fixture.doseID(3)])
                        started.finish()
                        // Until the change is through, or waits for this transaction.
                        while try !handled.raised.withLock({ $0 }) && !database.somebodyWaits() {}
                    }
                }
                try await group.waitForAll()
            }
            #expect(try !bench.isReady(1))
            #expect(try bench.isReady(2))
            #expect(try bench.signEverything(by: signer).doses == 1)
        }
    }
}

private final class Flag: Sendable {
    let raised = Mutex(false)
}
