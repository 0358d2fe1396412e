import CRDKafka

/// A list of partitions with offsets, as librdkafka wants it.
struct PartitionList: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(capacity: Int = 16) { pointer = rd_kafka_topic_partition_list_new(Int32(capacity)) }

    /// Takes over a list that librdkafka made.
    init(owning pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) { self.pointer = pointer }

    init(_ offsets: [TopicPartition: Int64]) {
        self.init(capacity: offsets.count)
        for (partition, offset) in offsets { add(partition, offset: offset) }
    }

    init(_ partitions: some Sequence<TopicPartition>, offset: Int64) {
        self.init()
        for partition in partitions { add(partition, offset: offset) }
    }

    deinit { rd_kafka_topic_partition_list_destroy(pointer) }

    func add(_ partition: TopicPartition, offset: Int64) {
        rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.partition).pointee.offset = offset
    }

    var count: Int { Int(pointer.pointee.cnt) }

    /// Each partition with its offset and its own error.
    func visit(_ body: (TopicPartition, Int64, rd_kafka_resp_err_t) throws -> Void) rethrows {
        try pointer.forEachPartition { try body($0.identity, $0.offset, $0.err) }
    }
}

extension UnsafeMutablePointer<rd_kafka_topic_partition_list_t> {
    func forEachPartition(_ body: (inout rd_kafka_topic_partition_t) throws -> Void) rethrows {
        for index in 0..<Int(pointee.cnt) { try body(&pointee.elems[index]) }
    }

    var partitions: [TopicPartition] {
        var all: [TopicPartition] = []
        forEachPartition { all.append($0.identity) }
        return all
    }
}

extension rd_kafka_topic_partition_t {
    var identity: TopicPartition { TopicPartition(topic: String(cString: topic), partition: partition) }
}

/// Offsets with a meaning (macros that Swift does not see).
enum LogicalOffset {
    static let beginning: Int64 = -2
    static let end: Int64 = -1
    static let stored: Int64 = -1000
    static let none: Int64 = -1001
}
