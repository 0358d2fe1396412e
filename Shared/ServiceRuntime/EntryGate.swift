import Messaging
import Observability
import RecordModel
import Storage
import Synchronization
import Web

/// Measures whether entries must be held back: by what is unpublished here, and by how far the readers of what this
/// service writes are behind, in bytes of the partition furthest behind.
final class EntryGate: Sendable {
    private let relay: OutboxRelay
    private let lag: LagMonitor?
    private let outboxBytes: Int
    private let partitionBytes: Int64

    init(service: String, kafka: KafkaConfiguration, relay: OutboxRelay, configuration: Configuration, log: Log) {
        self.relay = relay
        outboxBytes = configuration[StandardSettings.holdBackOutboxBytes]
        partitionBytes = Int64(configuration[StandardSettings.holdBackPartitionBytes])
        let targets = EntryGate.targets(ofWriter: service)
        lag = targets.isEmpty ? nil : LagMonitor(kafka, targets: targets, log: log)
    }

    /// The groups that read what a service writes, with those topics alone.
    static func targets(ofWriter service: String) -> [LagMonitor.Target] {
        let written = Topic.all.filter { $0.writers.contains(service) }
        let groups = Set(written.flatMap(\.readers)).sorted()
        return groups.map { group in
            LagMonitor.Target(group: group, topics: written.filter { $0.readers.contains(group) }.map(\.name))
        }
    }

    /// Why entries must be held back now; nil when they need not be. Asks the brokers: some milliseconds.
    func measure() -> String? {
        let memory = relay.memory
        if memory.isBehind || memory.bytes > outboxBytes { return "events wait to be published" }
        guard let lag else { return nil }
        do {
            let waiting = try lag.measure(timeout: .seconds(5)).outstandingPartitionBytes
            return waiting > partitionBytes ? "readers of what was taken in are behind" : nil
        } catch {
            return "the broker does not answer"
        }
    }
}
