import CRDKafka
import Observability

/// A consumer's own lag, once a second, from what its last fetches told; no question to the broker.
struct LagGauges {
    private var taken = ContinuousClock.now
    /// Whether every partition could be told last time: until then it is asked more often.
    private var isComplete = false
    private var gauges: [TopicPartition: Gauge] = [:]

    /// - Parameters:
    ///   - handled: the next offset of each partition of which something has been handled.
    ///   - begun: where the group had got to when a partition was assigned; tells of a partition without new messages.
    /// - Returns: nil when it is too early, or some partition has not been asked yet.
    mutating func take(
        _ client: OpaquePointer, handled: [TopicPartition: Int64], begun: [TopicPartition: Int64]
    ) -> [PartitionLag]? {
        guard taken.duration(to: .now) > (isComplete ? .seconds(1) : .milliseconds(100)) else { return nil }
        taken = .now
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        guard rd_kafka_assignment(client, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return nil }
        let partitions = PartitionList(owning: list)
        rd_kafka_position(client, partitions.pointer)
        var lags: [PartitionLag] = []
        isComplete = true
        partitions.visit { partition, position, _ in
            var low: Int64 = 0
            var high: Int64 = 0
            rd_kafka_get_watermark_offsets(client, partition.topic, partition.partition, &low, &high)
            guard high >= 0 else {
                isComplete = false
                return
            }
            let from = handled[partition] ?? (position >= 0 ? position : begun[partition] ?? low)
            lags.append(PartitionLag(topicPartition: partition, messages: max(0, high - max(from, 0))))
        }
        let owned = Set(lags.map(\.topicPartition))
        for (partition, gauge) in gauges where !owned.contains(partition) { gauge.set(0) }
        for lag in lags { gauge(of: lag.topicPartition).set(Int(lag.messages)) }
        guard isComplete else { return nil }
        return lags.sorted { $0.topicPartition < $1.topicPartition }
    }

    private mutating func gauge(of partition: TopicPartition) -> Gauge {
        if let gauge = gauges[partition] { return gauge }
        let gauge = MetricsRegistry.shared.gauge(
            "consumer_lag", help: "Messages of own partitions that are still to be handled.",
            labels: [("topic", partition.topic), ("partition", "\(partition.partition)")])
        gauges[partition] = gauge
        return gauge
    }
}
