import RecordModel
import Storage
import Synchronization
import Testing

@testable import Messaging

/// The behaviours that services rely on, the same on every broker.
@Suite("Messaging on a broker")
struct ConformanceTests {
    @Test("order per key, envelope, positions and lag", arguments: BrokerKind.available)
    func orderPositionsAndLag(_ kind: BrokerKind) async throws {
        try await onBroker(kind) { broker in
            let topic = freshTopic()
            let group = freshGroup()
            try broker.create([topic])
            let producer = try Producer(broker.configuration("producer"), log: testLog)
            defer { producer.close() }
            let events = Numbers.events(topic, keys: 40, numbers: 0..<50)
            let positions = try producer.publishAndWait(events)
            #expect(positions.count == events.count)
            #expect(Set(positions.compactMap(\.offset)).count > 1)

            let monitor = LagMonitor(
                broker.configuration("lag"), targets: [.init(group: group, topics: [topic.name])], log: testLog)
            monitor.setBytes(100, ofMessagesOn: topic.name)
            let before = try monitor.measure()
            #expect(before.messages == Int64(events.count))
            #expect(before.groups[0].bytes == Int64(events.count) * 100)
            #expect(before.largestPartitionBytes > 0 && before.largestPartitionBytes < before.groups[0].bytes)

            let sink = RecordingSink()
            let loop = ConsumerLoop(
                configuration: broker.configuration("consumer", group: group), topics: [topic], options: .quick,
                sink: sink,
                log: testLog)
            try loop.start()
            let messages = sink.wait(events.count)
            loop.stop()
            #expect(messages.count == events.count)
            var journal: [String: [Int]] = [:]
            for message in messages { journal[Numbers.key(message), default: []].append(Numbers.number(message) ?? -1) }
            expectInOrder(journal, keys: 40, numbers: 0..<50)
            let first = try #require(messages.first)
            #expect(first.eventType == Numbers.type)
            #expect(first.headers.text("ce_specversion") == "1.0")
            #expect(first.headers.text("content-type") == "application/protobuf")
            #expect(first.headers.text("ce_time") == "2020-09-13T12:26:40Z" || !first.headers.text("ce_time").isEmpty)
            #expect(first.eventID.hasPrefix(Numbers.key(first)))
            #expect(first.traceparent.hasPrefix("00-0af7"))

            // The keys lie where Java's default partitioner puts them.
            for message in messages { #expect(message.partition == javaPartition(message.key, of: 12)) }

            // A replay finds every row confirmed.
            let committed = try GroupPositions(broker.configuration("positions"), group: group, log: testLog)
                .committed(topics: [topic.name])
            for position in positions {
                let partition = TopicPartition(topic: position.topic, partition: position.partition)
                #expect((position.offset ?? 0) < (committed[partition] ?? 0))
            }
            #expect(try monitor.measure().messages == 0)
        }
    }

    @Test(
        "a crash before the offsets are committed leads to redelivery, without a second effect",
        arguments: BrokerKind.available)
    func redelivery(_ kind: BrokerKind) async throws {
        try await onBroker(kind) { broker in
            try withNumbers { database in
                let topic = freshTopic()
                let group = freshGroup()
                try broker.create([topic])
                let producer = try Producer(broker.configuration("producer"), log: testLog)
                defer { producer.close() }
                _ = try producer.publishAndWait(Numbers.events(topic, keys: 5, numbers: 0..<20))
                let handler = NumbersHandler()
                let status = ConsumerStatus()
                let processor = BatchProcessor(
                    group: group, handler: handler, database: database, status: status, log: testLog)
                let crashed = Monitor(false)
                let first = ConsumerLoop(
                    configuration: broker.configuration("first", group: group), topics: [topic], options: .quick,
                    sink: processor, status: status, log: testLog,
                    faults: .init(crashBeforeCommit: {
                        crashed.update { $0 = true }
                        return true
                    }))
                try first.start()
                #expect(crashed.wait(.seconds(30)) { $0 ? true : nil } == true)
                first.stop()
                let taken = handler.state.update { $0.seen.count }
                #expect(taken > 0)

                let second = ConsumerLoop(
                    configuration: broker.configuration("second", group: group), topics: [topic], handler: handler,
                    database: database, options: .quick, log: testLog)
                try second.start()
                #expect(second.status.wait(.seconds(40)) { $0.handledMessages >= 100 })
                second.stop()
                // All 100 came to the second one, also what the first had handled.
                #expect(second.health.handledMessages == 100)
                expectInOrder(try NumbersHandler.journal(database), keys: 5, numbers: 0..<20)
            }
        }
    }

    @Test("two instances share and hand over without loss or double effect", arguments: BrokerKind.available)
    func rebalance(_ kind: BrokerKind) async throws {
        try await onBroker(kind) { broker in
            try withNumbers { database in
                let topic = freshTopic()
                let group = freshGroup()
                try broker.create([topic])
                let producer = try Producer(broker.configuration("producer"), log: testLog)
                defer { producer.close() }
                let handler = NumbersHandler()
                func instance(_ name: String) -> ConsumerLoop {
                    ConsumerLoop(
                        configuration: broker.configuration(name, group: group), topics: [topic], handler: handler,
                        database: database, options: .quick, log: testLog)
                }
                let one = instance("one")
                let two = instance("two")
                try one.start()
                #expect(one.status.wait(.seconds(30)) { $0.joined && $0.partitions == 12 })
                let acknowledged = Monitor(0)
                for number in 0..<10 {
                    producer.publish(Numbers.events(topic, keys: 60, numbers: number..<number + 1)) { _ in
                        acknowledged.update { $0 += 1 }
                    }
                }
                try two.start()
                #expect(two.status.wait(.seconds(40)) { $0.joined && $0.partitions == 6 })
                producer.publish(Numbers.events(topic, keys: 60, numbers: 10..<20)) { _ in
                    acknowledged.update { $0 += 1 }
                }
                #expect(handler.waitForSeen(1_200))
                for instance in [one, two] { #expect(instance.status.wait(.seconds(10)) { $0.handledMessages > 0 }) }
                one.stop()
                // The second takes everything over.
                #expect(two.status.wait(.seconds(40)) { $0.joined && $0.partitions == 12 })
                producer.publish(Numbers.events(topic, keys: 60, numbers: 20..<25)) { _ in
                    acknowledged.update { $0 += 1 }
                }
                #expect(handler.waitForSeen(1_500))
                two.stop()
                #expect(acknowledged.update { $0 } == 12)
                expectInOrder(try NumbersHandler.journal(database), keys: 60, numbers: 0..<25)
            }
        }
    }

    @Test("broker down and up: no gap, no double, order kept", arguments: BrokerKind.available)
    func brokerDownAndUp(_ kind: BrokerKind) async throws {
        try await onBroker(kind) { broker in
            let topic = freshTopic()
            try broker.create([topic])
            let producer = try Producer(broker.configuration("producer"), log: testLog)
            defer { producer.close() }
            let sink = RecordingSink()
            let loop = ConsumerLoop(
                configuration: broker.configuration("consumer", group: freshGroup()), topics: [topic], options: .quick,
                sink: sink, log: testLog)
            try loop.start()
            let outcome = Monitor<[Result<Void, any Error>]>([])
            producer.publish(Numbers.events(topic, keys: 30, numbers: 0..<10)) { result in
                outcome.update { $0.append(result) }
            }
            #expect(sink.wait(300).count == 300)
            try broker.goDown()
            producer.publish(Numbers.events(topic, keys: 30, numbers: 10..<20)) { result in
                outcome.update { $0.append(result) }
            }
            try broker.comeUp()
            producer.publish(Numbers.events(topic, keys: 30, numbers: 20..<30)) { result in
                outcome.update { $0.append(result) }
            }
            let messages = sink.wait(900)
            loop.stop()
            #expect(outcome.wait(.seconds(30)) { $0.count == 3 ? true : nil } == true)
            for result in outcome.update({ $0 }) { #expect(throws: Never.self) { try result.get() } }
            // A commit may have been lost with the connection: what comes again has the same position.
            var positions: Set<String> = []
            var journal: [String: [Int]] = [:]
            for message in messages where positions.insert("\(message.topicPartition)@\(message.offset)").inserted {
                journal[Numbers.key(message), default: []].append(Numbers.number(message) ?? -1)
            }
            expectInOrder(journal, keys: 30, numbers: 0..<30)
        }
    }

    @Test("an oversized message is refused by itself", arguments: BrokerKind.available)
    func oversized(_ kind: BrokerKind) async throws {
        try await onBroker(kind) { broker in
            let topic = freshTopic()
            try broker.create([topic])
            let producer = try Producer(broker.configuration("producer"), log: testLog)
            defer { producer.close() }
            var large = Numbers.event(topic, key: "large", 1)
            large.value = [UInt8](repeating: 7, count: 2_000_000)
            let events = [Numbers.event(topic, key: "a", 1), large, Numbers.event(topic, key: "b", 2)]
            #expect { try producer.publishAndWait(events) } throws: {
                ($0 as? KafkaError)?.name == "MSG_SIZE_TOO_LARGE"
            }
            // The largest event that a transaction may emit does go out; the others of the refused batch did.
            var allowed = Numbers.event(topic, key: "allowed", 3)
            allowed.value = (0..<890_000).map { _ in UInt8.random(in: 0...255) }
            _ = try producer.publishAndWait([allowed])
            let monitor = LagMonitor(
                broker.configuration("lag"), targets: [.init(group: freshGroup(), topics: [topic.name])], log: testLog)
            #expect(try monitor.measure().messages == 3)
        }
    }

    @Test("a handler slower than max.poll.interval keeps its partitions", arguments: BrokerKind.available)
    func slowHandler(_ kind: BrokerKind) async throws {
        try await onBroker(kind) { broker in
            let topic = freshTopic()
            try broker.create([topic])
            let producer = try Producer(broker.configuration("producer"), log: testLog)
            defer { producer.close() }
            _ = try producer.publishAndWait(Numbers.events(topic, keys: 20, numbers: 0..<5))
            var options = ConsumerOptions.quick
            options.maximumPollIntervalMilliseconds = 4_000
            options.slowAfter = .milliseconds(200)
            let status = ConsumerStatus()
            let given = Monitor(0)
            let sink = RecordingSink { batch in
                guard batch == 1 else { return }
                // Two messages of waiting: paused, then polled for longer than the interval.
                let start = ContinuousClock.now
                _ = status.wait(.seconds(20)) { $0.paused && start.duration(to: $0.lastPoll) > .milliseconds(5_500) }
                given.update { $0 = status.health.partitions }
            }
            let loop = ConsumerLoop(
                configuration: broker.configuration("consumer", group: freshGroup()), topics: [topic], options: options,
                sink: sink, status: status, log: testLog)
            try loop.start()
            _ = sink.wait(100)
            // Later messages come after the pause.
            _ = try producer.publishAndWait(Numbers.events(topic, keys: 20, numbers: 5..<6))
            let messages = sink.wait(120)
            loop.stop()
            #expect(given.update { $0 } == 12)
            var journal: [String: [Int]] = [:]
            for message in messages { journal[Numbers.key(message), default: []].append(Numbers.number(message) ?? -1) }
            expectInOrder(journal, keys: 20, numbers: 0..<6)
        }
    }
}

/// Kafka's default partitioner, written from its description: murmur2 with seed 0x9747b28c, sign bit cleared, modulo.
func javaPartition(_ key: [UInt8], of partitions: Int) -> Int32 {
    let m: UInt32 = 0x5bd1_e995
    var hash = 0x9747_b28c ^ UInt32(key.count)
    var rest = key[...]
    while rest.count >= 4 {
        var k: UInt32 = 0
        for (place, byte) in rest.prefix(4).enumerated() { k |= UInt32(byte) << (8 * UInt32(place)) }
        k &*= m
        k ^= k >> 24
        k &*= m
        hash = (hash &* m) ^ k
        rest = rest.dropFirst(4)
    }
    if !rest.isEmpty {
        for (place, byte) in rest.enumerated() { hash ^= UInt32(byte) << (8 * UInt32(place)) }
        hash &*= m
    }
    hash ^= hash >> 13
    hash &*= m
    hash ^= hash >> 15
    return Int32(Int(hash & 0x7fff_ffff) % partitions)
}
