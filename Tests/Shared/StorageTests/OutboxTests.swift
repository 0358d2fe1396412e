import Dispatch
import Foundation
import Observability
import RecordModel
import TestSupport
import Testing

@testable import Storage

enum Sample {
    static func event(_ number: Int, size: Int = 20) -> OutgoingEvent {
        OutgoingEvent(
            topic: number % 2 == 0 ? "matching.verdict.v1" : "matching.person.v1", key: [UInt8(number % 251)],
            value: [UInt8](repeating: UInt8(number % 7), count: size), id: "event-\(number)", type: "tiemchung.test",
            source: "test", time: Instant(microseconds: Int64(number)), subject: "s\(number)",
            traceparent: number % 3 == 0 ? "" : "00-\(number / 4)")
    }
}

@Suite struct OutboxTests {
    private func rows(_ database: Database) throws -> Int {
        try database.withConnection { try OutboxDepth.read($0).rows }
    }

    private func emit(_ numbers: ClosedRange<Int>, size: Int = 20, _ database: Database) throws {
        try database.transaction { transaction in
            for number in numbers { try transaction.emit(Sample.event(number, size: size)) }
        }
    }

    private func quick() -> OutboxRelay.Settings {
        var settings = OutboxRelay.Settings()
        settings.scanInterval = .milliseconds(50)
        settings.retryDelay = .milliseconds(20)
        settings.deleteDelay = .milliseconds(10)
        return settings
    }

    @Test("packed events come back equal; anything else is recognised as unreadable")
    func packing() {
        let events = (0..<1000).map { Sample.event($0, size: $0) }
        let packed = OutboxPacking.pack(events[...])
        #expect(OutboxPacking.unpack(packed) == events)
        #expect(OutboxPacking.unpack([9] + packed.dropFirst()) == nil)
        #expect(OutboxPacking.unpack(Array(packed.dropLast())) == nil)
        #expect(OutboxPacking.unpack([]) == nil)
        let manyTexts = (0..<400).map { number in
            var event = Sample.event(number)
            event.topic = "topic \(number)"
            return event
        }
        #expect(OutboxPacking.unpack(OutboxPacking.pack(manyTexts[...])) == manyTexts)
        #expect(OutboxPacking.chunks((0..<30).map { Sample.event($0, size: 800_000) }).map(\.count) == [9, 9, 9, 3])
    }

    @Test("the relay's rules: memory limit, order, unknown commits, acknowledged rows")
    func rules() {
        func row(_ id: Int64, _ bytes: Int = 10) -> CommittedRow { CommittedRow(id: id, events: [], bytes: bytes) }
        var state = RelayState(limits: .init(memory: 30, inFlight: 20))
        #expect(state.isBehind)
        state.loaded([], complete: true, since: state.generation)
        #expect(state.isIdle)
        state.committed([row(1), row(2), row(3)])
        state.committed([row(4)])
        #expect(state.isBehind && state.queuedCount == 3)
        #expect(state.next()?.id == 1)
        #expect(state.next()?.id == 2)
        #expect(state.next() == nil)
        state.finished(1, succeeded: true)
        state.finished(2, succeeded: false)
        #expect(state.next()?.id == 3)
        #expect(state.next()?.id == 2)
        #expect(!state.wantsTable)
        state.finished(3, succeeded: true)
        state.finished(2, succeeded: true)
        #expect(state.wantsTable)
        let generation = state.generation
        state.committed([row(5)])
        state.loaded([row(4)], complete: true, since: generation)
        #expect(state.isBehind, "row 5 came after the read began")
        state.loaded([row(4), row(5)], complete: true, since: state.generation)
        #expect(!state.isBehind && state.queuedCount == 2)
        #expect(state.takeAcknowledged().sorted() == [1, 2, 3])
        state.deleted([1, 2, 3])
        state.committed([row(5)])
        #expect(state.queuedCount == 2, "a row read from the table is not taken twice")
    }

    @Test("one row a commit; events are published in order; nothing is left in the table")
    func order() throws {
        try TestPostgres.shared().withDatabase { database in
            let publisher = RecordingPublisher(.hold)
            let relay = OutboxRelay(database: database, publisher: publisher, settings: quick(), log: TestPostgres.log)
            relay.start()
            for batch in 0..<20 { try emit(batch * 100...batch * 100 + 99, database) }
            #expect(publisher.wait(for: 2000))
            #expect(publisher.events == (0..<2000).map { Sample.event($0) })
            #expect(try rows(database) == 20)
            publisher.set(.acknowledge)
            #expect(relay.stop())
            #expect(try rows(database) == 0)
        }
    }

    @Test("a commit's events are compressed by lz4 in the table, never by pglz, and counted at their full size")
    func compression() throws {
        try TestPostgres.shared().withDatabase { database in
            try emit(1...500, size: 300, database)
            try database.withConnection { connection in
                let method = try connection.query("SELECT pg_column_compression(events) FROM outbox") {
                    $0.optionalText(0)
                }
                let knowsLZ4 = try connection.query(
                    "SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"
                ) { $0.bool(0) }[0]
                #expect(method == [knowsLZ4 ? "lz4" : nil])
                let depth = try OutboxDepth.read(connection)
                #expect(depth.rows == 1 && depth.events == 500 && depth.bytes > 500 * 300)
            }
        }
    }

