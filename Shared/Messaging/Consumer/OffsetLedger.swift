/// What a consumer has handled and what it has told the broker; a pure value.
///
/// An offset enters by `handled` only when the transaction of its batch has committed. Offsets are those of the next
/// message, as Kafka commits them.
struct OffsetLedger: Sendable, Equatable {
    private(set) var next: [TopicPartition: Int64] = [:]
    private var dirty: Set<TopicPartition> = []

    /// The batch has taken effect.
    mutating func handled(_ batch: [InboundMessage]) {
        var index = 0
        while index < batch.count {
            let partition = batch[index].topicPartition
            var last = batch[index].offset
            index += 1
            while index < batch.count, batch[index].partition == partition.partition,
                batch[index].topic == partition.topic
            {
                last = max(last, batch[index].offset)
                index += 1
            }
            if next[partition] ?? .min < last + 1 {
                next[partition] = last + 1
                dirty.insert(partition)
            }
        }
    }

    /// Offsets to be committed now; they count as told until a commit is known to have failed.
    mutating func takeUncommitted() -> [TopicPartition: Int64] {
        defer { dirty = [] }
        return next.filter { dirty.contains($0.key) }
    }

    /// A commit did not arrive: everything is to be told again.
    mutating func commitFailed() { dirty = Set(next.keys) }

    var hasUncommitted: Bool { !dirty.isEmpty }

    /// The partitions are no longer ours: whoever has them now knows better.
    mutating func revoked(_ partitions: some Sequence<TopicPartition>) {
        for partition in partitions {
            next[partition] = nil
            dirty.remove(partition)
        }
    }
}
