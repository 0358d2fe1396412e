public import RecordModel

/// Where committed events go. Implemented by Messaging's producer; a test may record them.
public protocol EventPublisher: Sendable {
    /// Publishes the events in order. The completion is called once, on any thread, when all have been acknowledged or
    /// one has failed for good; it may be called before this returns. Blocks while the publisher's buffer is full.
    func publish(_ events: [OutgoingEvent], completion: @escaping @Sendable (Result<Void, any Error>) -> Void)
}

/// What has been committed and not yet been acknowledged by the broker.
public struct OutboxDepth: Sendable, Equatable {
    public var rows: Int
    public var events: Int
    public var bytes: Int
    /// Age of the oldest row; 0 when there is none.
    public var oldestSeconds: Double

    /// Counts the outbox table of the session's schema, the rows of all instances.
    public static func read(_ session: some SQLSession) throws -> OutboxDepth {
        try session.query(
            """
            SELECT count(*), coalesce(sum(event_count), 0)::int8, coalesce(sum(octet_length(events)), 0)::int8,
                   coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8
            FROM outbox
            """
        ) { row in
            OutboxDepth(rows: row.int(0), events: row.int(1), bytes: row.int(2), oldestSeconds: max(0, row.float8(3)))
        }[0]
    }
}

enum OutboxOwner {
    /// Rows written where no relay runs: any relay takes them.
    static let nobody: Int32 = 0
}

/// A row of the outbox whose commit is certain.
struct CommittedRow: Sendable {
    let id: Int64
    let events: [OutgoingEvent]
    let bytes: Int
}

/// The relay as a transaction sees it.
protocol OutboxSink: Sendable {
    /// The number whose advisory lock this instance holds.
    var owner: Int32 { get }
    func committed(_ rows: [CommittedRow])
    func commitOutcomeUnknown()
}
