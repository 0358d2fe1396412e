import CRDKafka
public import Observability
public import RecordModel
public import Storage
import Synchronization

/// Publishes events: idempotent, acknowledged by all replicas, keys placed as Java places them.
///
/// Order: the events of one call, and of the calls of one thread, arrive in their order. Memory is bounded; `publish`
/// waits when it is full, which is how a broker that is away slows its writers. Messages wait for the broker without
/// limit of time. An error that ends an idempotent producer makes a new one, which takes over what was not acknowledged;
/// consumers may then see a message twice, and know it by what it carries.
public final class Producer: EventPublisher, Sendable {
    private let core: ProducerCore

    /// - Throws: `MessagingError.setting`. Brokers need not be reachable yet.
    public init(_ configuration: KafkaConfiguration, log: Log) throws {
        core = try ProducerCore(configuration.producerProperties(), log: log)
    }

    /// Publishes events in order.
    ///
    /// - Parameter completion: called once, on the delivery thread: success when every event has been acknowledged, else
    ///   the first refusal, after all others have been settled. It must be brief.
    public func publish(
        _ events: [OutgoingEvent], completion: @escaping @Sendable (Result<Void, any Error>) -> Void
    ) {
        core.publish(events) { completion($0.map { _ in }) }
    }

    /// As `publish`, and tells where each event lies, in the order of `events`. A replay keeps a row until the group
    /// that takes it has committed an offset beyond that position.
    public func publishTracked(
        _ events: [OutgoingEvent],
        completion: @escaping @Sendable (Result<[RecordPosition], any Error>) -> Void
    ) {
        core.publish(events, completion: completion)
    }

    /// Publishes and waits for the acknowledgement; for tools and tests.
    public func publishAndWait(_ events: [OutgoingEvent], timeout: Duration = .seconds(30)) throws -> [RecordPosition] {
        let answer = Monitor<Result<[RecordPosition], any Error>?>(nil)
        core.publish(events) { result in answer.update { $0 = result } }
        guard let result = answer.wait(timeout, until: { $0 }) else {
            throw KafkaError(
                operation: "publish", name: "_TIMED_OUT", reason: "no acknowledgement within \(timeout)", code: -185)
        }
        return try result.get()
    }

    /// Messages handed over and not yet acknowledged or refused.
    public var inFlight: Int { core.inFlight }

    /// Waits up to `timeout` for outstanding acknowledgements, then ends; what is left fails with `MessagingError.closed`.
    public func close(timeout: Duration = .seconds(10)) { core.close(timeout: timeout) }

    deinit { core.close(timeout: .zero) }

    /// Makes the client fail for good, as a broker's fatal answer would; for tests.
    func failFatally() { core.failFatally() }
    var generation: Int { core.generation }
}
