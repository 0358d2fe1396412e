public import RecordModel
public import Storage

/// A parked message that was given up, without its content.
public struct DiscardedMessage: Sendable, Hashable {
    /// The number it had while it was parked.
    public let id: Int64
    public let topic: String
    public let partition: Int32
    public let offset: Int64
    public let eventType: String
    public let errorClass: String
    public let reason: String
    public let attempts: Int32
    public let firstFailedAt: Instant
    public let discardedAt: Instant
    public let discardedBy: String
    /// Why it was given up, in the operator's words.
    public let note: String
}

extension ParkedMessages {
    /// What was given up, by its number, for a page.
    public static func discarded(
        after id: Int64 = 0, limit: Int = 100, in session: some SQLSession
    ) throws -> [DiscardedMessage] {
        try session.query(
            """
            SELECT id, topic, partition, message_offset, event_type, error_class, reason, attempts, first_failed_at,
                   discarded_at, discarded_by, note
            FROM discarded WHERE id > $1 ORDER BY id LIMIT $2
            """, [.int8(id), .int8(Int64(limit))]
        ) { row in
            DiscardedMessage(
                id: row.int8(0), topic: row.text(1), partition: row.int4(2), offset: row.int8(3),
                eventType: row.text(4), errorClass: row.text(5), reason: row.text(6), attempts: row.int4(7),
                firstFailedAt: row.instant(8), discardedAt: row.instant(9), discardedBy: row.text(10),
                note: row.text(11))
        }
    }
}
