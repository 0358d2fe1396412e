import RecordModel
import Testing

@testable import Messaging

/// What is particular to a broker, or to a client that breaks.
@Suite("Brokers and clients")
struct BrokerTests {
    @Test("a producer that has failed for good is replaced and loses nothing", arguments: BrokerKind.available)
    func fatalProducerError(_ kind: BrokerKind) async throws {
        try await onBroker(kind) { broker in
            let topic = freshTopic()
            try broker.create([topic])
            let producer = try Producer(broker.configuration("producer"), log: testLog)
            defer { producer.close() }
            let outcome = Monitor<[Result<Void, any Error>]>([])
            for number in 0..<4 {
                if number == 2 { producer.failFatally() }
                producer.publish(Numbers.events(topic, keys: 200, numbers: number..<number + 1)) { result in
                    outcome.update { $0.append(result) }
                }
            }
            #expect(outcome.wait(.seconds(40)) { $0.count == 4 ? true : nil } == true)
            for result in outcome.update({ $0 }) { #expect(throws: Never.self) { try result.get() } }
            #expect(producer.generation == 2)
            let sink = RecordingSink()
            let loop = ConsumerLoop(
                configuration: broker.configuration("consumer", group: freshGroup()), topics: [topic], options: .quick,
                sink: sink, log: testLog)
            try loop.start()
            let seen = Monitor(Set<String>())
            _ = sink.seen.wait(.seconds(40)) { all in
                seen.update { $0.formUnion(all.messages.map(\.eventID)) }
                return seen.update { $0.count } >= 800 ? true : nil
            }
            loop.stop()
            #expect(seen.update { $0.count } == 800)
        }
    }

    @Test("a closed producer refuses, and tells of what it could not deliver")
    func closedProducer() async throws {
        try await onBroker(.embedded) { broker in
            let topic = freshTopic()
            try broker.create([topic])
            let producer = try Producer(broker.configuration("producer"), log: testLog)
            _ = try producer.publishAndWait([Numbers.event(topic, key: "a", 0)])
            try broker.goDown()
            let outcome = Monitor<Result<Void, any Error>?>(nil)
            producer.publish([Numbers.event(topic, key: "a", 1)]) { result in outcome.update { $0 = result } }
            producer.close(timeout: .milliseconds(200))
            let result = try #require(outcome.wait(.seconds(5)) { $0 })
            #expect { try result.get() } throws: { $0 as? MessagingError == .closed }
            #expect { try producer.publishAndWait([Numbers.event(topic, key: "a", 2)]) } throws: {
                $0 as? MessagingError == .closed
            }
            #expect(producer.inFlight == 0)
        }
    }

    @Test("messages that the embedded broker dropped are noticed and told")
    func positionLost() async throws {
        try await onBroker(.embedded) { broker in
            let topic = freshTopic()
            let group = freshGroup()
            try broker.create([topic])
            let producer = try Producer(broker.configuration("producer"), log: testLog)
            defer { producer.close() }
            let consumer = broker.configuration("consumer", group: group)
            _ = try producer.publishAndWait([Numbers.event(topic, key: "a", 0)])
            let sink = RecordingSink()
            let first = ConsumerLoop(
                configuration: consumer, topics: [topic], options: .quick, sink: sink, log: testLog)
            try first.start()
            #expect(sink.wait(1).count == 1)
            first.stop()
            // More than the 5 MB that a partition keeps.
            for number in 1...90 {
                var event = Numbers.event(topic, key: "a", number)
                event.value = (0..<100_000).map { _ in UInt8.random(in: 0...255) }
                _ = try producer.publishAndWait([event])
            }
            let monitor = LagMonitor(
                broker.configuration("lag"), targets: [.init(group: group, topics: [topic.name])], log: testLog)
            let lost = try monitor.measure().lost
            #expect(lost > 0)
            let second = ConsumerLoop(
                configuration: consumer, topics: [topic], options: .quick, sink: sink, log: testLog)
            try second.start()
            #expect(second.status.wait(.seconds(40)) { $0.positionsLost > 0 && $0.handledMessages > 0 })
            _ = sink.wait(1 + 90 - Int(lost))
            second.stop()
            #expect(second.health.positionsLost == 1)
            #expect(second.health.handledMessages == 90 - Int(lost))
        }
    }

    @Test("a missing topic is named with its remedy", arguments: BrokerKind.available)
    func verifyTopics(_ kind: BrokerKind) async throws {
        try await onBroker(kind) { broker in
            let administration = TopicAdministration(broker.configuration("topics"), log: testLog)
            let missing = freshTopic()
            #expect { try administration.verifyExist([missing]) } throws: {
                "\($0)".contains(missing.name) && "\($0)".contains("operator topics create")
            }
            try broker.create([missing])
            try administration.verifyExist([missing])
            #expect(try administration.create([missing]) == [])
        }
    }

    @Test("a topic with a wrong number of partitions is named with both numbers and the remedy")
    func wrongPartitions() async throws {
        try await onThread {
            let broker = try EmbeddedTestBroker()
            defer { broker.broker.close() }
            let topic = freshTopic()
            try broker.broker.create(topic.name, partitions: 4)
            let administration = TopicAdministration(broker.configuration("topics"), log: testLog)
            #expect { try administration.verifyExist([topic]) } throws: { error in
                [topic.name, "4 partitions instead of 12", "delete it"].allSatisfy { "\(error)".contains($0) }
            }
        }
    }

    @Test("the embedded broker has every declared topic with its partitions")
    func declaredTopics() async throws {
        try await onThread {
            let broker = try EmbeddedBroker(log: testLog)
            defer { broker.close() }
            let configuration = KafkaConfiguration(bootstrapServers: broker.bootstrapServers, clientID: "t")
            try TopicAdministration(configuration, log: testLog).verifyExist(Topic.withParked)
            #expect(Topic.withParked.count > Topic.all.count)
        }
    }

    @Test("a property that librdkafka does not know is named")
    func unknownProperty() {
        let configuration = KafkaConfiguration(
            bootstrapServers: "127.0.0.1:1", clientID: "t", extra: ["no.such.property": "1"])
        #expect { _ = try Producer(configuration, log: testLog) } throws: { "\($0)".contains("no.such.property") }
    }
}
