import RecordModel
import Testing

@testable import Messaging

@Suite("Messaging values")
struct ValueTests {
    private let topic = freshTopic()

    private func message(_ key: String, _ number: Int, partition: Int32 = 0, offset: Int64) -> InboundMessage {
        InboundMessage(Numbers.event(topic, key: key, number), partition: partition, offset: offset)
    }

    @Test("headers keep names, values, order and absent values")
    func headers() {
        var headers = MessageHeaders()
        headers.append("a", [1, 2])
        headers.append("b", nil)
        headers.append("", [])
        headers.append("a", [3])
        let back = MessageHeaders(packed: headers.packed).all
        #expect(back.map(\.name) == ["a", "b", "", "a"])
        #expect(back.map(\.value) == [[1, 2], nil, [], [3]])
        for length in 0..<headers.packed.count { _ = MessageHeaders(packed: Array(headers.packed.prefix(length))).all }
    }

    @Test("an offset is told once, again after a failure, never after a revocation")
    func ledger() {
        var ledger = OffsetLedger()
        let one = TopicPartition(topic: topic.name, partition: 1)
        let two = TopicPartition(topic: topic.name, partition: 2)
        ledger.handled([
            message("a", 0, partition: 1, offset: 4), message("a", 1, partition: 1, offset: 5),
            message("b", 0, partition: 2, offset: 9),
        ])
        let first = ledger.takeUncommitted()
        #expect(first == [one: 6, two: 10])
        #expect(!ledger.hasUncommitted)
        ledger.commitFailed()
        ledger.revoked([two])
        let again = ledger.takeUncommitted()
        #expect(again == [one: 6])
        // What comes again does not move an offset back.
        ledger.handled([message("a", 0, partition: 1, offset: 4)])
        #expect(!ledger.hasUncommitted)
    }

    @Test("a rejection with a later message of its key beside it asks for another round")
    func sorter() {
        let batch = [message("a", 0, offset: 0), message("b", 0, offset: 1), message("a", 1, offset: 2)]
        var sorter = BatchSorter(batch, parkedKeys: [:])
        #expect(sorter.free == [0, 1, 2])
        let alone = sorter.park([Rejection(index: 1, errorClass: "x", reason: "y")], of: sorter.free)
        #expect(alone)
        let withSuccessor = sorter.park([Rejection(index: 0, errorClass: "x", reason: "y")], of: sorter.free)
        #expect(!withSuccessor)
        let rest = sorter.stillFree(sorter.free)
        #expect(rest == [])
        #expect(sorter.entries.map(\.errorClass) == ["x", "x", "behind"])
    }

    @Test("what lies before a parked message is handled, what lies behind waits, a new broker's messages wait")
    func sorterWithParkedKeys() {
        let time = Instant(microseconds: 1_600_000_000_000_000)
        let key = message("a", 0, offset: 0).messageKey
        let batch = [message("a", 0, offset: 3), message("a", 1, offset: 5), message("b", 0, offset: 6)]
        let sorter = BatchSorter(batch, parkedKeys: [key: [0: ParkedFrom(offset: 5, time: time)]])
        #expect(sorter.free == [0, 2])
        #expect(sorter.entries.map(\.message.offset) == [5])
        let older = ParkedFrom(offset: 5, time: Instant(microseconds: 1_500_000_000_000_000))
        #expect(BatchSorter(batch, parkedKeys: [key: [0: older]]).free == [2])
    }

    @Test("the gate hands over one batch at a time and can be cancelled")
    func gate() {
        let gate = BatchGate()
        gate.offer([message("a", 0, offset: 0)])
        #expect(gate.take()?.count == 1)
        #expect(gate.result(within: .milliseconds(1)) == nil)
        #expect(gate.pause(.milliseconds(1)))
        gate.cancel()
        #expect(gate.isCancelled && !gate.pause(.seconds(10)))
        gate.finish(effective: false)
        #expect(gate.result(within: .seconds(1)) == false)
        gate.close()
        #expect(gate.take() == nil)
    }

    @Test("the guarantees cannot be configured away, other properties can")
    func configuration() {
        let configuration = KafkaConfiguration(
            bootstrapServers: "b:1", clientID: "c", groupID: "g",
            extra: ["acks": "0", "enable.auto.commit": "true", "linger.ms": "5", "security.protocol": "SASL_SSL"])
        let producer = configuration.producerProperties()
        #expect(
            producer["acks"] == "all" && producer["linger.ms"] == "5" && producer["security.protocol"] == "SASL_SSL")
        let consumer = configuration.consumerProperties(ConsumerOptions())
        // What waits in memory is bounded in bytes, whatever the backlog.
        #expect(consumer["queued.max.messages.kbytes"] == "32768" && consumer["fetch.max.bytes"] == "4000000")
        #expect(consumer["enable.auto.commit"] == "false" && consumer["auto.offset.reset"] == "error")
    }

    @Test("Java's partitioner places known keys as Kafka's own tests say")
    func murmur() {
        // From org.apache.kafka.common.utils.UtilsTest: murmur2("foobar") = -790332482, murmur2("21") = -973932308.
        #expect(javaPartition(Array("foobar".utf8), of: 1 << 20) == Int32((-790_332_482 & 0x7fff_ffff) % (1 << 20)))
        #expect(javaPartition(Array("21".utf8), of: 1 << 20) == Int32((-973_932_308 & 0x7fff_ffff) % (1 << 20)))
    }
}
