public import RecordModel
public import Storage

/// Which parked messages are meant. Everything that is nil matches.
public struct ParkedFilter: Sendable, Hashable {
    public var topic: String?
    /// The class of the message that keeps its key parked; what waits behind it goes with it.
    public var errorClass: String?
    /// The number of a parked message, as `ParkedMessage.id`.
    public var id: Int64?

    public init(topic: String? = nil, errorClass: String? = nil, id: Int64? = nil) {
        self.topic = topic
        self.errorClass = errorClass
        self.id = id
    }

    var parameters: [SQLValue] { [.text(topic), .text(errorClass), .int8(id)] }
    static let condition = """
        ($1::text IS NULL OR topic = $1) AND ($2::text IS NULL OR error_class = $2) AND ($3::int8 IS NULL OR id = $3)
        """
}

/// A parked message without its content, for operators.
public struct ParkedMessage: Sendable, Hashable {
    public let id: Int64
    public let topic: String
    public let partition: Int32
    public let offset: Int64
    public let eventType: String
    public let eventID: String
    public let errorClass: String
    public let reason: String
    /// It is parked only because an earlier message of its key is.
    public let isBehind: Bool
    public let attempts: Int32
    public let firstFailedAt: Instant
    public let lastFailedAt: Instant
    public let valueBytes: Int
}

/// Looks into a consumer's parked messages.
public enum ParkedMessages {
    /// Parked messages in the order in which they were parked, for a page.
    public static func list(
        _ filter: ParkedFilter = ParkedFilter(), after id: Int64 = 0, limit: Int = 100, in session: some SQLSession
    ) throws -> [ParkedMessage] {
        try session.query(
            """
            SELECT id, topic, partition, message_offset, event_type, headers, error_class, reason, is_behind, attempts,
                   first_failed_at, last_failed_at, octet_length(value)
            FROM parked WHERE \(ParkedFilter.condition) AND id > $4 ORDER BY id LIMIT $5
            """, filter.parameters + [.int8(id), .int8(Int64(limit))]
        ) { row in
            ParkedMessage(
                id: row.int8(0), topic: row.text(1), partition: row.int4(2), offset: row.int8(3),
                eventType: row.text(4),
                eventID: storable(MessageHeaders(packed: row.bytes(5)).text(CloudEvent.id)), errorClass: row.text(6),
                reason: row.text(7), isBehind: row.bool(8), attempts: row.int4(9), firstFailedAt: row.instant(10),
                lastFailedAt: row.instant(11), valueBytes: row.int(12))
        }
    }

    /// How many are parked, by topic and error class.
    public static func counts(in session: some SQLSession) throws -> [(topic: String, errorClass: String, count: Int)] {
        try session.query("SELECT topic, error_class, count(*) FROM parked GROUP BY 1, 2 ORDER BY 1, 2", []) { row in
            (row.text(0), row.text(1), row.int(2))
        }
    }

    public static func count(in session: some SQLSession) throws -> Int {
        try session.query("SELECT count(*) FROM parked", []) { $0.int(0) }.first ?? 0
    }
}
