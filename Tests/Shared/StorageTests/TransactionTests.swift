import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite struct TransactionTests {
    private func count(_ database: Database) throws -> Int64 {
        try database.withConnection { try $0.query("SELECT count(*) FROM n") { $0.int8(0) }[0] }
    }

    @Test("a throwing closure rolls back; a returning one commits")
    func ends() throws {
        struct Stopped: Error {}
        try TestPostgres.shared().withDatabase { database in
            try database.withConnection { try $0.script("CREATE TABLE n (i int4)") }
            #expect(throws: Stopped.self) {
                try database.transaction { transaction in
                    try transaction.execute("INSERT INTO n VALUES (1)")
                    throw Stopped()
                }
            }
            #expect(try count(database) == 0)
            try database.transaction { _ = try $0.execute("INSERT INTO n VALUES (1)") }
            #expect(try count(database) == 1)
        }
    }

    @Test("a serialization failure is run again, until it succeeds")
    func serialization() throws {
        try TestPostgres.shared().withDatabase { database in
            try database.withConnection { try $0.script("CREATE TABLE n (i int4); INSERT INTO n VALUES (0)") }
            var attempts = 0
            try database.transaction(TransactionOptions(isolation: .repeatableRead)) { transaction in
                attempts += 1
                let value = try transaction.query("SELECT i FROM n") { $0.int4(0) }[0]
                if attempts <= 2 { try database.transaction { try $0.execute("UPDATE n SET i = i + 1") } }
                try transaction.execute("UPDATE n SET i = $1", [.int4(value + 10)])
            }
            #expect(attempts == 3)
            #expect(try database.withConnection { try $0.query("SELECT i FROM n") { $0.int4(0) } } == [12])
        }
    }

    @Test("a deadlock's victim is run again: both transactions take effect")
    func deadlock() throws {
        try TestPostgres.shared().withDatabase { database in
            try database.withConnection {
                try $0.script("CREATE TABLE n (i int4, v int4); INSERT INTO n VALUES (1, 0), (2, 0)")
            }
            let met = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
            let attempts = Atomic(0)
            DispatchQueue.concurrentPerform(iterations: 2) { side in
                var isFirst = true
                try? database.transaction { transaction in
                    attempts.add(1, ordering: .relaxed)
                    try transaction.execute("UPDATE n SET v = v + 1 WHERE i = $1", [.int4(Int32(side + 1))])
                    if isFirst {
                        isFirst = false
                        met[1 - side].signal()
                        _ = met[side].wait(timeout: .now() + 10)
                    }
                    try transaction.execute("UPDATE n SET v = v + 1 WHERE i = $1", [.int4(Int32(2 - side))])
                }
            }
            #expect(try database.withConnection { try $0.query("SELECT v FROM n") { $0.int4(0) } } == [2, 2])
            // The victim may be back before the other has woken, and meet it again.
            #expect(attempts.load(ordering: .relaxed) >= 3)
        }
    }

    @Test("an SQL error that the closure swallows cannot become a commit")
    func swallowed() throws {
        try TestPostgres.shared().withDatabase { database in
            try database.withConnection { try $0.script("CREATE TABLE n (i int4)") }
            let error = #expect(throws: StorageError.self) {
                try database.transaction { transaction in
                    try transaction.execute("INSERT INTO n VALUES (1)")
                    _ = try? transaction.execute("SELECT 1 / 0")
                }
            }
            guard case .commitRolledBack = error else {
                Issue.record("got \(String(describing: error))")
                return
            }
            #expect(try count(database) == 0)
        }
    }

    @Test("plans are made anew between transactions of any kind; a transaction left open by its user is rolled back")
    func manyTransactions() throws {
        let database = try TestPostgres.shared().makeDatabase(poolSize: 1)
        defer { database.close() }
        try database.withConnection { try $0.script("CREATE TABLE n (i int4)") }
        for round in 0..<40 {
            let isolation: TransactionOptions.Isolation =
                round % 3 == 0 ? .serializable : round % 3 == 1 ? .repeatableRead : .readCommitted
            try database.transaction(TransactionOptions(isolation: isolation)) { transaction in
                try transaction.execute("INSERT INTO n VALUES ($1)", [.int4(Int32(round))])
            }
        }
        try database.withConnection { try $0.script("BEGIN; DELETE FROM n") }
        let left = try count(database)
        #expect(left == 40)
    }

    @Test("a savepoint undoes what its closure did and emitted, and the transaction goes on")
    func savepoint() throws {
        try TestPostgres.shared().withDatabase { database in
            try database.withConnection { try $0.script("CREATE TABLE n (i int4)") }
            try database.transaction { transaction in
                try transaction.savepoint { _ = try transaction.execute("INSERT INTO n VALUES (1)") }
                try transaction.emit(Sample.event(1))
                #expect(throws: StorageError.self) {
                    try transaction.savepoint {
                        try transaction.execute("INSERT INTO n VALUES (2)")
                        try transaction.emit(Sample.event(2))
                        try transaction.execute("SELECT 1 / 0")
                    }
                }
                #expect(transaction.emittedCount == 1)
            }
            #expect(try count(database) == 1)
        }
    }

    @Test(
        "a connection cut at COMMIT: the outcome is unknown, whichever it was, and said so", arguments: [true, false])
    func lostAnswer(_ takesEffect: Bool) throws {
        let server = try TestPostgres.startOwn()
        defer { server.remove() }
        let direct = try server.makeDatabase()
        try direct.withConnection { try $0.script("CREATE TABLE n (i int4)") }
        let proxy = try CuttingProxy(target: server.port)
        defer { proxy.stop() }
        var configuration = direct.configuration
        configuration.url = server.url.replacing(":\(server.port)", with: ":\(proxy.port)")
        let database = Database(configuration, log: TestPostgres.log)
        try database.transaction { _ = try $0.execute("INSERT INTO n VALUES (1)") }
        proxy.cutNext(takesEffect ? .afterCommit : .beforeCommit)
        let error = #expect(throws: StorageError.self) {
            try database.transaction { try $0.execute("INSERT INTO n VALUES (2)") }
        }
        guard case .commitOutcomeUnknown = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(try count(direct) == (takesEffect ? 2 : 1))
        // The next use finds a new connection.
        try database.transaction { _ = try $0.execute("INSERT INTO n VALUES (3)") }
        #expect(try count(direct) == (takesEffect ? 3 : 2))
    }

    @Test("the async forms run the same closures; a stream gives every row in chunks")
    func asynchronous() async throws {
        try await TestPostgres.shared().withDatabase { database in
            try await database.asyncTransaction { transaction in
                try transaction.script("CREATE TABLE n (i int4)")
                try transaction.execute("INSERT INTO n SELECT generate_series(1, 4500)")
            }
            var sizes: [Int] = []
            var sum = 0
            for _ in 0..<2 {
                try await database.stream(
                    "SELECT i, 'x' FROM n WHERE i > $1 ORDER BY i", [.int4(0)], chunk: 2000, row: { $0.int(0) }
                ) { rows in
                    sizes.append(rows.count)
                    sum += rows.reduce(0, +)
                }
            }
            #expect(sizes == [2000, 2000, 500, 2000, 2000, 500])
            #expect(sum == 2 * 4500 * 4501 / 2)
            struct Stopped: Error {}
            await #expect(throws: Stopped.self) {
                try await database.stream("SELECT i FROM n", row: { $0.int(0) }) { _ in throw Stopped() }
            }
            #expect(database.poolUse.inUse == 0)
            let many = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await database.asyncConnection { try $0.query("SELECT count(*) FROM n") { $0.int8(0) }[0] }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(many == 40 * 4500)
        }
    }
}
