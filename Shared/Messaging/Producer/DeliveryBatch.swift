import RecordModel
import Synchronization

/// Where an acknowledged message lies.
public struct RecordPosition: Sendable, Hashable {
    public let topic: String
    public let partition: Int32
    /// Nil where a message was acknowledged on a repeated attempt and the broker did not say where it lies.
    public let offset: Int64?

    public init(topic: String, partition: Int32, offset: Int64?) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
    }
}

/// The events of one `publish` call on their way to their acknowledgements.
///
/// Each message's slot is librdkafka's opaque pointer of that message; a slot is written by the publishing thread when
/// the message is refused at once, and by the delivery thread afterwards, never by both at the same time.
final class DeliveryBatch: @unchecked Sendable {
    struct Slot {
        let batch: Unmanaged<DeliveryBatch>
        let index: Int
        var state = State.pending
        var partition: Int32 = -1
        var offset: Int64 = -1
    }

    enum State { case pending, delivered, refused }

    let sequence: UInt64
    let events: [OutgoingEvent]
    let bytes: Int
    private(set) var slots: UnsafeMutablePointer<Slot>
    private let remaining: Atomic<Int>
    private let failure = Mutex<(any Error)?>(nil)
    private let completion: @Sendable (Result<[RecordPosition], any Error>) -> Void

    init(
        sequence: UInt64, events: [OutgoingEvent],
        completion: @escaping @Sendable (Result<[RecordPosition], any Error>) -> Void
    ) {
        self.sequence = sequence
        self.events = events
        self.completion = completion
        bytes = events.reduce(0) { $0 + $1.value.count + $1.key.count }
        // One more than messages: the publishing thread holds the batch open until it has handed over all of them.
        remaining = Atomic(events.count + 1)
        slots = .allocate(capacity: max(1, events.count))
        let unmanaged = Unmanaged.passUnretained(self)
        for index in events.indices { (slots + index).initialize(to: Slot(batch: unmanaged, index: index)) }
    }

    deinit { slots.deallocate() }

    /// Marks one message as settled. Returns true when it was the last thing the batch waited for.
    func settle(_ index: Int, _ state: State, partition: Int32 = -1, offset: Int64 = -1, error: (any Error)? = nil)
        -> Bool
    {
        slots[index].state = state
        slots[index].partition = partition
        slots[index].offset = offset
        if let error { failure.withLock { $0 = $0 ?? error } }
        return release()
    }

    /// Lets go of one hold. Returns true when it was the last.
    func release() -> Bool { remaining.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }

    /// Messages that have neither been acknowledged nor refused.
    var pending: [Int] { events.indices.filter { slots[$0].state == .pending } }

    /// Tells the outcome; called once, by whoever let go of the last hold.
    func complete() {
        if let error = failure.withLock({ $0 }) {
            completion(.failure(error))
            return
        }
        completion(
            .success(
                events.indices.map { index in
                    let slot = slots[index]
                    return RecordPosition(
                        topic: events[index].topic, partition: slot.partition,
                        offset: slot.offset >= 0 ? slot.offset : nil)
                }))
    }
}
