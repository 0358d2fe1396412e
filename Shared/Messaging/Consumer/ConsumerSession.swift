import CRDKafka
import Observability
import RecordModel
import Synchronization

/// One librdkafka consumer from its subscription to its end. Everything but the sink runs on the polling thread.
final class ConsumerSession: ClientEvents, @unchecked Sendable {
    enum End: Sendable {
        case stopped
        case failed(String)
    }

    private let loop: ConsumerLoop
    private let options: ConsumerOptions
    private let status: ConsumerStatus
    private var client: KafkaClient!
    private var reader = MessageReader()
    private let gate = BatchGate()
    private var ledger = OffsetLedger()
    /// Messages that belong to the next batch.
    private var gathered: [InboundMessage] = []
    private var gatheredBytes = 0
    /// The batch at the gate, whose offsets count when it has taken effect; nil when its partitions were taken away.
    private var inFlight: [InboundMessage]?
    private var busy = false
    /// Partitions whose position was lost and of which nothing has come since.
    private var restarting: Set<TopicPartition> = []
    private var failure: String?
    /// Since when the client is in no group; nil while it has its partitions.
    private var outside: ContinuousClock.Instant? = .now
    private var crashed = false
    /// Offsets have been committed for the last time.
    private var closing = false
    /// The end of the client is no longer waited for: a later session tells the status.
    private let abandoned = Atomic(false)
    private var lags = LagGauges()
    /// The committed offset of each partition when it was assigned.
    private var begun: [TopicPartition: Int64] = [:]

    private let consumed: Counter
    private let lost: Counter
    private let batchSizes: Histogram

    init(_ loop: ConsumerLoop) throws {
        self.loop = loop
        options = loop.options
        status = loop.status
        let metrics = MetricsRegistry.shared
        consumed = metrics.counter("messages_consumed_total", help: "Messages whose batch has taken effect.")
        lost = metrics.counter(
            "kafka_positions_lost_total", help: "Positions that the broker no longer held: announce again.")
        batchSizes = metrics.histogram("batch_size", help: "Messages of a batch.", buckets: Histogram.rows)
        super.init(log: loop.log)
        client = try KafkaClient(
            .consumer, properties: loop.configuration.consumerProperties(loop.options), events: self)
        let topics = PartitionList(loop.topics.map { TopicPartition(topic: $0.name, partition: -1) }, offset: 0)
        let answer = rd_kafka_subscribe(client.handle, topics.pointer)
        guard answer == RD_KAFKA_RESP_ERR_NO_ERROR else {
            client.destroy()
            client = nil
            throw KafkaError("subscribe", answer)
        }
    }

    private var stopping: Bool { loop.stopRequested.update { $0 } }

    func run() -> End {
        let sink = loop.sink
        let gate = self.gate
        let worker = WorkerThread(name: "kafka-handler") {
            while let batch = gate.take() { gate.finish(effective: sink.process(batch, gate: gate)) }
        }
        while !stopping, failure == nil, !crashed {
            gather()
            if gathered.isEmpty { commitAgain() } else { handle() }
            takeLag()
            watchMembership()
        }
        if crashed {
            gate.close()
            client.destroy(leavingGroup: false)
            client = nil
        } else {
            awaitInFlight(options.stopWait)
            gate.close()
            commitNow()
            close()
        }
        if !worker.join(.seconds(1)) { log.warning("a handler still runs after its consumer has ended") }
        return failure.map { .failed($0) } ?? .stopped
    }

    /// Leaves the group and ends the client, bounded by `options.closeWait`. librdkafka's close waits for the answer to
    /// every commit on its way, some minutes where the coordinator is away; it then goes on by itself on a thread of
    /// its own, and the group learns of our end by the session timeout.
    private func close() {
        closing = true
        let closer = WorkerThread(name: "kafka-close") { [self] in
            rd_kafka_consumer_close(client.handle)
            client.destroy()
            // The client keeps its events object, which is this session.
            client = nil
        }
        if closer.join(options.closeWait) { return }
        abandoned.store(true, ordering: .relaxed)
        log.warning("the group could not be told that its member has ended; it learns of it by the session timeout")
    }

    // MARK: Gathering and handling

    /// Waits up to 100 ms for a first message, then takes what comes within `gatherTime`.
    private func gather() {
        var deadline: ContinuousClock.Instant?
        while gathered.count < options.batchSize, gatheredBytes < options.batchBytes {
            var timeout: Int32 = 100
            if !gathered.isEmpty {
                // What has been fetched already is taken without looking at the clock.
                if poll(0) { continue }
                let now = ContinuousClock.now
                let end = deadline ?? now.advanced(by: options.gatherTime)
                deadline = end
                timeout = now < end ? max(1, now.duration(to: end).milliseconds) : 0
            }
            if timeout == 0 || !poll(timeout) { break }
            if failure != nil { break }
        }
        status.update { $0.lastPoll = .now }
    }

