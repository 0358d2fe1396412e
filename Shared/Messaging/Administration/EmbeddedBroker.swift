import CRDKafka
public import Observability
public import RecordModel
import Synchronization

/// librdkafka's mock cluster as the broker of one machine without Kafka.
///
/// It lives in memory: a new one has another port and nothing in it. A partition keeps 5 MB (compressed) or 100,000
/// message sets and then drops the oldest without a word, so whoever lets data in counts bytes (`LagMonitor`).
/// A group's first join takes 3 s.
public final class EmbeddedBroker: Sendable {
    private struct Handles: @unchecked Sendable {
        let client: KafkaClient
        let cluster: OpaquePointer
    }

    private let handles: Mutex<Handles?>
    /// `host:port` for `KafkaConfiguration`.
    public let bootstrapServers: String

    /// Starts a broker with the given topics; a topic that is not among them comes into being on first use, with 4
    /// partitions instead of 12.
    public init(topics: [Topic] = Topic.withParked, log: Log) throws {
        let client = try KafkaClient(
            .producer, properties: ["client.id": "embedded-broker"], events: ClientEvents(log: log))
        guard let cluster = rd_kafka_mock_cluster_new(client.handle, 1) else {
            throw MessagingError.setting(name: "embedded broker", reason: "the mock cluster could not be started")
        }
        bootstrapServers = String(cString: rd_kafka_mock_cluster_bootstraps(cluster))
        handles = Mutex(Handles(client: client, cluster: cluster))
        for topic in topics { try create(topic.name, partitions: topic.partitions) }
    }

    /// Creates a topic that no client has asked for yet.
    public func create(_ topic: String, partitions: Int) throws {
        let answer = with { rd_kafka_mock_topic_create($0, topic, Int32(partitions), 1) }
        guard answer == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError("create topic \(topic)", answer) }
    }

    /// Breaks all connections and refuses new ones; what the broker holds stays.
    public func goDown() { _ = with { rd_kafka_mock_broker_set_down($0, -1) } }

    public func comeUp() { _ = with { rd_kafka_mock_broker_set_up($0, -1) } }

    /// Ends the broker; everything in it is gone.
    public func close() {
        let handles = self.handles.withLock { handles in
            defer { handles = nil }
            return handles
        }
        guard let handles else { return }
        rd_kafka_mock_cluster_destroy(handles.cluster)
        handles.client.destroy()
    }

    deinit { close() }

    private func with(_ body: (OpaquePointer) -> rd_kafka_resp_err_t) -> rd_kafka_resp_err_t {
        handles.withLock { handles in handles.map { body($0.cluster) } ?? RD_KAFKA_RESP_ERR__DESTROY }
    }
}

extension Topic {
    /// Every declared topic and the topics of parked notices of all their readers.
    public static var withParked: [Topic] {
        all + all.flatMap { topic in topic.readers.map { topic.parked(of: $0) } }
    }
}
