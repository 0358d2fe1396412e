import RecordModel
import Storage
import Testing

@testable import Messaging

/// Giving up a parked message, against a real database.
@Suite("Giving a parked message up")
struct DiscardTests {
    private func messages(_ events: [OutgoingEvent]) -> [InboundMessage] {
        events.enumerated().map { InboundMessage($1, offset: Int64($0)) }
    }

    /// Key `a`: its number 1 is of an unknown type; 2, another unknown type at 3, and 4 wait behind. Key `b` is free.
    private func park(_ database: Database, _ handler: NumbersHandler) throws -> [ParkedMessage] {
        let topic = freshTopic()
        var events = (0..<5).map { Numbers.event(topic, key: "a", $0) } + [Numbers.event(topic, key: "b", 0)]
        events[1].type = "unknown"
        events[3].type = "unknown"
        let processor = BatchProcessor(
            group: "g", handler: handler, database: database, status: ConsumerStatus(), log: testLog)
        #expect(processor.process(messages(events), gate: BatchGate()))
        return try database.withConnection { try ParkedMessages.list(in: $0) }
    }

    @Test("it is kept with who and why, and what waits behind it is handled in order, up to the next one")
    func discard() async throws {
        try await onThread {
            try withNumbers { database in
                let handler = NumbersHandler()
                let parked = try park(database, handler)
                #expect(parked.map(\.offset) == [1, 2, 3, 4])
                let redrive = Redrive(group: "g", handler: handler, database: database, log: testLog)
                // What waits behind has nothing wrong of its own; what is not there cannot be given up.
                #expect(throws: DiscardRefusal.waits(behind: parked[0].id)) {
                    try redrive.discard(id: parked[1].id, note: "n", by: "p")
                }
                #expect(throws: DiscardRefusal.notParked) { try redrive.discard(id: 987_654, note: "n", by: "p") }

                let plan = try redrive.discard(id: parked[0].id, note: "typed by a test", by: "account-1", dryRun: true)
                #expect(plan.discarded && plan.handled == 1 && plan.left == 2)
                #expect(plan.obstacle?.hasPrefix("unknown-type: ") == true)
                #expect(try database.withConnection { try ParkedMessages.list(in: $0) } == parked)
                #expect(try database.withConnection { try ParkedMessages.discarded(in: $0) }.isEmpty)
                #expect(try NumbersHandler.journal(database) == ["a": [0], "b": [0]])

                let done = try redrive.discard(id: parked[0].id, note: "typed by a test", by: "account-1")
                #expect(done == plan)
                #expect(try NumbersHandler.journal(database) == ["a": [0, 2], "b": [0]])
                let left = try database.withConnection { try ParkedMessages.list(in: $0) }
                #expect(left.map(\.offset) == [3, 4])
                #expect(left.map(\.isBehind) == [false, true])
                let kept = try database.withConnection { try ParkedMessages.discarded(in: $0) }
                #expect(kept.map(\.id) == [parked[0].id] && kept.map(\.offset) == [1])
                #expect(kept.map(\.discardedBy) == ["account-1"] && kept.map(\.note) == ["typed by a test"])
                #expect(kept.map(\.errorClass) == ["unknown-type"] && kept.map(\.attempts) == [2])
                let value = try database.withConnection { connection in
                    try connection.query("SELECT value FROM discarded", []) { $0.bytes(0) }
                }
                #expect(value == [Array("1".utf8)])

                #expect(throws: DiscardRefusal.notParked) { try redrive.discard(id: parked[0].id, note: "n", by: "p") }
                let last = try redrive.discard(id: left[0].id, note: "this one too", by: "account-2")
                #expect(last.discarded && last.handled == 1 && last.left == 0 && last.obstacle == nil)
                #expect(try NumbersHandler.journal(database) == ["a": [0, 2, 4], "b": [0]])
                #expect(
                    try database.withConnection { try ParkedMessages.discarded(after: kept[0].id, in: $0) }.count == 1)
            }
        }
    }

    @Test("what can be handled by now takes effect and is not given up")
    func handledNow() async throws {
        try await onThread {
            try withNumbers { database in
                let handler = NumbersHandler()
                let parked = try park(database, handler)
                handler.state.update { $0.isFixed = true }
                let redrive = Redrive(group: "g", handler: handler, database: database, log: testLog)
                let report = try redrive.discard(id: parked[0].id, note: "n", by: "p")
                #expect(!report.discarded && report.handled == 4 && report.left == 0)
                #expect(try NumbersHandler.journal(database)["a"] == [0, 1, 2, 3, 4])
                #expect(try database.withConnection { try ParkedMessages.discarded(in: $0) }.isEmpty)
            }
        }
    }
}
