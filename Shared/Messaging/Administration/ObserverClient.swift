import CRDKafka
import Observability

/// A client that asks questions and is a member of no group.
final class ObserverClient: Sendable {
    private let client: KafkaClient

    /// - Parameter group: whose committed offsets are asked for.
    init(_ configuration: KafkaConfiguration, group: String = "", log: Log) throws {
        client = try KafkaClient(
            .consumer, properties: configuration.observerProperties(group: group), events: ClientEvents(log: log))
    }

    deinit { client.destroy(leavingGroup: false) }

    var handle: OpaquePointer { client.handle }

    /// Partitions of every topic that there is. Asks for all topics, since asking for one may create it.
    func partitionCounts(timeout: Duration) throws -> [String: Int] {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let answer = rd_kafka_metadata(handle, 1, nil, &metadata, timeout.milliseconds)
        guard answer == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else { throw KafkaError("list topics", answer) }
        defer { rd_kafka_metadata_destroy(metadata) }
        var counts: [String: Int] = [:]
        for index in 0..<Int(metadata.pointee.topic_cnt) {
            let topic = metadata.pointee.topics[index]
            guard topic.err == RD_KAFKA_RESP_ERR_NO_ERROR, let name = topic.topic else { continue }
            counts[String(cString: name)] = Int(topic.partition_cnt)
        }
        return counts
    }

    /// Offsets that the client's group has committed; partitions without one are left out.
    func committed(_ partitions: [TopicPartition], timeout: Duration) throws -> [TopicPartition: Int64] {
        let list = PartitionList(partitions, offset: LogicalOffset.none)
        let answer = rd_kafka_committed(handle, list.pointer, timeout.milliseconds)
        guard answer == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError("read committed offsets", answer) }
        var offsets: [TopicPartition: Int64] = [:]
        list.visit { partition, offset, _ in if offset >= 0 { offsets[partition] = offset } }
        return offsets
    }

    /// The offsets of the oldest message (`LogicalOffset.beginning`) or of the next one to come (`.end`), all partitions
    /// in one question to each broker.
    func offsets(_ partitions: [TopicPartition], at position: Int64, timeout: Duration) throws -> [TopicPartition:
        Int64]
    {
        let list = PartitionList(partitions, offset: position)
        let answer = rd_kafka_offsets_for_times(handle, list.pointer, timeout.milliseconds)
        guard answer == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError("read offsets", answer) }
        var offsets: [TopicPartition: Int64] = [:]
        var failed: rd_kafka_resp_err_t?
        list.visit { partition, offset, error in
            if error != RD_KAFKA_RESP_ERR_NO_ERROR {
                failed = error
            } else if offset >= 0 {
                offsets[partition] = offset
            }
        }
        if let failed { throw KafkaError("read offsets", failed) }
        return offsets
    }
}

/// Every partition of the given topics.
func partitions(of topics: [String], _ counts: [String: Int]) -> [TopicPartition] {
    topics.flatMap { topic in
        (0..<Int32(counts[topic] ?? 0)).map { TopicPartition(topic: topic, partition: $0) }
    }
}
