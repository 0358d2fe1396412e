import CRDKafka
import Observability
import RecordModel
import Synchronization

/// The producer's machinery: one librdkafka client at a time, one delivery thread.
final class ProducerCore: @unchecked Sendable {
    /// Guarded by the monitor; `client` and `topics` are used only inside `publishing`, and by the delivery thread.
    private struct State {
        var nextSequence: UInt64 = 0
        var live: [UInt64: DeliveryBatch] = [:]
        var broken = false
        var closing = false
        var ended = false
        var settled = 0
    }

    private let properties: [String: String]
    private let log: Log
    private let events: ProducerEvents
    private let state = Monitor(State())
    /// Held while events are handed to librdkafka, so that batches do not mix and a new client starts in order.
    private let publishing = Mutex(())
    private var client: KafkaClient
    private var topics: [String: OpaquePointer] = [:]
    private var encoder = EventEncoder()
    /// Mirrors `broken || ended` for the publishing thread.
    private let halted = Atomic<Bool>(false)
    private let waiting = Atomic<Int>(0)
    private let generations = Atomic<Int>(1)
    private var thread: WorkerThread?
    private var repairsInVain = 0

    private let produced = MetricsRegistry.shared.counter(
        "messages_produced_total", help: "Messages acknowledged by the broker.")
    private let refused = MetricsRegistry.shared.counter(
        "messages_produce_failed_total", help: "Messages that the broker or the client refused.")

    init(_ properties: [String: String], log: Log) throws {
        self.properties = properties
        self.log = log
        events = ProducerEvents(log: log)
        client = try KafkaClient(.producer, properties: properties, events: events)
        events.owner = self
        thread = WorkerThread(name: "kafka-delivery") { [self] in deliver() }
    }

    var inFlight: Int { waiting.load(ordering: .relaxed) }
    var generation: Int { generations.load(ordering: .relaxed) }

    // MARK: Publishing

    func publish(
        _ events: [OutgoingEvent], completion: @escaping @Sendable (Result<[RecordPosition], any Error>) -> Void
    ) {
        guard !events.isEmpty else { return completion(.success([])) }
        publishing.withLock { _ in
            let batch = state.update { state -> DeliveryBatch? in
                guard !state.closing else { return nil }
                let batch = DeliveryBatch(sequence: state.nextSequence, events: events, completion: completion)
                state.nextSequence += 1
                state.live[batch.sequence] = batch
                return batch
            }
            guard let batch else { return completion(.failure(MessagingError.closed)) }
            waiting.add(events.count, ordering: .relaxed)
            hand(over: batch, Array(events.indices))
            if batch.release() { finish(batch) }
        }
    }

    /// Gives the named messages of a batch to librdkafka. Stops early when the client is broken: the delivery thread
    /// then hands over again whatever is still pending.
    ///
    /// - Parameter serving: true on the delivery thread, which makes room by serving reports itself.
    private func hand(over batch: DeliveryBatch, _ indices: [Int], serving: Bool = false) {
        for index in indices {
            let event = batch.events[index]
            while true {
                if halted.load(ordering: .relaxed) { return }
                let answer = encoder.produce(
                    event, client: client.handle, topic: topic(event.topic), opaque: batch.slots + index)
                guard let error = answer else { break }
                if error.isCode(RD_KAFKA_RESP_ERR__QUEUE_FULL) {
                    if serving { _ = rd_kafka_poll(client.handle, 100) } else { waitForRoom() }
                } else if error.isCode(RD_KAFKA_RESP_ERR__FATAL) || client.fatalError != nil {
                    // A broken client refuses with the code of what broke it.
                    breakDown()
                    return
                } else {
                    settle(batch, index, .refused, error: error)
                    break
                }
            }
        }
    }

    private func waitForRoom() {
        let seen = state.update { $0.settled }
        _ = state.wait(.milliseconds(100)) { $0.settled != seen || $0.broken || $0.ended ? true : nil }
    }

    private func topic(_ name: String) -> OpaquePointer {
        if let topic = topics[name] { return topic }
        let topic = rd_kafka_topic_new(client.handle, name, nil)!
        topics[name] = topic
        return topic
    }

    // MARK: Delivery

    private func deliver() {
        while true {
            let served = rd_kafka_poll(client.handle, 100)
            let (broken, ended) = state.update { state in
                if served > 0 { state.settled &+= 1 }
                return (state.broken, state.ended)
            }
            if ended { return }
            if broken || client.fatalError != nil { repair() }
        }
    }

