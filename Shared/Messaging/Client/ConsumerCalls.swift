import CRDKafka

/// Calls on a consumer that need nothing but its client.
extension KafkaClient {
    /// Commits offsets and waits for the answer, no longer than `timeout`: librdkafka's own waiting has no limit where the
    /// coordinator is away.
    func commit(_ offsets: [TopicPartition: Int64], timeout: Duration) -> rd_kafka_resp_err_t {
        let list = PartitionList(offsets)
        let answers = rd_kafka_queue_new(handle)
        defer { rd_kafka_queue_destroy(answers) }
        let answer = rd_kafka_commit_queue(handle, list.pointer, answers, nil, nil)
        guard answer == RD_KAFKA_RESP_ERR_NO_ERROR else { return answer }
        guard let event = rd_kafka_queue_poll(answers, timeout.milliseconds) else {
            return RD_KAFKA_RESP_ERR__TIMED_OUT
        }
        defer { rd_kafka_event_destroy(event) }
        return rd_kafka_event_error(event)
    }

    /// Stops or resumes fetching of every partition that this consumer has.
    func pauseAssignment(_ pause: Bool) {
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        guard rd_kafka_assignment(handle, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return }
        let partitions = PartitionList(owning: list)
        guard partitions.count > 0 else { return }
        if pause {
            rd_kafka_pause_partitions(handle, partitions.pointer)
        } else {
            rd_kafka_resume_partitions(handle, partitions.pointer)
        }
    }
}
