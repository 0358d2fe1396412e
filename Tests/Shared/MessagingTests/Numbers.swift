import RecordModel
import Storage
import TestSupport
import Testing

@testable import Messaging

/// Events that carry a number of their key, so that order and gaps can be seen.
enum Numbers {
    static let type = "test.Number"

    static func event(_ topic: Topic, key: String, _ number: Int, type: String = Numbers.type) -> OutgoingEvent {
        OutgoingEvent(
            topic: topic.name, key: Array(key.utf8), value: Array("\(number)".utf8), id: "\(key):\(number)", type: type,
            source: "test", time: Instant(microseconds: 1_600_000_000_000_000), subject: key,
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    }

    /// `perKey` numbers for each of `keys` keys, keys mixed.
    static func events(_ topic: Topic, keys: Int, numbers: Range<Int>) -> [OutgoingEvent] {
        numbers.flatMap { number in (0..<keys).map { event(topic, key: "k\($0)", number) } }
    }

    static func number(_ message: InboundMessage) -> Int? { Int(String(decoding: message.value, as: UTF8.self)) }
    static func key(_ message: InboundMessage) -> String { String(decoding: message.key, as: UTF8.self) }
}

/// A sink without a database: remembers what came, in order.
final class RecordingSink: BatchSink {
    struct Seen: Sendable {
        var messages: [InboundMessage] = []
        var batches = 0
    }

    let seen = Monitor(Seen())
    private let onBatch: @Sendable (Int) -> Void

    init(onBatch: @escaping @Sendable (Int) -> Void = { _ in }) { self.onBatch = onBatch }

    func process(_ batch: [InboundMessage], gate: BatchGate) -> Bool {
        let number = seen.update { seen in
            seen.batches += 1
            return seen.batches
        }
        onBatch(number)
        seen.update { $0.messages += batch }
        return true
    }

    func wait(_ count: Int, _ timeout: Duration = .seconds(40)) -> [InboundMessage] {
        _ = seen.wait(timeout) { $0.messages.count >= count ? true : nil }
        return seen.update { $0.messages }
    }
}

/// Writes numbers into a table of effects and a journal of their order; an effect that is there changes nothing.
final class NumbersHandler: BatchHandler {
    static let migrations =
        InfrastructureMigrations.all + ParkingMigrations.all + [
            Migration(
                number: 101, name: "numbers",
                sql: """
                    CREATE TABLE effect (key text, number int8, PRIMARY KEY (key, number), CHECK (number <> 666));
                    CREATE TABLE journal (id int8 GENERATED ALWAYS AS IDENTITY, key text, number int8);
                    """)
        ]

    struct State: Sendable {
        /// Unknown types are taken from now on.
        var isFixed = false
        var calls = 0
        var seen: Set<String> = []
    }

    let state = Monitor(State())

    func handle(_ batch: [InboundMessage], in transaction: Transaction) throws -> [Rejection] {
        let isFixed = state.update { state in
            state.calls += 1
            return state.isFixed
        }
        var rejections: [Rejection] = []
        var keys: [String] = []
        var numbers: [Int64] = []
        for (index, message) in batch.enumerated() {
            switch message.eventType {
            case Numbers.type: break
            case DoseRecord.eventType where !isFixed:
                do throws(WireError) { _ = try DoseRecord(wire: message.value) } catch {
                    rejections.append(Rejection(index: index, errorClass: "undecodable", reason: error.description))
                }
                continue
            case _ where isFixed: break
            default:
                rejections.append(Rejection(index: index, errorClass: "unknown-type", reason: "type is not known"))
                continue
            }
            keys.append(Numbers.key(message))
            numbers.append(Int64(Numbers.number(message) ?? -1))
        }
        if !keys.isEmpty {
            try transaction.execute(
                """
                WITH new AS (
                    INSERT INTO effect SELECT * FROM unnest($1::text[], $2::int8[]) ON CONFLICT DO NOTHING RETURNING key, number)
                INSERT INTO journal (key, number)
                SELECT key, number FROM new JOIN unnest($1::text[], $2::int8[]) WITH ORDINALITY AS row(key, number, place)
                    USING (key, number) ORDER BY place
                """, [.texts(keys), .int8s(numbers)])
        }
        state.update { state in
            for (key, number) in zip(keys, numbers) { state.seen.insert("\(key):\(number)") }
        }
        return rejections
    }

    func waitForSeen(_ count: Int, _ timeout: Duration = .seconds(60)) -> Bool {
        state.wait(timeout) { $0.seen.count >= count ? true : nil } ?? false
    }

    /// The numbers of each key in the order in which they took effect.
    static func journal(_ database: Database) throws -> [String: [Int]] {
        var journal: [String: [Int]] = [:]
        try database.withConnection { connection in
            try connection.query("SELECT key, number FROM journal ORDER BY id", []) { row in
                journal[row.text(0), default: []].append(row.int(1))
            }
        }
        return journal
    }
}

func expectInOrder(_ journal: [String: [Int]], keys: Int, numbers: Range<Int>) {
    #expect(journal.count == keys)
    for (key, found) in journal { #expect(found == Array(numbers), "key \(key)") }
}

extension ConsumerOptions {
    /// Quick to notice things.
    static var quick: ConsumerOptions {
        var options = ConsumerOptions()
        options.sessionTimeoutMilliseconds = 4_000
        return options
    }
}

/// Blocking use of a test's database from a test's thread.
func withNumbers(_ body: (Database) throws -> Void) throws {
    try TestPostgres.shared().withDatabase(migrations: NumbersHandler.migrations, body)
}
