import CRDKafka
import Glibc
public import Observability
public import RecordModel

/// Creates the declared topics and sees that they are there.
public struct TopicAdministration: Sendable {
    private let configuration: KafkaConfiguration
    private let log: Log

    public init(_ configuration: KafkaConfiguration, log: Log) {
        self.configuration = configuration
        self.log = log
    }

    /// Creates what is missing, with the declared partitions and retention. The embedded broker makes its topics itself
    /// when it starts, and cannot be asked to: there everything is found present.
    ///
    /// - Parameters:
    ///   - topics: by default all declared ones and those of parked notices.
    ///   - replication: copies of each partition; 3 in production.
    /// - Returns: the names of the topics that were created.
    /// - Throws: `KafkaError` when the brokers refuse or do not answer.
    @discardableResult
    public func create(
        _ topics: [Topic] = Topic.withParked, replication: Int = 1, timeout: Duration = .seconds(30)
    ) throws -> [String] {
        let observer = try ObserverClient(configuration, log: log)
        let present = try observer.partitionCounts(timeout: timeout)
        let missing = topics.filter { present[$0.name] == nil }
        guard !missing.isEmpty else { return [] }
        var requests: [OpaquePointer?] = try missing.map { try request($0, replication: replication) }
        defer { rd_kafka_NewTopic_destroy_array(&requests, requests.count) }
        try submit(&requests, observer.handle, timeout)
        try waitUntilKnown(missing, to: observer, timeout)
        for topic in missing { log.info("topic created", ["topic": .string(topic.name)]) }
        return missing.map(\.name)
    }

    /// A topic is made before every broker tells of it: who starts on the word of `create` must find it.
    private func waitUntilKnown(_ topics: [Topic], to observer: ObserverClient, _ timeout: Duration) throws {
        let deadline = ContinuousClock.now + timeout
        while true {
            let present = try observer.partitionCounts(timeout: timeout)
            guard let unknown = topics.first(where: { present[$0.name] == nil }) else { return }
            guard ContinuousClock.now < deadline else {
                throw KafkaError(
                    "create topic \(unknown.name)", RD_KAFKA_RESP_ERR__TIMED_OUT,
                    reason: "it was made, but the brokers do not tell of it yet")
            }
            usleep(50_000)
        }
    }

    private func request(_ topic: Topic, replication: Int) throws -> OpaquePointer {
        var room = [CChar](repeating: 0, count: 256)
        guard
            let request = rd_kafka_NewTopic_new(
                topic.name, Int32(topic.partitions), Int32(replication), &room, room.count)
        else { throw MessagingError.setting(name: topic.name, reason: "not a name of a topic") }
        switch topic.retention {
        case .days(let days): rd_kafka_NewTopic_set_config(request, "retention.ms", "\(days * 86_400_000)")
        case .compacted: rd_kafka_NewTopic_set_config(request, "cleanup.policy", "compact")
        }
        rd_kafka_NewTopic_set_config(
            request, "max.message.bytes", "\(KafkaConfiguration.maximumMessageBytes + 100_000)")
        return request
    }

    private func submit(_ requests: inout [OpaquePointer?], _ client: OpaquePointer, _ timeout: Duration) throws {
        let queue = rd_kafka_queue_new(client)
        defer { rd_kafka_queue_destroy(queue) }
        let options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS)
        defer { rd_kafka_AdminOptions_destroy(options) }
        var room = [CChar](repeating: 0, count: 256)
        rd_kafka_AdminOptions_set_request_timeout(options, timeout.milliseconds, &room, room.count)
        rd_kafka_AdminOptions_set_operation_timeout(options, timeout.milliseconds, &room, room.count)
        rd_kafka_CreateTopics(client, &requests, requests.count, options, queue)
        guard let event = rd_kafka_queue_poll(queue, timeout.milliseconds + 5_000) else {
            throw KafkaError("create topics", RD_KAFKA_RESP_ERR__TIMED_OUT)
        }
        defer { rd_kafka_event_destroy(event) }
        let answer = rd_kafka_event_error(event)
        guard answer == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaError(
                "create topics", answer, reason: rd_kafka_event_error_string(event).map { String(cString: $0) })
        }
        var count = 0
        guard let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
        else {
            return
        }
        for index in 0..<count {
            let answer = rd_kafka_topic_result_error(results[index])
            guard answer != RD_KAFKA_RESP_ERR_NO_ERROR, answer != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS else {
                continue
            }
            let name = rd_kafka_topic_result_name(results[index]).map { String(cString: $0) } ?? "?"
            let reason = rd_kafka_topic_result_error_string(results[index]).map { String(cString: $0) }
            throw KafkaError("create topic \(name)", answer, reason: reason)
        }
    }

    /// Sees that topics are there with the declared number of partitions; for the start of a service.
    ///
    /// - Throws: `MessagingError.topicsMissing` or `.partitionsDiffer` with the remedy; `KafkaError` when no broker answers.
    public func verifyExist(_ topics: [Topic], timeout: Duration = .seconds(30)) throws {
        let present = try ObserverClient(configuration, log: log).partitionCounts(timeout: timeout)
        let missing = topics.filter { present[$0.name] == nil }.map(\.name)
        guard missing.isEmpty else {
            throw MessagingError.topicsMissing(
                missing, remedy: "create them with `operator topics create` and start again")
        }
        for topic in topics {
            let found = present[topic.name] ?? 0
            guard found == topic.partitions else {
                throw MessagingError.partitionsDiffer(
                    topic: topic.name, expected: topic.partitions, found: found,
                    remedy:
                        "delete it and create it with `operator topics create`; changing the number on a topic in use "
                        + "would move its keys")
            }
        }
    }
}