    /// A delivery report; runs on the delivery thread.
    func delivered(_ message: rd_kafka_message_t) {
        guard let slot = message._private?.assumingMemoryBound(to: DeliveryBatch.Slot.self) else { return }
        let batch = slot.pointee.batch.takeUnretainedValue()
        let index = slot.pointee.index
        if message.err == RD_KAFKA_RESP_ERR_NO_ERROR {
            repairsInVain = 0
            produced.add(1)
            settle(batch, index, .delivered, partition: message.partition, offset: message.offset)
        } else if state.update({ $0.ended }) {
            settle(batch, index, .refused, error: MessagingError.closed)
        } else if client.fatalError != nil {
            // Stays pending: the next client takes it over.
            breakDown()
        } else {
            settle(
                batch, index, .refused, error: KafkaError("delivery to \(batch.events[index].topic)", message.err))
        }
    }

    private func settle(
        _ batch: DeliveryBatch, _ index: Int, _ outcome: DeliveryBatch.State, partition: Int32 = -1, offset: Int64 = -1,
        error: (any Error)? = nil
    ) {
        if outcome == .refused { refused.add(1) }
        waiting.subtract(1, ordering: .relaxed)
        if batch.settle(index, outcome, partition: partition, offset: offset, error: error) { finish(batch) }
    }

    private func finish(_ batch: DeliveryBatch) {
        let known = state.update { $0.live.removeValue(forKey: batch.sequence) }
        if known != nil { batch.complete() }
    }

    // MARK: Repair

    private func breakDown() {
        halted.store(true, ordering: .relaxed)
        state.update { $0.broken = true }
    }

    /// Replaces a client that can do nothing more; everything that is pending goes out again in its order.
    private func repair() {
        // Whoever publishes sees it and lets go of the lock.
        breakDown()
        publishing.withLock { _ in
            let cause = client.fatalError
            log.error(
                "kafka producer is replaced after a fatal error",
                ["error": .string(cause?.description ?? "unknown"), "pending": .int(inFlight)])
            repairsInVain += 1
            discardClient()
            if repairsInVain > 1 { _ = state.wait(.seconds(min(10, repairsInVain))) { $0.closing ? true : nil } }
            guard !state.update({ $0.ended }) else { return }
            do {
                client = try KafkaClient(.producer, properties: properties, events: events)
            } catch {
                // The same properties made a client before; without memory or threads nothing can go on.
                log.error("kafka producer cannot be replaced", ["error": .error(error)])
                return
            }
            generations.add(1, ordering: .relaxed)
            let batches = state.update { state in
                state.broken = false
                return state.live.values.sorted { $0.sequence < $1.sequence }
            }
            halted.store(false, ordering: .relaxed)
            for batch in batches { hand(over: batch, batch.pending, serving: true) }
        }
    }

    private func discardClient() {
        rd_kafka_purge(client.handle, purgeQueued | purgeInFlight)
        while rd_kafka_outq_len(client.handle) > 0, rd_kafka_poll(client.handle, 100) > 0 {}
        for topic in topics.values { rd_kafka_topic_destroy(topic) }
        topics = [:]
        client.destroy()
    }

    func failFatally() {
        publishing.withLock { _ in
            _ = rd_kafka_test_fatal_error(client.handle, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "test")
        }
    }

    // MARK: End

    func close(timeout: Duration) {
        let first = state.update { state in
            defer { state.closing = true }
            return !state.closing
        }
        guard first else { return }
        _ = state.wait(timeout) { $0.live.isEmpty ? true : nil }
        halted.store(true, ordering: .relaxed)
        state.update { $0.ended = true }
        thread?.join()
        publishing.withLock { _ in discardClient() }
        let left = state.update { state in
            defer { state.live = [:] }
            return state.live.values.sorted { $0.sequence < $1.sequence }
        }
        for batch in left {
            waiting.subtract(batch.pending.count, ordering: .relaxed)
            for index in batch.pending { _ = batch.settle(index, .refused, error: MessagingError.closed) }
            batch.complete()
        }
        if !left.isEmpty {
            log.warning("kafka producer closed with unacknowledged messages", ["batches": .int(left.count)])
        }
        events.owner = nil
        thread = nil
    }
}

/// Brings delivery reports to the core.
private final class ProducerEvents: ClientEvents {
    weak var owner: ProducerCore?

    override func delivered(_ message: rd_kafka_message_t) { owner?.delivered(message) }

    override func failed(_ error: KafkaError, fatal: Bool) {
        log.warning("kafka producer reports a problem", ["error": .string(error.description), "fatal": .bool(fatal)])
    }
}

private let purgeQueued: Int32 = 0x1
private let purgeInFlight: Int32 = 0x2