    /// Takes one message or event. Returns false when nothing came.
    private func poll(_ milliseconds: Int32) -> Bool {
        guard let message = rd_kafka_consumer_poll(client.handle, milliseconds) else { return false }
        defer { rd_kafka_message_destroy(message) }
        if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
            let message = reader.read(message)
            gatheredBytes += message.value.count + message.key.count
            gathered.append(message)
            if !restarting.isEmpty { restarting.remove(message.topicPartition) }
        } else {
            troubled(message.pointee)
        }
        return true
    }

    private func handle() {
        let batch = gathered
        gathered = []
        gatheredBytes = 0
        gathered.reserveCapacity(options.batchSize)
        inFlight = batch
        busy = true
        batchSizes.observe(count: batch.count)
        status.update { $0.handlingSince = .now }
        gate.offer(batch)
        if let effective = gate.result(within: options.slowAfter) {
            settle(effective)
        } else {
            handleSlowly()
        }
        if !crashed { commitSoon() }
    }

    /// Polls with all partitions paused until the batch in flight is done; only rebalances and errors come then, and a
    /// message of a partition that has just been given to us, which waits for the next batch.
    private func handleSlowly() {
        client.pauseAssignment(true)
        status.update { $0.paused = true }
        while busy {
            _ = poll(20)
            status.update { $0.lastPoll = .now }
            if let effective = gate.result(within: .milliseconds(5)) { settle(effective) }
            if stopping || failure != nil {
                awaitInFlight(options.stopWait)
                break
            }
        }
        status.update { $0.paused = false }
        client.pauseAssignment(false)
    }

    /// The worker is free again.
    private func settle(_ effective: Bool) {
        busy = false
        let batch = inFlight
        inFlight = nil
        status.update { $0.handlingSince = nil }
        guard effective, let batch else { return }
        consumed.add(batch.count)
        status.update { health in
            health.handledBatches += 1
            health.handledMessages += batch.count
        }
        if loop.faults.crashBeforeCommit() {
            crashed = true
            return
        }
        ledger.handled(batch)
    }

    /// Waits for the batch in flight, bounded; attempts that are being repeated end.
    private func awaitInFlight(_ timeout: Duration) {
        guard busy, inFlight != nil else { return }
        gate.cancel()
        if let effective = gate.result(within: timeout) {
            settle(effective)
        } else {
            log.warning(
                "a batch is still being handled although its partitions are to be given back; it will be delivered again",
                ["messages": .int(inFlight?.count ?? 0)])
            inFlight = nil
        }
    }

    /// A client that stays outside its group ends this session. librdkafka, pressed for time, may lose its session and
    /// never join again, while a new client joins at once.
    private func watchMembership() {
        guard let outside, ContinuousClock.now - outside > options.rejoinWait else { return }
        self.outside = .now
        var metadata: UnsafePointer<rd_kafka_metadata>?
        guard rd_kafka_metadata(client.handle, 0, nil, &metadata, 2_000) == RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        rd_kafka_metadata_destroy(metadata)
        failure = "outside its group for longer than \(options.rejoinWait) although brokers answer"
    }

    // MARK: Offsets

    private func commitSoon() {
        guard ledger.hasUncommitted else { return }
        let offsets = PartitionList(ledger.takeUncommitted())
        let answer = rd_kafka_commit(client.handle, offsets.pointer, 1)
        if answer != RD_KAFKA_RESP_ERR_NO_ERROR { committed(answer) }
    }

    /// A commit that failed is repeated when there is nothing else to do.
    private func commitAgain() { if ledger.hasUncommitted { commitSoon() } }

    /// Commits and waits for the answer, bounded: a commit is only an optimisation, the handler's rows remember.
    private func commitNow() {
        guard ledger.hasUncommitted else { return }
        committed(client.commit(ledger.takeUncommitted(), timeout: options.commitWait))
    }

    override func committed(_ code: rd_kafka_resp_err_t) {
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR, code != RD_KAFKA_RESP_ERR__NO_OFFSET else { return }
        ledger.commitFailed()
        // Expected while partitions move: whoever gets them handles the messages again, without effect.
        log.info(
            "offsets were not committed; messages may come again",
            ["error": .string(KafkaError("commit", code).description)])
    }

    // MARK: Rebalances

    /// Answers every rebalance, also while closing: an unanswered one would stall the group and our end.
    override func rebalanced(
        _ code: rd_kafka_resp_err_t, _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) {
        if code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            assign(partitions)
        } else {
            revoke(partitions)
        }
    }

    private func assign(_ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        seekWhereUncommitted(partitions)
        partitions.forEachPartition { if $0.offset >= 0 { begun[$0.identity] = $0.offset } }
        let answer = rd_kafka_assign(client.handle, partitions)
        if answer != RD_KAFKA_RESP_ERR_NO_ERROR { failure = KafkaError("assign", answer).description }
        if busy { rd_kafka_pause_partitions(client.handle, partitions) }
        let count = Int(partitions.pointee.cnt)
        outside = nil
        status.lag = nil
        status.update { health in
            health.joined = true
            health.partitions = count
        }
        log.info("partitions assigned", ["count": .int(count)])
    }

    /// Starts at the committed offset, or explicitly at the beginning where the group has none.
    private func seekWhereUncommitted(_ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        for attempt in 1...3 where !stopping {
            let answer = rd_kafka_committed(client.handle, partitions, 5_000)
            if answer == RD_KAFKA_RESP_ERR_NO_ERROR {
                partitions.forEachPartition { partition in
                    if partition.offset == LogicalOffset.none { partition.offset = LogicalOffset.beginning }
                    if partition.err != RD_KAFKA_RESP_ERR_NO_ERROR { partition.offset = LogicalOffset.stored }
                    partition.err = RD_KAFKA_RESP_ERR_NO_ERROR
                }
                return
            }
            log.info(
                "committed offsets could not be read",
                ["attempt": .int(attempt), "error": .string(KafkaError("read offsets", answer).description)])
        }
        partitions.forEachPartition { $0.offset = LogicalOffset.stored }
    }

    private func revoke(_ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        let lost = rd_kafka_assignment_lost(client.handle) != 0
        awaitInFlight(options.revokeWait)
        if !crashed, !lost, !closing { commitNow() }
        ledger.revoked(partitions.partitions)
        for partition in partitions.partitions { begun[partition] = nil }
        gathered = []
        gatheredBytes = 0
        restarting = []
        rd_kafka_assign(client.handle, nil)
        outside = .now
        if !abandoned.load(ordering: .relaxed) {
            status.update { health in
                health.joined = false
                health.partitions = 0
            }
            status.lag = nil
        }
        log.info("partitions given back", ["count": .int(Int(partitions.pointee.cnt)), "lost": .bool(lost)])
    }

    // MARK: Errors

    private func troubled(_ message: rd_kafka_message_t) {
        let error = KafkaError("consume", message.err)
        switch message.err {
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
            if let topic = message.rkt {
                positionLost(
                    TopicPartition(topic: String(cString: rd_kafka_topic_name(topic)), partition: message.partition))
            }
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
            let topic = message.rkt.map { String(cString: rd_kafka_topic_name($0)) } ?? "?"
            log.error(
                "a topic is missing: create the topics (`operator topics create`), consuming goes on by itself",
                ["topic": .string(topic)])
        case RD_KAFKA_RESP_ERR__FATAL: failure = (client.fatalError ?? error).description
        default:
            log.warning("kafka consumer reports a problem", ["error": .string(error.description)])
        }
    }

    override func failed(_ error: KafkaError, fatal: Bool) {
        if fatal { failure = (client.fatalError ?? error).description }
        log.warning("kafka consumer reports a problem", ["error": .string(error.description), "fatal": .bool(fatal)])
    }

    /// The broker has no message at our position: either the group has no offset there yet, or the broker has dropped
    /// what we had not read. Both go on at the oldest message there is; the second is a loss that is told.
    private func positionLost(_ partition: TopicPartition) {
        let list = PartitionList([partition], offset: LogicalOffset.none)
        let answer = rd_kafka_committed(client.handle, list.pointer, 5_000)
        let committed = list.pointer.pointee.elems[0].offset
        if answer == RD_KAFKA_RESP_ERR_NO_ERROR, committed >= 0 {
            lost.add(1)
            status.update { $0.positionsLost += 1 }
            log.error(
                "the broker no longer holds our next message: messages were lost there; run `operator announce`",
                [
                    "topic": .string(partition.topic), "partition": .int(Int(partition.partition)),
                    "offset": .int64(committed),
                ])
        }
        restarting.insert(partition)
        assignAgain()
    }

    /// A partition without a position has stopped being fetched, and seeking does not wake it: all are assigned again,
    /// each at its position, those that lost it at the beginning.
    private func assignAgain() {
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        guard rd_kafka_assignment(client.handle, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return }
        let partitions = PartitionList(owning: list)
        rd_kafka_position(client.handle, partitions.pointer)
        partitions.pointer.forEachPartition { partition in
            if restarting.contains(partition.identity) {
                partition.offset = LogicalOffset.beginning
            } else if partition.offset < 0 {
                partition.offset = LogicalOffset.stored
            }
            partition.err = RD_KAFKA_RESP_ERR_NO_ERROR
        }
        let answer = rd_kafka_assign(client.handle, partitions.pointer)
        if answer != RD_KAFKA_RESP_ERR_NO_ERROR { failure = KafkaError("assign", answer).description }
        if busy { rd_kafka_pause_partitions(client.handle, partitions.pointer) }
    }

    // MARK: Lag

    private func takeLag() {
        guard let taken = lags.take(client.handle, handled: ledger.next, begun: begun) else { return }
        status.lag = taken
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        return Int32(clamping: seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }
}
