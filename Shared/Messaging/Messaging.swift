// Messaging: Kafka for every service. The only module that imports librdkafka; no public type shows it.
//
// What it is
//   Producer          publishes events: idempotent, acknowledged by all replicas, in order; one completion per batch
//   ConsumerLoop      reads topics as a member of a group and hands over batches on a thread of its own
//   BatchProcessor    one transaction per batch: handler, parking, events; then the offsets are committed
//   Redrive           handles parked messages again, key by key, in order; gives one up and keeps it as a record
//   TopicAdministration, LagMonitor, GroupPositions   look at topics and groups from outside
//   EmbeddedBroker    librdkafka's mock cluster, for one machine without Kafka
//
//        consumer_poll ─▶ batch ─▶ [ transaction: parked keys? handler, parking, outbox ] ─▶ commit offsets
//             ▲                          │ data error: bisect, park        │ transient: back off, again in place
//             └── partitions paused, still polled, while a batch is slow ◀─┘
//
// How it fails
//   A broker that is away delays: producing waits in bounded memory, consuming polls on. A database that is away makes
//   the batch wait in place with its partitions paused. Nothing is skipped: an offset is committed only after the
//   transaction that took the message's effect (or parked it) has committed, so a crash leads to redelivery, and the
//   handler's own rows recognise what already took effect.
//   An end is bounded whatever is away: what was not committed comes again.
//   An offset that the broker no longer holds is counted (`kafka_positions_lost_total`) and reported with its remedy.
//
// Who may touch it
//   `publish` may be called from any thread and keeps the order of calls of one thread. Completions run on the
//   producer's delivery thread and must be brief. Handlers run on the consumer's worker thread, one batch at a time.

/// A failure that librdkafka or a broker reported.
public struct KafkaError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was attempted.
    public let operation: String
    /// The error's symbolic name, for example `_TRANSPORT` or `UNKNOWN_TOPIC_OR_PART`.
    public let name: String
    /// A sentence for people.
    public let reason: String
    let code: Int32

    public var description: String { "\(operation): \(reason) (\(name))" }
}

/// What this module itself finds wrong.
public enum MessagingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A setting that librdkafka refuses.
    case setting(name: String, reason: String)
    /// Topics that should be there and are not, or with too few partitions.
    case topicsMissing([String], remedy: String)
    /// The producer has been closed.
    case closed
    /// Reading topics that have the same key space needs the same number of partitions.
    case partitionsDiffer(topic: String, expected: Int, found: Int, remedy: String)

    public var description: String {
        switch self {
        case .setting(let name, let reason): "Kafka setting \(name): \(reason)"
        case .topicsMissing(let names, let remedy): "topics missing: \(names.joined(separator: ", ")); \(remedy)"
        case .closed: "the producer has been closed"
        case .partitionsDiffer(let topic, let expected, let found, let remedy):
            "topic \(topic) has \(found) partitions instead of \(expected); \(remedy)"
        }
    }
}

/// One partition of a topic.
public struct TopicPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let topic: String
    public let partition: Int32

    public init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }

    public var description: String { "\(topic)[\(partition)]" }
}
