/// How to reach the brokers and who we are to them.
public struct KafkaConfiguration: Sendable {
    /// `host:port`, separated by commas.
    public var bootstrapServers: String
    /// Service and instance, as brokers log it.
    public var clientID: String
    /// The consumer group; empty for clients that only produce or look.
    public var groupID: String
    /// Further librdkafka properties, for example `security.protocol`, `sasl.username`, `ssl.ca.location`.
    /// What the delivery guarantees stand on cannot be overridden.
    public var extra: [String: String]

    public init(bootstrapServers: String, clientID: String, groupID: String = "", extra: [String: String] = [:]) {
        self.bootstrapServers = bootstrapServers
        self.clientID = clientID
        self.groupID = groupID
        self.extra = extra
    }

    /// The largest message a topic takes, in bytes; events are refused at 900 kB before their transaction commits.
    static let maximumMessageBytes = 1_000_000

    private var common: [String: String] {
        [
            "bootstrap.servers": bootstrapServers,
            "client.id": clientID,
            "log.connection.close": "false",
            "socket.keepalive.enable": "true",
            // A broker that comes back is found within a second.
            "reconnect.backoff.ms": "50",
            "reconnect.backoff.max.ms": "1000",
            "message.max.bytes": "\(Self.maximumMessageBytes)",
        ]
    }

    private func merged(defaults: [String: String], fixed: [String: String]) -> [String: String] {
        common.merging(defaults) { $1 }.merging(extra) { $1 }.merging(fixed) { $1 }
    }

    /// Messages wait for the broker without limit of time, in bounded memory: a message that timed out locally would
    /// be overtaken by its successors.
    func producerProperties() -> [String: String] {
        merged(
            defaults: [
                "compression.codec": "lz4",
                "linger.ms": "20",
                "batch.size": "1000000",
                // The relay hands over 16 MB at most; a replay fills this and waits.
                "queue.buffering.max.messages": "100000",
                "queue.buffering.max.kbytes": "32768",
            ],
            fixed: [
                "enable.idempotence": "true",
                "acks": "all",
                "message.timeout.ms": "0",
                // Java's default: the same key lies in the same partition whoever writes it.
                "partitioner": "murmur2_random",
            ])
    }

    /// `range` puts the same partition numbers of all topics on one instance, so that a subject's dose, verdict and
    /// person meet there; it is an eager strategy on purpose: librdkafka before 2.10 can lose an assignment when it
    /// commits during a cooperative rebalance.
    func consumerProperties(_ options: ConsumerOptions) -> [String: String] {
        merged(
            defaults: [
                "session.timeout.ms": "\(options.sessionTimeoutMilliseconds)",
                "heartbeat.interval.ms": "\(max(300, options.sessionTimeoutMilliseconds / 6))",
                "max.poll.interval.ms": "\(options.maximumPollIntervalMilliseconds)",
                "fetch.wait.max.ms": "100",
                // What waits in memory is bounded by these, not by the backlog. Not lower: a partition that has filled
                // its share is not asked again for a whole second (fetch.queue.backoff.ms, fixed before librdkafka 2.2).
                "queued.min.messages": "30000",
                "queued.max.messages.kbytes": "32768",
                "fetch.max.bytes": "4000000",
                "fetch.error.backoff.ms": "200",
            ],
            fixed: [
                "group.id": groupID,
                "partition.assignment.strategy": "range",
                "enable.auto.commit": "false",
                "enable.auto.offset.store": "false",
                "enable.partition.eof": "false",
                "auto.offset.reset": "error",
            ])
    }

    /// For clients that ask questions only: never members of a group, even where `group` names one.
    func observerProperties(group: String) -> [String: String] {
        merged(
            defaults: [:],
            fixed: [
                "group.id": group.isEmpty ? "tiemchung-observer" : group,
                "enable.auto.commit": "false",
                "enable.auto.offset.store": "false",
                "auto.offset.reset": "error",
            ])
    }
}

/// How a consumer gathers and how patient it is.
public struct ConsumerOptions: Sendable {
    /// Messages of one batch at most.
    public var batchSize = 2_000
    /// Bytes of one batch at which gathering ends.
    public var batchBytes = 16 << 20
    /// How long a started batch waits for more messages.
    public var gatherTime: Duration = .milliseconds(20)
    /// A batch that takes longer is handled with its partitions paused and polled.
    public var slowAfter: Duration = .milliseconds(1_000)
    /// How long a rebalance waits for the batch in flight.
    public var revokeWait: Duration = .seconds(20)
    /// How long a stop waits for it; a batch that is not done then is delivered again.
    public var stopWait: Duration = .seconds(8)
    /// How long a rebalance or a stop waits for the answer to the last commit.
    public var commitWait: Duration = .seconds(3)
    /// How long a stop waits for the end of the client, which leaves its group.
    public var closeWait: Duration = .seconds(3)
    /// How long a consumer may be outside its group although the brokers answer; then its client is replaced. Longer than
    /// any rebalance, whose members wait for each other's batches.
    public var rejoinWait: Duration = .seconds(60)
    /// Apache Kafka refuses less than 6,000 by default; the embedded broker works from 4,000.
    public var sessionTimeoutMilliseconds = 6_000
    public var maximumPollIntervalMilliseconds = 300_000

    public init(batchSize: Int = 2_000) { self.batchSize = batchSize }
}
