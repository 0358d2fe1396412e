import Observability
import RecordModel
import Storage

/// One transaction per batch: messages of parked keys are parked behind, the rest goes to the handler, what it rejects
/// is parked, all with the handler's own writes and events. See `Messaging.swift` for how failures are told apart.
final class BatchProcessor: BatchSink {
    private let parking: Parking
    private let handler: any BatchHandler
    private let database: Database
    private let status: ConsumerStatus
    private let log: Log
    private let duration: Histogram
    private let parkedTotal: Counter
    private let retriedTotal: Counter

    init(group: String, handler: any BatchHandler, database: Database, status: ConsumerStatus, log: Log) {
        parking = Parking(group: group)
        self.handler = handler
        self.database = database
        self.status = status
        self.log = log
        let metrics = MetricsRegistry.shared
        duration = metrics.histogram(
            "handler_duration_seconds", help: "A batch's transaction.", buckets: Histogram.seconds)
        parkedTotal = metrics.counter("messages_parked_total", help: "Messages parked, also behind others.")
        retriedTotal = metrics.counter("batch_retries_total", help: "Batches tried again after a passing failure.")
    }

    func process(_ batch: [InboundMessage], gate: BatchGate) -> Bool {
        var backoff = Backoff()
        var carefully = false
        while true {
            let start = ContinuousClock.now
            do {
                let parked = try attempt(batch, carefully: carefully)
                settled(batch, parked: parked, took: start.duration(to: .now))
                return true
            } catch let failure as BatchFailure {
                // Something in the batch is wrong by itself: find it.
                log.warning(
                    "a batch holds messages that cannot be handled; looking for them", ["cause": .string(failure.cause)]
                )
                carefully = true
            } catch {
                retriedTotal.add(1)
                let pause = backoff.next()
                status.update { $0.trouble = "\(error)" }
                let fields: KeyValuePairs<StaticString, LogValue> = [
                    "error": .error(error), "messages": .int(batch.count), "again_ms": .int(Int(pause.milliseconds)),
                ]
                if (error as? StorageError)?.isTransient ?? false {
                    log.warning("a batch is tried again", fields)
                } else {
                    log.error("a batch cannot be handled until this is put right; it is tried again", fields)
                }
                if !gate.pause(pause) { return false }
            }
        }
    }

    private func settled(_ batch: [InboundMessage], parked: Int, took: Duration) {
        let seconds = took.seconds
        duration.observe(seconds: seconds)
        if parked > 0 { parkedTotal.add(parked) }
        status.update { health in
            health.trouble = nil
            health.parkedMessages += parked
        }
        let fields: KeyValuePairs<StaticString, LogValue> = [
            "messages": .int(batch.count), "parked": .int(parked), "seconds": .double(seconds),
        ]
        if parked > 0 { log.warning("batch handled", fields) } else { log.debug("batch handled", fields) }
    }

    /// - Returns: how many messages were parked.
    private func attempt(_ batch: [InboundMessage], carefully: Bool) throws -> Int {
        try database.transaction { transaction in
            let parkedKeys = try parking.parkedKeys(of: batch, in: transaction)
            var sorter = BatchSorter(batch, parkedKeys: parkedKeys)
            if carefully {
                try CarefulHandling(handler: handler, transaction: transaction).handle(sorter.free, &sorter)
            } else if !sorter.free.isEmpty {
                let messages = sorter.free.count == batch.count ? batch : sorter.free.map { batch[$0] }
                do {
                    let rejections = try handler.handle(messages, in: transaction)
                    guard sorter.park(rejections, of: sorter.free) else {
                        throw BatchFailure(cause: "rejected out of order")
                    }
                } catch  where isMessageFault(error) {
                    throw BatchFailure(cause: errorClass(of: error))
                }
            }
            let entries = sorter.entries
            try parking.park(entries, in: transaction)
            return entries.count
        }
    }
}

/// A batch that has to be looked at message by message.
private struct BatchFailure: Error {
    let cause: String
}

/// Whether an error comes from a message rather than from the moment.
func isMessageFault(_ error: any Error) -> Bool {
    guard let error = error as? StorageError else { return !(error is BatchFailure) }
    if case .eventTooLarge = error { return true }
    if case .refused(let refusal) = error, refusal.state.hasPrefix("P0") { return true }
    return error.isDataError
}

/// A short name of what an error is, for the parked message.
func errorClass(of error: any Error) -> String {
    switch error {
    case StorageError.eventTooLarge: "event-too-large"
    case StorageError.refused(let refusal): "sql-\(refusal.state)"
    case is WireError: "undecodable"
    default: "handler-error"
    }
}

/// What may be said about an error without quoting a value.
func reason(of error: any Error) -> String {
    switch error {
    case let error as StorageError: error.description
    case let error as WireError: error.description
    default: "the handler failed with \(type(of: error))"
    }
}

extension Duration {
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

/// Growing pauses between attempts: from 100 ms doubling to 5 s, with some spread.
struct Backoff: Sendable {
    private var milliseconds = 100

    mutating func next() -> Duration {
        defer { milliseconds = min(5_000, milliseconds * 2) }
        return .milliseconds(milliseconds + Int.random(in: 0...milliseconds / 4))
    }
}
