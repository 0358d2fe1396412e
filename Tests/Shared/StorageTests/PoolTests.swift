import Dispatch
import Foundation
import TestSupport
import Testing

@testable import Storage

@Suite struct PoolTests {
    @Test("the pool's rules: reuse, growth to the limit, first come first served, giving up, closing")
    func rules() {
        var pool = PoolState<Int>(size: 2)
        guard case .granted(.open) = pool.checkout(), case .granted(.open) = pool.checkout() else {
            Issue.record("two places")
            return
        }
        guard case .wait(let first) = pool.checkout(), case .wait(let second) = pool.checkout() else {
            Issue.record("the third and fourth wait")
            return
        }
        #expect(pool.waitingCount == 2)
        #expect(pool.giveBack(1).wake == first)
        guard case .use(1) = pool.redeem(first) else {
            Issue.record("the first gets what came back")
            return
        }
        #expect(pool.lose() == second)
        guard case .open = pool.redeem(second) else {
            Issue.record("a lost connection's place goes to the next")
            return
        }
        guard case .wait(let third) = pool.checkout() else { return }
        #expect(pool.redeem(third) == nil)
        #expect(pool.giveBack(1).wake == nil)
        #expect(pool.inUse == 1)
        guard case .granted(.use(1)) = pool.checkout() else {
            Issue.record("idle is reused")
            return
        }
        #expect(pool.giveBack(1).close == nil)
        #expect(pool.close().close == [1])
        #expect(pool.giveBack(2).close == 2)
        guard case .closed = pool.checkout() else {
            Issue.record("closed")
            return
        }
    }

    @Test("a checkout that finds no free connection in time throws and names the pool")
    func checkoutTimeout() throws {
        let database = try TestPostgres.shared().makeDatabase(poolSize: 1, checkoutTimeout: .milliseconds(50))
        defer { database.close() }
        try database.withConnection { _ in
            let error = #expect(throws: StorageError.self) { try database.withConnection { _ in } }
            #expect(error?.description.contains("all 1 database connections") == true)
            #expect(error?.isTransient == true)
        }
        try database.check()
    }

    @Test("one connection serves many threads, each in its turn")
    func contention() throws {
        let database = try TestPostgres.shared().makeDatabase(poolSize: 2)
        defer { database.close() }
        try database.withConnection { try $0.script("CREATE TABLE n (i int4); INSERT INTO n VALUES (0)") }
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            _ = try? database.transaction { try $0.execute("UPDATE n SET i = i + 1") }
        }
        #expect(try database.withConnection { try $0.query("SELECT i FROM n") { $0.int4(0) } } == [16])
        #expect(database.poolUse.inUse == 0)
    }

    @Test(
        "after a restart of the server, orderly or by crash, the next use connects anew",
        arguments: ["fast", "immediate"])
    func restart(_ mode: String) throws {
        let server = try TestPostgres.startOwn()
        defer { server.remove() }
        let database = try server.makeDatabase()
        try database.withConnection { try $0.script("CREATE TABLE n (i int4)") }
        try database.transaction { _ = try $0.execute("INSERT INTO n VALUES (1)") }
        try server.stop(mode: mode)
        let error = #expect(throws: StorageError.self) {
            try database.transaction { try $0.execute("INSERT INTO n VALUES (2)") }
        }
        guard case .unavailable(let failure) = error else {
            Issue.record("expected unavailable, got \(String(describing: error))")
            return
        }
        #expect(failure.cause == .unreachable)
        #expect(failure.description.contains("start PostgreSQL"))
        try server.start()
        try database.transaction { _ = try $0.execute("INSERT INTO n VALUES (3)") }
        #expect(try database.withConnection { try $0.query("SELECT count(*) FROM n") { $0.int8(0) } } == [2])
    }

    @Test("a connection ended while a transaction runs: nothing took effect, and the error says so")
    func endedMidway() throws {
        try TestPostgres.shared().withDatabase { database in
            try database.withConnection { try $0.script("CREATE TABLE n (i int4)") }
            let error = #expect(throws: StorageError.self) {
                try database.transaction { transaction in
                    try transaction.execute("INSERT INTO n VALUES (1)")
                    let process = try transaction.query("SELECT pg_backend_pid()") { $0.int4(0) }[0]
                    try database.withConnection {
                        try $0.execute("SELECT pg_terminate_backend($1, 5000)", [.int4(process)])
                    }
                    try transaction.execute("INSERT INTO n VALUES (2)")
                }
            }
            guard case .connectionLost = error else {
                Issue.record("got \(String(describing: error))")
                return
            }
            let count = try database.withConnection { try $0.query("SELECT count(*) FROM n") { $0.int8(0) } }
            #expect(count == [0])
        }
    }

    @Test("wrong password, role, database, host and address: each names cause and remedy, never the password")
    func failures() throws {
        let server = try TestPostgres.startOwn()
        defer { server.remove() }
        let closed = try TestPostgres.freePort()
        let cases: [(String, ConnectionFailure.Cause, String)] = [
            (
                "postgresql://postgres:canary-secret@127.0.0.1:\(server.port)/postgres", .wrongPassword,
                "correct the password"
            ),
            ("postgresql://nobody@127.0.0.1:\(server.port)/postgres", .wrongPassword, "password"),
            (
                server.url.replacing("/postgres", with: "/nowhere").replacing("//nowhere", with: "//postgres"),
                .unknownDatabase, "create it"
            ),
            ("postgresql://postgres:canary-secret@127.0.0.1:\(closed)/postgres", .unreachable, "start PostgreSQL"),
            ("postgresql://postgres@nowhere.invalid/postgres", .unknownHost, "host"),
            ("postgresql://127.0.0.1:99999999/x?nonsense=1", .badAddress, "DATABASE_URL"),
        ]
        for (url, cause, remedy) in cases {
            let database = Database(DatabaseConfiguration(url: url, schema: "x"), log: TestPostgres.log)
            let error = #expect(throws: StorageError.self) { try database.check() }
            guard case .unavailable(let failure) = error else {
                Issue.record("got \(String(describing: error))")
                continue
            }
            #expect(failure.cause == cause, "\(failure)")
            #expect(failure.description.contains(remedy), "\(failure)")
            #expect(!failure.description.contains("canary-secret"))
            #expect(failure.isConfiguration == (cause != .unreachable && cause != .unknownHost))
        }
    }
}
