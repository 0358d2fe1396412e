import RecordModel
import Testing

@testable import Messaging

/// Ends, and knowing of lag, while the broker is away.
@Suite("A consumer and an absent broker")
struct OutageTests {
    @Test(
        "the broker goes away under a batch: the end is bounded, and what came is not lost",
        arguments: BrokerKind.available)
    func stopWithoutBroker(_ kind: BrokerKind) async throws {
        try await onBroker(kind) { broker in
            let topic = freshTopic()
            let consumer = broker.configuration("consumer", group: freshGroup())
            try broker.create([topic])
            let producer = try Producer(broker.configuration("producer"), log: testLog)
            defer { producer.close() }
            _ = try producer.publishAndWait(Numbers.events(topic, keys: 10, numbers: 0..<2))
            // The broker goes while the first batch is being handled: its commit cannot arrive.
            let sink = RecordingSink { batch in
                if batch == 1 { try? broker.goDown() }
            }
            let loop = ConsumerLoop(
                configuration: consumer, topics: [topic], options: .quick, sink: sink, log: testLog)
            try loop.start()
            #expect(loop.status.wait(.seconds(40)) { $0.handledMessages > 0 })
            let begun = ContinuousClock.now
            loop.stop()
            let took = begun.duration(to: .now)
            #expect(took < .seconds(12), "the end took \(took)")
            #expect(!loop.health.joined)

            try broker.comeUp()
            let again = RecordingSink()
            let next = ConsumerLoop(
                configuration: consumer, topics: [topic], options: .quick, sink: again, log: testLog)
            try next.start()
            let seen = Monitor(Set(sink.seen.update { $0.messages.map(\.eventID) }))
            _ = again.seen.wait(.seconds(60)) { all in
                seen.update { $0.formUnion(all.messages.map(\.eventID)) }
                return seen.update { $0.count } == 20 ? true : nil
            }
            #expect(seen.update { $0.count } == 20)
            next.stop()
        }
    }

    @Test(
        "lag is not known outside the group, and is none only when it has been asked", arguments: BrokerKind.available)
    func lagUnknown(_ kind: BrokerKind) async throws {
        try await onBroker(kind) { broker in
            let topic = freshTopic()
            let consumer = broker.configuration("consumer", group: freshGroup())
            try broker.create([topic])
            let producer = try Producer(broker.configuration("producer"), log: testLog)
            defer { producer.close() }
            _ = try producer.publishAndWait(Numbers.events(topic, keys: 10, numbers: 0..<1))
            let may = Monitor(false)
            let sink = RecordingSink { _ in _ = may.wait(.seconds(60)) { $0 ? true : nil } }
            let loop = ConsumerLoop(
                configuration: consumer, topics: [topic], options: .quick, sink: sink, log: testLog)
            #expect(loop.lag == nil && !loop.health.lagKnown)
            try loop.start()
            // In the group, with its first batch in hand: still nothing can be said.
            #expect(loop.status.wait(.seconds(40)) { $0.joined && $0.handlingSince != nil })
            #expect(loop.lag == nil && !loop.health.lagKnown)
            may.update { $0 = true }
            #expect(loop.status.wait(.seconds(20)) { $0.lagKnown && $0.handledMessages == 10 })
            let lag = try #require(loop.lag)
            #expect(lag.count == topic.partitions)
            loop.stop()
            #expect(loop.lag == nil && !loop.health.lagKnown)
        }
    }
}
