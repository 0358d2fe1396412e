import Synchronization

/// How a consumer is doing, for health checks and status pages.
public struct ConsumerHealth: Sendable {
    /// The group has given this consumer its partitions (possibly none).
    public var joined = false
    public var partitions = 0
    /// How far it is behind is known of every partition; a member that has just joined does not know it yet.
    public var lagKnown = false
    /// The last turn of the polling thread.
    public var lastPoll: ContinuousClock.Instant = .now
    /// Since when the batch in flight is being handled.
    public var handlingSince: ContinuousClock.Instant?
    /// A slow batch is being handled with its partitions paused.
    public var paused = false
    public var handledMessages = 0
    public var handledBatches = 0
    public var parkedMessages = 0
    /// Positions that the broker no longer held: messages were lost there; announce again.
    public var positionsLost = 0
    /// Why the batch in flight is being tried again, if it is.
    public var trouble: String?

    public init() {}

    /// The polling thread has turned within the last 30 s.
    public var isLive: Bool { lastPoll.duration(to: .now) < .seconds(30) }
}

/// Lag of one partition as the consumer itself sees it.
public struct PartitionLag: Sendable, Hashable {
    public let topicPartition: TopicPartition
    public let messages: Int64
}

/// Shared between the threads of a consumer and whoever asks.
final class ConsumerStatus: Sendable {
    private let state = Monitor(ConsumerHealth())
    private let lags = Mutex<[PartitionLag]?>(nil)

    var health: ConsumerHealth { state.update { $0 } }
    func update(_ body: (inout ConsumerHealth) -> Void) { state.update(body) }

    /// Waits until the health is as wanted.
    func wait(_ timeout: Duration, until condition: (ConsumerHealth) -> Bool) -> Bool {
        state.wait(timeout) { condition($0) ? true : nil } ?? false
    }

    /// Nil while it is not known.
    var lag: [PartitionLag]? {
        get { lags.withLock { $0 } }
        set {
            lags.withLock { $0 = newValue }
            state.update { $0.lagKnown = newValue != nil }
        }
    }
}
