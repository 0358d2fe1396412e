import RecordModel
import Storage

/// A message about to be parked.
struct ParkingEntry: Sendable {
    let message: InboundMessage
    let errorClass: String
    let reason: String

    /// The class of messages that wait behind a parked one of their key.
    static let behind = "behind"

    var isBehind: Bool { errorClass == Self.behind }

    init(_ message: InboundMessage, errorClass: String, reason: String) {
        self.message = message
        self.errorClass = errorClass
        self.reason = reason
    }

    init(behind message: InboundMessage) {
        self.init(message, errorClass: Self.behind, reason: "an earlier message of the same key is parked")
    }
}

/// What belongs together: the messages of one key of one topic, as the `parked` table knows it.
struct MessageKey: Hashable, Sendable {
    let topic: String
    let key: [UInt8]

    /// An index entry holds at most a third of a page; longer keys are told apart by their beginning only, and what
    /// begins alike waits together. The whole key is kept beside the headers.
    static let indexedBytes = 2_000
}

extension InboundMessage {
    var messageKey: MessageKey {
        MessageKey(
            topic: topic, key: key.count <= MessageKey.indexedBytes ? key : Array(key.prefix(MessageKey.indexedBytes)))
    }
}

/// From where on a key's messages of one partition are parked.
struct ParkedFrom: Sendable, Hashable {
    let offset: Int64
    let time: Instant

    /// Whether the message lies before: it is delivered again after a crash. A new broker counts offsets anew, but its
    /// messages are younger.
    func follows(_ message: InboundMessage) -> Bool { message.offset < offset && message.timestamp <= time }
}

typealias ParkedKeys = [MessageKey: [Int32: ParkedFrom]]

/// The parked messages of a consumer, in its own schema.
///
/// Nobody is stranded: whoever parks behind a parked key takes the key's advisory lock first and looks again; a redrive
/// holds that lock from reading the key's messages to the commit that frees the key.
struct Parking: Sendable {
    /// The consumer group; several groups may share a database, not a schema.
    let group: String

    /// First number of the two-number advisory locks of parked keys ("PARK").
    static let lockClass: Int32 = 0x5041_524B

    /// Looks at this many parked rows as a whole; beyond, only at the batch's keys.
    private static let fewRows = 1_000

    /// The keys of the batch that are parked, with the lowest parked offset of each partition. Locked until the commit.
    func parkedKeys(of batch: [InboundMessage], in transaction: Transaction) throws -> ParkedKeys {
        guard try mayBeParked(batch, in: transaction) else { return [:] }
        let keys = Set(batch.map(\.messageKey))
        let candidates = try lookUp(keys, in: transaction)
        guard !candidates.isEmpty else { return [:] }
        try lock(Array(candidates.keys), in: transaction)
        return try lookUp(Set(candidates.keys), in: transaction)
    }

    /// One cheap question, since nearly always nothing is parked.
    private func mayBeParked(_ batch: [InboundMessage], in transaction: Transaction) throws -> Bool {
        let rows = try transaction.query("SELECT topic, message_key FROM parked LIMIT \(Self.fewRows)", []) { row in
            MessageKey(topic: row.text(0), key: row.bytes(1))
        }
        if rows.isEmpty { return false }
        if rows.count == Self.fewRows { return true }
        let parked = Set(rows)
        return batch.contains { parked.contains($0.messageKey) }
    }

    private func lookUp(_ keys: Set<MessageKey>, in transaction: Transaction) throws -> ParkedKeys {
        let keys = Array(keys)
        var found: ParkedKeys = [:]
        try transaction.query(
            """
            SELECT p.topic, p.message_key, p.partition, min(p.message_offset), min(p.message_time)
            FROM unnest($1::text[], $2::bytea[]) AS wanted(topic, key)
            JOIN parked p ON p.message_key = wanted.key AND p.topic = wanted.topic
            GROUP BY 1, 2, 3
            """, [.texts(keys.map(\.topic)), .byteArrays(keys.map(\.key))]
        ) { row in
            found[MessageKey(topic: row.text(0), key: row.bytes(1)), default: [:]][row.int4(2)] = ParkedFrom(
                offset: row.int8(3), time: row.instant(4))
        }
        return found
    }

