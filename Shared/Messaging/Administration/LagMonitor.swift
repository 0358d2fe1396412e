public import Observability
import RecordModel
import Synchronization

/// How far groups are behind, seen from outside: what holding back at the entries goes by.
///
/// The embedded broker drops the oldest messages of a partition beyond 5 MB, so the budget is bytes of a partition;
/// bytes are estimated as messages times what a message of the topic usually has.
public final class LagMonitor: Sendable {
    /// A group and the topics it reads.
    public struct Target: Sendable, Hashable {
        public let group: String
        public let topics: [String]

        public init(group: String, topics: [String]) {
            self.group = group
            self.topics = topics
        }
    }

    private let configuration: KafkaConfiguration
    private let targets: [Target]
    private let log: Log
    private let bytesOfMessage: Mutex<[String: Int]>
    private let observers: Mutex<[String: ObserverClient]> = Mutex([:])
    private let counts: Mutex<[String: Int]> = Mutex([:])
    /// Measurements in a row that failed.
    private let failures = Atomic(0)

    /// Bytes that a message has where nothing better is known: a dose record with its headers.
    public static let usualBytes = 600

    /// - Parameter targets: by default every declared topic with each of its readers.
    public init(_ configuration: KafkaConfiguration, targets: [Target] = LagMonitor.declared, log: Log) {
        self.configuration = configuration
        self.targets = targets
        self.log = log
        bytesOfMessage = Mutex([:])
    }

    /// Every reader of the declared topics.
    public static var declared: [Target] {
        let groups = Set(Topic.all.flatMap(\.readers)).sorted()
        return groups.map { group in Target(group: group, topics: Topic.read(by: group).map(\.name)) }
    }

    /// Tells how many bytes (key, value, headers) a message of a topic has on average, for the estimates.
    public func setBytes(_ bytes: Int, ofMessagesOn topic: String) { bytesOfMessage.withLock { $0[topic] = bytes } }

    /// Asks the brokers: a few questions for each group, some milliseconds each.
    ///
    /// - Throws: `KafkaError` when they do not answer; who holds back then holds back. After three in a row the next one
    ///   begins with new clients: one that saw the brokers in trouble may keep what it learned of partitions for minutes.
    public func measure(timeout: Duration = .seconds(10)) throws -> LagReport {
        do {
            let report = try measureOnce(timeout: timeout)
            failures.store(0, ordering: .relaxed)
            return report
        } catch {
            if failures.add(1, ordering: .relaxed).newValue % 3 == 0 {
                observers.withLock { $0 = [:] }
                counts.withLock { $0 = [:] }
            }
            throw error
        }
    }

    private func measureOnce(timeout: Duration) throws -> LagReport {
        let topics = Array(Set(targets.flatMap(\.topics)))
        let counts = try partitionCounts(of: topics, timeout: timeout)
        let asked = partitions(of: topics, counts)
        let any = try observer(of: targets.first?.group ?? "")
        let high = try any.offsets(asked, at: LogicalOffset.end, timeout: timeout)
        let low = try any.offsets(asked, at: LogicalOffset.beginning, timeout: timeout)
        let bytes = bytesOfMessage.withLock { $0 }
        var groups: [LagReport.GroupLag] = []
        for target in targets {
            let committed = try observer(of: target.group).committed(
                partitions(of: target.topics, counts), timeout: timeout)
            for topic in target.topics {
                var lag = LagReport.GroupLag(
                    group: target.group, topic: topic, bytesOfMessage: bytes[topic] ?? Self.usualBytes)
                for partition in partitions(of: [topic], counts) {
                    guard let end = high[partition] else { continue }
                    let from = committed[partition] ?? low[partition] ?? 0
                    lag.messagesOfPartition[partition.partition] = max(0, end - from)
                    if let committed = committed[partition], let oldest = low[partition], committed < oldest {
                        lag.lost += oldest - committed
                    }
                }
                groups.append(lag)
            }
        }
        return LagReport(groups: groups)
    }

    private func observer(of group: String) throws -> ObserverClient {
        try observers.withLock { observers in
            if let observer = observers[group] { return observer }
            let observer = try ObserverClient(configuration, group: group, log: log)
            observers[group] = observer
            return observer
        }
    }

    /// Partition counts do not change; topics that are not there yet are asked for again.
    private func partitionCounts(of topics: [String], timeout: Duration) throws -> [String: Int] {
        let known = counts.withLock { $0 }
        if topics.allSatisfy({ known[$0] != nil }) { return known }
        let found = try observer(of: targets.first?.group ?? "").partitionCounts(timeout: timeout)
        counts.withLock { $0 = found }
        return found
    }
}

/// The lag of groups at one moment.
public struct LagReport: Sendable {
    public struct GroupLag: Sendable, Hashable {
        public let group: String
        public let topic: String
        public let bytesOfMessage: Int
        /// Messages behind, by partition.
        public internal(set) var messagesOfPartition: [Int32: Int64] = [:]
        /// Messages that the broker dropped before the group took them.
        public internal(set) var lost: Int64 = 0

        public var messages: Int64 { messagesOfPartition.values.reduce(0, +) }
        public var bytes: Int64 { messages * Int64(bytesOfMessage) }
        /// Estimated bytes of the partition that is furthest behind.
        public var largestPartitionBytes: Int64 { (messagesOfPartition.values.max() ?? 0) * Int64(bytesOfMessage) }
    }

    public let groups: [GroupLag]

    public var messages: Int64 { groups.reduce(0) { $0 + $1.messages } }
    public var lost: Int64 { groups.reduce(0) { $0 + $1.lost } }

    /// The furthest that any partition is behind, in bytes.
    public var largestPartitionBytes: Int64 { groups.map(\.largestPartitionBytes).max() ?? 0 }

    /// What one partition might come to hold if everything that waits upstream of it moved on before its reader did:
    /// the sum over the topics of the partition furthest behind. This is what an entry keeps below its budget.
    public var outstandingPartitionBytes: Int64 {
        var worst: [String: Int64] = [:]
        for lag in groups { worst[lag.topic] = max(worst[lag.topic] ?? 0, lag.largestPartitionBytes) }
        return worst.values.reduce(0, +)
    }

    /// A budget for the embedded broker: it keeps 5 MB of a partition; the rest is room for what is under way.
    public static let embeddedPartitionBudget: Int64 = 2_500_000
    /// A budget for Apache Kafka, where it only keeps memory and catching up short.
    public static let kafkaPartitionBudget: Int64 = 64_000_000
}
