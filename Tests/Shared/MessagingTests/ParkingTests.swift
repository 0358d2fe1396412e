import RecordModel
import Storage
import TestSupport
import Testing

@testable import Messaging

/// Poison on a real broker, and parking and redrive against a real database.
@Suite("Parking and redrive")
struct ParkingTests {
    @Test(
        "poison is parked, its key waits behind, the rest flows; redrive brings all home in order",
        arguments: BrokerKind.available)
    func poison(_ kind: BrokerKind) async throws {
        try await onBroker(kind) { broker in
            try withNumbers { database in
                let topic = freshTopic()
                let group = freshGroup()
                let notices = topic.parked(of: group)
                try broker.create([topic, notices])
                let producer = try Producer(broker.configuration("producer"), log: testLog)
                defer { producer.close() }
                let relay = OutboxRelay(database: database, publisher: producer, log: testLog)
                relay.start()
                defer { _ = relay.stop() }
                var events = Numbers.events(topic, keys: 10, numbers: 0..<5)
                // Key k3: its number 2 is of a type nobody knows. Key k4: number 1 is a dose record cut short.
                for index in events.indices {
                    switch events[index].id {
                    case "k3:2": events[index].type = "tiemchung.unknown.v1.Thing"
                    case "k4:1": (events[index].type, events[index].value) = (DoseRecord.eventType, [0x0a, 0x10, 1, 2])
                    default: break
                    }
                }
                _ = try producer.publishAndWait(events)
                let handler = NumbersHandler()
                let loop = ConsumerLoop(
                    configuration: broker.configuration("consumer", group: group), topics: [topic], handler: handler,
                    database: database, options: .quick, log: testLog)
                try loop.start()
                #expect(loop.status.wait(.seconds(40)) { $0.handledMessages >= 50 })
                // A later message of a parked key, in another batch.
                _ = try producer.publishAndWait([
                    Numbers.event(topic, key: "k3", 5), Numbers.event(topic, key: "k5", 5),
                ])
                #expect(loop.status.wait(.seconds(20)) { $0.handledMessages >= 52 })

                var journal = try NumbersHandler.journal(database)
                #expect(journal["k3"] == [0, 1])
                #expect(journal["k4"] == [0])
                #expect(journal["k5"] == [0, 1, 2, 3, 4, 5])
                let parked = try database.withConnection { try ParkedMessages.list(in: $0) }
                #expect(parked.count == 8)
                #expect(Set(parked.filter { !$0.isBehind }.map(\.errorClass)) == ["unknown-type", "undecodable"])
                #expect(parked.filter(\.isBehind).allSatisfy { $0.errorClass == "behind" })
                #expect(parked.contains { $0.eventID == "k3:5" })

                // Operators hear of it.
                let sink = RecordingSink()
                let reader = ConsumerLoop(
                    configuration: broker.configuration("operator", group: freshGroup()), topics: [notices],
                    options: .quick,
                    sink: sink, log: testLog)
                try reader.start()
                let told = sink.wait(2)
                reader.stop()
                #expect(told.count == 2)
                #expect(told.allSatisfy { $0.headers.text("content-type") == "application/json" })
                #expect(
                    told.contains {
                        String(decoding: $0.value, as: UTF8.self).contains(#""error_class":"unknown-type""#)
                    })

                let redrive = Redrive(group: group, handler: handler, database: database, log: testLog)
                let plan = try redrive.run(dryRun: true)
                #expect((plan.keys, plan.messages, plan.handled) == (2, 8, 0))
                // Not fixed yet: nothing moves, the attempt is counted.
                let vain = try redrive.run(ParkedFilter(errorClass: "unknown-type"))
                #expect((vain.keys, vain.handled, vain.freed) == (1, 0, 0))
                #expect(
                    try database.withConnection {
                        try ParkedMessages.list(ParkedFilter(errorClass: "unknown-type"), in: $0)
                    }
                    .map(\.attempts) == [2])
                handler.state.update { $0.isFixed = true }
                let done = try redrive.run()
                #expect((done.handled, done.freed, done.left) == (8, 2, 0))
                // The keys are free.
                _ = try producer.publishAndWait([Numbers.event(topic, key: "k3", 6)])
                #expect(loop.status.wait(.seconds(20)) { $0.handledMessages >= 53 })
                loop.stop()
                journal = try NumbersHandler.journal(database)
                #expect(journal["k3"] == [0, 1, 2, 3, 4, 5, 6])
                #expect(journal["k4"] == [0, -1, 2, 3, 4])
                #expect(try database.withConnection { try ParkedMessages.count(in: $0) } == 0)
            }
        }
    }

    private func processor(_ handler: any BatchHandler, _ database: Database, group: String = "g") -> BatchProcessor {
        BatchProcessor(group: group, handler: handler, database: database, status: ConsumerStatus(), log: testLog)
    }

    private func messages(_ events: [OutgoingEvent], from offset: Int64 = 0) -> [InboundMessage] {
        events.enumerated().map { InboundMessage($1, offset: offset + Int64($0)) }
    }

    @Test("a value that the database refuses is found by halving and parked alone")
    func bisect() async throws {
        try await onThread {
            try withNumbers { database in
                let topic = freshTopic()
                var events = Numbers.events(topic, keys: 50, numbers: 0..<20)
                events[333].value = Array("666".utf8)
                let key = String(decoding: events[333].key, as: UTF8.self)
                let handler = NumbersHandler()
                #expect(processor(handler, database).process(messages(events), gate: BatchGate()))
                let parked = try database.withConnection { try ParkedMessages.list(in: $0) }
                #expect(parked.filter { !$0.isBehind }.map(\.errorClass) == ["sql-23514"])
                #expect(parked.filter { !$0.isBehind }.map(\.offset) == [333])
                #expect(parked.count == 20 - 6)
                let journal = try NumbersHandler.journal(database)
                for (name, numbers) in journal { #expect(numbers == (name == key ? Array(0..<6) : Array(0..<20))) }
                #expect(handler.state.update { $0.calls } < 40)
                #expect(parked.allSatisfy { !$0.reason.contains("666") })
            }
        }
    }

    @Test("a batch that comes again after it has parked changes nothing")
    func again() async throws {
        try await onThread {
            try withNumbers { database in
                let topic = freshTopic()
                let events = [
                    Numbers.event(topic, key: "a", 0), Numbers.event(topic, key: "a", 1, type: "unknown"),
                    Numbers.event(topic, key: "a", 2),
                ]
                let handler = NumbersHandler()
                for _ in 0..<2 { #expect(processor(handler, database).process(messages(events), gate: BatchGate())) }
                #expect(try database.withConnection { try ParkedMessages.list(in: $0) }.map(\.offset) == [1, 2])
                let journal = try NumbersHandler.journal(database)
                #expect(journal == ["a": [0]])
            }
        }
    }

    @Test("an event that is too large parks the message that causes it")
    func eventTooLarge() async throws {
        struct Echo: BatchHandler {
            let topic: Topic
            func handle(_ batch: [InboundMessage], in transaction: Transaction) throws -> [Rejection] {
                for message in batch {
                    var event = Numbers.event(topic, key: Numbers.key(message), 0)
                    event.value = [UInt8](repeating: 1, count: (Numbers.number(message) ?? 0) * 100_000)
                    try transaction.emit(event)
                }
                return []
            }
        }
        try await onThread {
            try withNumbers { database in
                let topic = freshTopic()
                let events = [1, 2, 12, 3].map { Numbers.event(topic, key: "k\($0)", $0) }
                #expect(processor(Echo(topic: topic), database).process(messages(events), gate: BatchGate()))
                let parked = try database.withConnection { try ParkedMessages.list(in: $0) }
                #expect(parked.map(\.errorClass) == ["event-too-large"])
                #expect(parked.map(\.eventID) == ["k12:12"])
                // Three echoes and the notice.
                #expect(try database.withConnection { try OutboxDepth.read($0) }.events == 4)
            }
        }
    }

    @Test("a passing failure is tried again in place; a cancelled batch is given up")
    func transient() async throws {
        struct Flaky: BatchHandler {
            let inner = NumbersHandler()
            let failures: Monitor<Int>
            func handle(_ batch: [InboundMessage], in transaction: Transaction) throws -> [Rejection] {
                let fails = failures.update { left in
                    defer { left -= 1 }
                    return left > 0
                }
                if fails { throw StorageError.connectionLost("test") }
                return try inner.handle(batch, in: transaction)
            }
        }
        try await onThread {
            try withNumbers { database in
                let topic = freshTopic()
                let events = messages(Numbers.events(topic, keys: 3, numbers: 0..<3))
                #expect(processor(Flaky(failures: Monitor(2)), database).process(events, gate: BatchGate()))
                expectInOrder(try NumbersHandler.journal(database), keys: 3, numbers: 0..<3)
                let gate = BatchGate()
                gate.cancel()
                #expect(!processor(Flaky(failures: Monitor(.max)), database).process(events, gate: gate))
                #expect(try database.withConnection { try ParkedMessages.count(in: $0) } == 0)
            }
        }
    }

    @Test("a message that arrives during a redrive is not stranded")
    func arrivesDuringRedrive() async throws {
        /// Holds the redrive inside its transaction until the test lets it go.
        struct Held: BatchHandler {
            let inner: NumbersHandler
            let inside = Monitor(false)
            let go = Monitor(false)
            func handle(_ batch: [InboundMessage], in transaction: Transaction) throws -> [Rejection] {
                let rejections = try inner.handle(batch, in: transaction)
                inside.update { $0 = true }
                _ = go.wait(.seconds(20)) { $0 ? true : nil }
                return rejections
            }
        }
        try await onThread {
            try withNumbers { database in
                let topic = freshTopic()
                let handler = NumbersHandler()
                let poisoned = [Numbers.event(topic, key: "a", 0, type: "unknown"), Numbers.event(topic, key: "a", 1)]
                #expect(processor(handler, database).process(messages(poisoned), gate: BatchGate()))
                handler.state.update { $0.isFixed = true }
                let held = Held(inner: handler)
                let report = Monitor<RedriveReport?>(nil)
                let redriving = WorkerThread(name: "redrive") {
                    let result = try? Redrive(group: "g", handler: held, database: database, log: testLog).run()
                    report.update { $0 = result }
                }
                #expect(held.inside.wait(.seconds(20)) { $0 ? true : nil } == true)
                let arrived = Monitor(false)
                let late = messages([Numbers.event(topic, key: "a", 2)], from: 2)
                let arriving = WorkerThread(name: "arriving") {
                    let effective = processor(handler, database).process(late, gate: BatchGate())
                    arrived.update { $0 = effective }
                }
                // It waits for the key's lock.
                var waits = false
                let start = ContinuousClock.now
                while !waits, start.duration(to: .now) < .seconds(20) {
                    waits = try database.withConnection { connection in
                        try connection.query(
                            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = $1::int8::oid",
                            [.int8(Int64(Parking.lockClass))]
                        ) { $0.int(0) }[0] > 0
                    }
                }
                #expect(waits)
                held.go.update { $0 = true }
                redriving.join()
                arriving.join()
                #expect(report.update { $0?.freed } == 1)
                #expect(arrived.update { $0 })
                let journal = try NumbersHandler.journal(database)
                #expect(journal == ["a": [0, 1, 2]])
                #expect(try database.withConnection { try ParkedMessages.count(in: $0) } == 0)
            }
        }
    }

    @Test("a long key, NUL characters and foreign bytes can be parked and come back whole")
    func oddities() async throws {
        try await onThread {
            try withNumbers { database in
                let topic = freshTopic()
                var odd = Numbers.event(topic, key: "", 7, type: "un\0known")
                odd.key = [UInt8](repeating: 0xff, count: 50_000)
                odd.id = String(repeating: "x", count: 10_000) + "\0"
                odd.value = [0, 0xff, 0xfe]
                struct Keeper: BatchHandler {
                    let kept = Monitor<[InboundMessage]>([])
                    let refuses: Bool
                    func handle(_ batch: [InboundMessage], in transaction: Transaction) throws -> [Rejection] {
                        if refuses { return [Rejection(index: 0, errorClass: "odd", reason: "odd")] }
                        kept.update { $0 += batch }
                        return []
                    }
                }
                let original = messages([odd])
                #expect(processor(Keeper(refuses: true), database).process(original, gate: BatchGate()))
                let keeper = Keeper(refuses: false)
                _ = try Redrive(group: "g", handler: keeper, database: database, log: testLog).run()
                let back = try #require(keeper.kept.update { $0.first })
                #expect(back.key == odd.key && back.value == odd.value && back.headers == original[0].headers)
            }
        }
    }
}