    /// Takes the locks of keys, in an order that all share.
    func lock(_ keys: [MessageKey], in transaction: Transaction) throws {
        try transaction.query(
            """
            SELECT pg_advisory_xact_lock($1, number) IS NULL
            FROM (SELECT DISTINCT hashtext($2 || '/' || topic || '/' || encode(key, 'hex')) AS number
                  FROM unnest($3::text[], $4::bytea[]) AS wanted(topic, key) ORDER BY 1 OFFSET 0) AS numbers
            """,
            [.int4(Self.lockClass), .text(group), .texts(keys.map(\.topic)), .byteArrays(keys.map(\.key))]
        ) { _ in }
    }

    /// Writes messages in the given order and tells of those that are not merely waiting behind another.
    func park(_ entries: [ParkingEntry], in transaction: Transaction, now: Instant = .now()) throws {
        guard !entries.isEmpty else { return }
        let messages = entries.map(\.message)
        try transaction.execute(
            """
            INSERT INTO parked (topic, partition, message_offset, message_time, message_key, value, headers, event_type,
                                error_class, reason, is_behind, attempts, first_failed_at, last_failed_at)
            SELECT topic, partition, message_offset, message_time, message_key, value, headers, event_type,
                   error_class, reason, error_class = $11, 1, $12, $12
            FROM unnest($1::text[], $2::int4[], $3::int8[], $4::timestamptz[], $5::bytea[], $6::bytea[], $7::bytea[],
                        $8::text[], $9::text[], $10::text[]) WITH ORDINALITY
                 AS row(topic, partition, message_offset, message_time, message_key, value, headers, event_type,
                        error_class, reason, number)
            ORDER BY number
            ON CONFLICT (topic, partition, message_offset, message_time) DO NOTHING
            """,
            [
                .texts(messages.map(\.topic)), .int4s(messages.map(\.partition)), .int8s(messages.map(\.offset)),
                .instants(messages.map(\.timestamp)), .byteArrays(messages.map(\.messageKey.key)),
                .byteArrays(messages.map(\.value)), .byteArrays(messages.map(\.parkedHeaders.packed)),
                .texts(messages.map { storable($0.eventType) }), .texts(entries.map { storable($0.errorClass) }),
                .texts(entries.map { storable($0.reason, limit: 1_000) }), .text(ParkingEntry.behind), .instant(now),
            ])
        for entry in entries where !entry.isBehind {
            try transaction.emit(ParkedNotice(entry, group: group, at: now).event)
        }
    }
}

extension InboundMessage {
    private static let wholeKey: StaticString = "tiemchung-whole-key"

    /// The headers as they came, and the key where it is too long for its column.
    var parkedHeaders: MessageHeaders {
        guard key.count > MessageKey.indexedBytes else { return headers }
        var headers = headers
        headers.append(Self.wholeKey.description, key)
        return headers
    }

    /// A parked message as it arrived.
    init(
        parkedTopic topic: String, partition: Int32, offset: Int64, time: Instant, key: [UInt8], value: [UInt8],
        headers packed: [UInt8], eventType: String
    ) {
        var headers = MessageHeaders(packed: packed)
        var key = key
        if key.count == MessageKey.indexedBytes, let last = headers.all.last, last.name == Self.wholeKey.description {
            key = last.value ?? key
            var without = MessageHeaders()
            for header in headers.all.dropLast() { without.append(header.name, header.value) }
            headers = without
        }
        self.init(
            topic: topic, partition: partition, offset: offset, key: key, value: value, eventType: eventType,
            headers: headers, timestamp: time)
    }
}

/// Text that PostgreSQL takes and an index can hold, whatever a foreign header held.
func storable(_ text: String, limit: Int = 255) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.lazy.filter { $0 != "\0" }.prefix(limit)))
}