    @Test("nothing is emitted by a transaction that rolls back, and an event over 900 kB rolls back its transaction")
    func rollback() throws {
        struct Stopped: Error {}
        try TestPostgres.shared().withDatabase { database in
            #expect(throws: Stopped.self) {
                try database.transaction { transaction in
                    try transaction.emit(Sample.event(1))
                    throw Stopped()
                }
            }
            let error = #expect(throws: StorageError.self) {
                try database.transaction { transaction in
                    try transaction.emit(Sample.event(1))
                    try transaction.emit(Sample.event(2, size: 900_001))
                }
            }
            #expect(error?.description.contains("900000") == true)
            let left = try rows(database)
            #expect(left == 0)
        }
    }

    @Test("what does not fit into memory stays in the table and is published from there, everything once")
    func spill() throws {
        try TestPostgres.shared().withDatabase { database in
            let publisher = RecordingPublisher(.hold)
            var settings = quick()
            settings.memoryBytes = 20_000
            settings.inFlightBytes = 10_000
            let relay = OutboxRelay(database: database, publisher: publisher, settings: settings, log: TestPostgres.log)
            relay.start()
            for number in 0..<100 { try emit(number...number, size: 2000, database) }
            #expect(relay.memory.bytes <= 25_000)
            #expect(try rows(database) == 100)
            publisher.set(.acknowledge)
            #expect(publisher.wait(for: 100))
            #expect(relay.stop())
            #expect(publisher.events.map(\.id) == (0..<100).map { "event-\($0)" })
            #expect(try rows(database) == 0)
        }
    }

    @Test("rows of an ended instance, and rows that no instance claims, are taken over")
    func takeover() throws {
        try TestPostgres.shared().withDatabase { database in
            try emit(0...4, database)
            let silent = RecordingPublisher(.hold)
            let ended = OutboxRelay(database: database, publisher: silent, settings: quick(), log: TestPostgres.log)
            ended.start()
            #expect(silent.wait(for: 5))
            try emit(5...9, database)
            #expect(silent.wait(for: 10))
            let publisher = RecordingPublisher()
            let other = Database(database.configuration, log: TestPostgres.log)
            let relay = OutboxRelay(database: other, publisher: publisher, settings: quick(), log: TestPostgres.log)
            relay.start()
            // Until it has its number, its rows belong to nobody, and the other living instance may take them.
            let limit = ContinuousClock.now + .seconds(30)
            while relay.owner == OutboxOwner.nobody, ContinuousClock.now < limit { usleep(1_000) }
            try emit(10...10, other)
            #expect(publisher.wait(for: 1))
            #expect(publisher.events.map(\.id) == ["event-10"], "a living instance's rows are its own")
            #expect(!ended.stop(timeout: .milliseconds(10)))
            #expect(publisher.wait(for: 11))
            #expect(relay.stop())
            #expect(Set(publisher.events.map(\.id)) == Set((0...10).map { "event-\($0)" }))
            #expect(try rows(database) == 0)
        }
    }

    @Test("after a lost commit answer the relay finds the row by itself")
    func lostAnswer() throws {
        let server = try TestPostgres.startOwn()
        defer { server.remove() }
        let direct = try server.makeDatabase()
        let proxy = try CuttingProxy(target: server.port)
        defer { proxy.stop() }
        var configuration = direct.configuration
        configuration.url = server.url.replacing(":\(server.port)", with: ":\(proxy.port)")
        let database = Database(configuration, log: TestPostgres.log)
        let publisher = RecordingPublisher()
        let relay = OutboxRelay(database: database, publisher: publisher, settings: quick(), log: TestPostgres.log)
        relay.start()
        try emit(0...0, database)
        #expect(publisher.wait(for: 1))
        proxy.cutNext(.afterCommit)
        #expect(throws: StorageError.self) { try emit(1...3, database) }
        #expect(publisher.wait(for: 4))
        try emit(4...4, database)
        #expect(publisher.wait(for: 5))
        #expect(relay.stop())
        #expect(publisher.events.map(\.id) == (0...4).map { "event-\($0)" })
        #expect(try direct.withConnection { try OutboxDepth.read($0).rows } == 0)
    }

    @Test("a failed publication is tried again; a restart of the server loses nothing")
    func faults() throws {
        let server = try TestPostgres.startOwn()
        defer { server.remove() }
        let database = try server.makeDatabase()
        let publisher = RecordingPublisher(.fail)
        let relay = OutboxRelay(
            database: database, publisher: publisher, settings: quick(), log: Log(service: "test", level: .error))
        relay.start()
        try emit(0...9, database)
        try server.stop(mode: "immediate")
        try server.start()
        try emit(10...19, database)
        publisher.set(.acknowledge)
        #expect(publisher.wait(for: 20))
        #expect(relay.stop())
        #expect(Set(publisher.events.map(\.id)) == Set((0...19).map { "event-\($0)" }))
        #expect(try rows(database) == 0)
    }
}
