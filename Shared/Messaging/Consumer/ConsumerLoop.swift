public import Observability
public import RecordModel
public import Storage
import Synchronization

/// Reads topics as a member of a consumer group and hands over batches, one transaction each.
///
/// Two threads: one polls, one handles. A batch that is slow is handled with its partitions paused while the polling
/// goes on, so the group never takes this consumer for dead. When partitions are taken away, the batch in flight is
/// waited for (bounded) and its offsets are committed first. A client that has failed for good is replaced.
public final class ConsumerLoop: Sendable {
    private struct Threads {
        var polling: WorkerThread?
        var stopping = false
    }

    /// What a test may break.
    struct Faults: Sendable {
        /// Called after a batch took effect and before its offsets are committed; true ends the consumer as a crash would.
        var crashBeforeCommit: @Sendable () -> Bool = { false }
    }

    let configuration: KafkaConfiguration
    let topics: [Topic]
    let options: ConsumerOptions
    let sink: any BatchSink
    let status: ConsumerStatus
    let log: Log
    let faults: Faults
    /// Set to end the polling thread.
    let stopRequested = Monitor(false)
    private let threads = Monitor(Threads())

    /// - Parameters:
    ///   - configuration: `groupID` names the group, usually the service.
    ///   - topics: declared topics; they must exist (`TopicAdministration.verifyExist`).
    ///   - handler: called on the worker thread, within a transaction of `database`.
    public convenience init(
        configuration: KafkaConfiguration, topics: [Topic], handler: any BatchHandler, database: Database,
        options: ConsumerOptions = ConsumerOptions(), log: Log
    ) {
        let status = ConsumerStatus()
        self.init(
            configuration: configuration, topics: topics, options: options,
            sink: BatchProcessor(
                group: configuration.groupID, handler: handler, database: database, status: status, log: log),
            status: status, log: log)
    }

    init(
        configuration: KafkaConfiguration, topics: [Topic], options: ConsumerOptions, sink: any BatchSink,
        status: ConsumerStatus = ConsumerStatus(), log: Log, faults: Faults = Faults()
    ) {
        self.configuration = configuration
        self.topics = topics
        self.options = options
        self.sink = sink
        self.status = status
        self.log = log
        self.faults = faults
    }

    /// Joins the group and begins. Starting twice has no effect.
    ///
    /// - Throws: `MessagingError.setting` for properties that librdkafka refuses.
    public func start() throws {
        try threads.update { threads in
            guard threads.polling == nil, !threads.stopping else { return }
            let first = try ConsumerSession(self)
            threads.polling = WorkerThread(name: "kafka-consumer") { [self] in run(first) }
        }
    }

    /// Takes no further batch, waits for the one in flight (bounded by `options.stopWait`), commits its offsets and
    /// leaves the group. Returns when that is done; stopping twice has no effect.
    public func stop() {
        let polling = threads.update { threads in
            threads.stopping = true
            return threads.polling
        }
        stopRequested.update { $0 = true }
        polling?.join()
    }

    /// For readiness, liveness and the status page.
    public var health: ConsumerHealth { status.health }

    /// How far this consumer is behind on its own partitions, as of the last fetch. Nil while that is not known: outside
    /// the group, and after an assignment until every partition has been asked. That is not the same as no lag.
    public var lag: [PartitionLag]? { status.lag }

    private func run(_ first: ConsumerSession) {
        var session = first
        while true {
            let end = session.run()
            status.update { health in
                health.joined = false
                health.partitions = 0
                health.paused = false
            }
            status.lag = nil
            guard case .failed(let error) = end else { return }
            log.error("kafka consumer is replaced", ["error": .string(error)])
            while true {
                if stopRequested.wait(.seconds(1), until: { $0 ? true : nil }) == true { return }
                status.update { $0.lastPoll = .now }
                if let next = try? ConsumerSession(self) {
                    session = next
                    break
                }
            }
        }
    }
}
