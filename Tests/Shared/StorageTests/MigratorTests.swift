import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite struct MigratorTests {
    private let first = Migration(number: 101, name: "first", sql: "CREATE TABLE a (i int4); INSERT INTO a VALUES (1);")
    private let second = Migration(number: 102, name: "second", sql: "ALTER TABLE a ADD b text;")

    /// What the migrator refuses; nil when it goes through.
    private func problem(
        _ database: Database, _ migrations: [Migration], schema: String? = nil, onlyVerify: Bool = false
    ) -> MigrationProblem? {
        let migrator = Migrator(database: database, schema: schema, migrations: migrations)
        do {
            if onlyVerify { try migrator.verify() } else { try migrator.migrate() }
        } catch StorageError.migration(let problem) {
            return problem
        } catch {
            Issue.record("\(error)")
        }
        return nil
    }

    @Test("migrations run once, in order, and verify says what is missing")
    func order() throws {
        try TestPostgres.shared().withDatabase(migrations: []) { database in
            let migrator = Migrator(database: database, migrations: InfrastructureMigrations.all + [second, first])
            let before = problem(database, InfrastructureMigrations.all + [second, first], onlyVerify: true)
            #expect(before == .notApplied(numbers: [1, 2, 101, 102]))
            #expect(try migrator.migrate() == [1, 2, 101, 102])
            #expect(try migrator.migrate() == [])
            try migrator.verify()
            // The infrastructure may gain a migration after the service has its own.
            let later = Migration(number: 3, name: "later", sql: "CREATE TABLE later (i int4);")
            let grown = Migrator(database: database, migrations: InfrastructureMigrations.all + [later, first, second])
            #expect(try grown.migrate() == [3])
        }
    }

    @Test("a changed, unknown, misnumbered or failing migration is refused with cause and remedy")
    func refusals() throws {
        try TestPostgres.shared().withDatabase(migrations: [first, second]) { database in
            let changed = Migration(number: 101, name: "first", sql: "CREATE TABLE a (i int8);")
            let changedProblem = problem(database, [changed, second])
            #expect(changedProblem == .checksumChanged(number: 101, name: "first"))
            #expect(problem(database, [changed, second], onlyVerify: true) == changedProblem)
            #expect(changedProblem?.description.contains("restore the file") == true)
            #expect(problem(database, [first]) == .unknownApplied(number: 102, name: "second"))
            #expect(problem(database, [first, second, second]) == .duplicateNumber(102))
            let third = Migration(number: 104, name: "third", sql: "SELECT 1")
            #expect(problem(database, [first, second, third]) == nil)
            let between = Migration(number: 103, name: "between", sql: "SELECT 1")
            #expect(
                problem(database, [first, second, between, third])
                    == .outOfOrder(number: 103, name: "between", newest: 104))
            let fails = Migration(number: 105, name: "fails", sql: "CREATE TABLE c (i int4); SELECT nonsense;")
            let failure = problem(database, [first, second, third, fails])
            #expect(failure?.description.contains("migration 105 fails failed") == true)
            #expect(failure?.description.contains("nonsense") == true)
            let isMissing = try database.withConnection {
                try $0.query("SELECT to_regclass('c') IS NULL") { $0.bool(0) }
            }
            #expect(isMissing == [true])
        }
    }

    @Test("several migrators at once: one works, the others find nothing to do")
    func concurrent() throws {
        let server = try TestPostgres.shared()
        let schema = "t\(UInt64.random(in: 0...UInt64.max))"
        let slow = Migration(
            number: 101, name: "slow", sql: "CREATE TABLE a AS SELECT generate_series(1, 200000) AS i;")
        let applied = Mutex<[[Int]]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            let database = Database(DatabaseConfiguration(url: server.url, schema: schema), log: TestPostgres.log)
            let result = Result {
                try Migrator(database: database, migrations: InfrastructureMigrations.all + [slow]).migrate()
            }
            applied.withLock { $0.append((try? result.get()) ?? [-1]) }
        }
        #expect(applied.withLock { $0.sorted { $0.count < $1.count } } == [[], [], [], [1, 2, 101]])
    }

    @Test("a service's role owns its schema and reaches no other")
    func roles() throws {
        let server = try TestPostgres.startOwn()
        defer { server.remove() }
        let superuser = Database(DatabaseConfiguration(url: server.url, schema: "public"), log: TestPostgres.log)
        for schema in ["intake", "matching"] {
            let role = ServiceRole(schema: schema, password: "it's \(schema)")
            for _ in 0..<2 { try superuser.withConnection { try $0.script(role.script) } }
        }
        func database(_ schema: String) -> Database {
            let url = "postgresql://tiemchung_\(schema):it%27s%20\(schema)@127.0.0.1:\(server.port)/postgres"
            return Database(DatabaseConfiguration(url: url, schema: schema), log: TestPostgres.log)
        }
        for schema in ["intake", "matching"] {
            try Migrator(database: database(schema), migrations: InfrastructureMigrations.all + [first]).migrate()
        }
        let statements = [
            "SELECT * FROM matching.a", "INSERT INTO matching.outbox (owner, event_count, events) VALUES (0, 0, '')",
            "CREATE TABLE matching.mine (i int4)", "CREATE TABLE public.mine (i int4)", "SELECT * FROM matching.parked",
        ]
        for statement in statements {
            let error = #expect(throws: StorageError.self) {
                try database("intake").withConnection { try $0.script(statement) }
            }
            guard case .refused(let refusal) = error else { continue }
            #expect(refusal.state == "42501", "\(refusal)")
        }
        let missing = problem(database("intake"), [first], schema: "elsewhere")
        #expect(missing == .noSchema("elsewhere", role: "tiemchung_intake"))
    }
}
