import RecordModel
import Storage

/// A parked message with its number in the table.
struct ParkedRow: Sendable {
    let id: Int64
    let message: InboundMessage
}

/// Handles the parked messages of one key again, in their order; for redrives and for giving a message up.
struct KeyHandling: Sendable {
    let parking: Parking
    let handler: any BatchHandler

    /// Messages of one key handled in one transaction at most.
    static let portion = 2_000

    struct Outcome {
        var handled = 0
        /// Messages of the key that are still parked.
        var left = 0
        /// What the first of them is refused for, when it was tried.
        var obstacle: Rejection?
    }

    /// Handles the first messages of a key, up to one that is refused again.
    ///
    /// The caller holds the key's lock (`Parking.lock`).
    func handlePortion(of key: MessageKey, in transaction: Transaction) throws -> Outcome {
        let rows = try read(key, in: transaction)
        let (handled, obstacle) = try handle(rows.map(\.message), in: transaction)
        try remove(rows.prefix(handled), in: transaction)
        if let obstacle {
            try transaction.execute(
                """
                UPDATE parked SET attempts = attempts + 1, last_failed_at = $2, error_class = $3, reason = $4, is_behind = false
                WHERE id = $1
                """,
                [
                    .int8(rows[handled].id), .instant(.now()), .text(storable(obstacle.errorClass)),
                    .text(storable(obstacle.reason, limit: 1_000)),
                ])
        }
        return Outcome(handled: handled, left: try count(key, in: transaction), obstacle: obstacle)
    }

    /// The first messages of a key, in the order in which they were parked.
    func read(_ key: MessageKey, in transaction: Transaction) throws -> [ParkedRow] {
        try transaction.query(
            """
            SELECT id, partition, message_offset, message_time, message_key, value, headers, event_type
            FROM parked WHERE topic = $1 AND message_key = $2 ORDER BY id LIMIT \(Self.portion)
            """, [.text(key.topic), .bytes(key.key)]
        ) { row in
            ParkedRow(
                id: row.int8(0),
                message: InboundMessage(
                    parkedTopic: key.topic, partition: row.int4(1), offset: row.int8(2), time: row.instant(3),
                    key: row.bytes(4), value: row.bytes(5), headers: row.bytes(6), eventType: row.text(7)))
        }
    }

    func remove(_ rows: some Sequence<ParkedRow>, in transaction: Transaction) throws {
        try transaction.execute("DELETE FROM parked WHERE id = ANY($1)", [.int8s(rows.map(\.id))])
    }

    func count(_ key: MessageKey, in transaction: Transaction) throws -> Int {
        try transaction.query(
            "SELECT count(*) FROM parked WHERE topic = $1 AND message_key = $2", [.text(key.topic), .bytes(key.key)]
        ) { $0.int(0) }.first ?? 0
    }

    /// All at once where that goes; else one after the other up to the first that is refused.
    private func handle(
        _ messages: [InboundMessage], in transaction: Transaction
    ) throws -> (handled: Int, obstacle: Rejection?) {
        guard messages.count > 1 else { return try handleEach(messages, in: transaction) }
        do {
            try transaction.savepoint {
                let rejections = try handler.handle(messages, in: transaction)
                if !rejections.isEmpty { throw Refused() }
            }
            return (messages.count, nil)
        } catch  where error is Refused || isMessageFault(error) {
            return try handleEach(messages, in: transaction)
        }
    }

    /// Handles messages one after the other, each behind a savepoint, up to the first that is refused.
    func handleEach(
        _ messages: [InboundMessage], in transaction: Transaction
    ) throws -> (handled: Int, obstacle: Rejection?) {
        for (index, message) in messages.enumerated() {
            do {
                let rejections = try transaction.savepoint { try handler.handle([message], in: transaction) }
                if let rejection = rejections.first { return (index, rejection) }
            } catch  where isMessageFault(error) {
                return (index, Rejection(index: index, errorClass: errorClass(of: error), reason: reason(of: error)))
            }
        }
        return (messages.count, nil)
    }

    private struct Refused: Error {}
}
