public import Observability

/// Committed offsets of a group, asked from outside: a replay keeps a row until its reader has committed an offset
/// beyond the row's position.
public final class GroupPositions: Sendable {
    private let observer: ObserverClient
    public let group: String

    public init(_ configuration: KafkaConfiguration, group: String, log: Log) throws {
        self.group = group
        observer = try ObserverClient(configuration, group: group, log: log)
    }

    /// The next offset that the group will read of each partition; partitions without a commit are left out.
    ///
    /// - Throws: `KafkaError` when the brokers do not answer.
    public func committed(topics: [String], timeout: Duration = .seconds(10)) throws -> [TopicPartition: Int64] {
        let counts = try observer.partitionCounts(timeout: timeout)
        return try observer.committed(partitions(of: topics, counts), timeout: timeout)
    }

    /// The offset that the next message of each partition will get. Stands in where a `RecordPosition` has no offset:
    /// asked for after the acknowledgement, it lies beyond the message.
    public func ends(topics: [String], timeout: Duration = .seconds(10)) throws -> [TopicPartition: Int64] {
        let counts = try observer.partitionCounts(timeout: timeout)
        return try observer.offsets(partitions(of: topics, counts), at: LogicalOffset.end, timeout: timeout)
    }
}
