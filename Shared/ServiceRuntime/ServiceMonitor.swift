import Messaging
import Observability
import Storage
import Web

/// Looks after the service about once a second: database, consumer, outbox, pool, pressure. Feeds health and gauges.
final class ServiceMonitor: Sendable {
    private let context: ServiceContext
    private let parts: ServiceParts
    private let consumer: ConsumerLoop?
    private let relay: OutboxRelay
    private let gate: EntryGate
    private let health: Health
    private let gauges: Gauges

    private struct Gauges: Sendable {
        let outboxRows, outboxEvents, outboxBytes, outboxAge: Gauge
        let parked, poolInUse, poolWaiting, ready: Gauge

        init(_ metrics: MetricsRegistry) {
            outboxRows = metrics.gauge("outbox_rows", help: "Outbox rows of all instances (one a commit).")
            outboxEvents = metrics.gauge("outbox_events", help: "Events in the outbox.")
            outboxBytes = metrics.gauge("outbox_bytes", help: "Bytes in the outbox.")
            outboxAge = metrics.gauge("outbox_oldest_seconds", help: "Age of the oldest outbox row.")
            parked = metrics.gauge("messages_parked", help: "Messages that are parked now.")
            poolInUse = metrics.gauge("database_pool_in_use", help: "Database connections in use.")
            poolWaiting = metrics.gauge("database_pool_waiting", help: "Checkouts that wait for a connection.")
            ready = metrics.gauge("service_ready", help: "1 when /readyz answers 200.")
        }
    }

    init(
        _ context: ServiceContext, _ parts: ServiceParts, consumer: ConsumerLoop?, relay: OutboxRelay, gate: EntryGate,
        health: Health
    ) {
        self.context = context
        self.parts = parts
        self.consumer = consumer
        self.relay = relay
        self.gate = gate
        self.health = health
        gauges = Gauges(context.metrics)
    }

    func run(_ stop: StopSignal) {
        repeat { turn() } while !stop.wait(seconds: 1)
    }

    func turn() {
        var sample = Health.Sample()
        do {
            let (outbox, parked) = try context.database.withConnection { connection in
                (try OutboxDepth.read(connection), try ParkedMessages.count(in: connection))
            }
            sample.databaseTrouble = nil
            sample.outbox = outbox
            sample.parked = parked
        } catch {
            sample.databaseTrouble = "\(error)"
            sample.outbox = health.sample.outbox
            sample.parked = health.sample.parked
        }
        sample.consumer = consumer?.health
        sample.ownReasons = parts.notReady?() ?? []
        if context.pressure.wasAsked() { context.pressure.set(gate.measure()) }
        health.tick(sample)
        publish(sample)
    }

    private func publish(_ sample: Health.Sample) {
        if let outbox = sample.outbox {
            gauges.outboxRows.set(outbox.rows)
            gauges.outboxEvents.set(outbox.events)
            gauges.outboxBytes.set(outbox.bytes)
            gauges.outboxAge.set(seconds: outbox.oldestSeconds)
        }
        gauges.parked.set(sample.parked)
        let (inUse, waiting) = context.database.poolUse
        gauges.poolInUse.set(inUse)
        gauges.poolWaiting.set(waiting)
        gauges.ready.set(health.notReady.isEmpty ? 1 : 0)
        for lag in consumer?.lag ?? [] {
            context.metrics.gauge(
                "consumer_lag", help: "Messages that this consumer is behind.",
                labels: [
                    ("topic", lag.topicPartition.topic), ("partition", String(lag.topicPartition.partition)),
                ]
            ).set(Int(lag.messages))
        }
    }
}
