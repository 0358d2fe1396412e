public import Observability

/// Brings a schema to the version that this executable expects. Several may run at once: one works, the others wait for
/// its advisory lock and find nothing left to do.
///
/// The infrastructure (outbox, parked messages) has numbers below 100 and belongs to Storage; a service's own migrations
/// count from 101.
public struct Migrator: Sendable {
    private let database: Database
    private let schema: String
    private let migrations: [Migration]
    private let log: Log
    private let lockSeconds: Int

    public init(
        database: Database, schema: String? = nil, migrations: [Migration], log: Log? = nil, lockSeconds: Int = 60
    ) {
        self.database = database
        self.schema = schema ?? database.configuration.schema
        self.migrations = migrations.sorted { $0.number < $1.number }
        self.log = log ?? database.log
        self.lockSeconds = lockSeconds
    }

    /// Applies what is missing and gives the numbers applied now.
    /// - Throws: `StorageError.migration`, or what the connection failed with.
    @discardableResult
    public func migrate() throws -> [Int] {
        try checkNumbers()
        return try database.withConnection { connection in
            try makeSchema(connection)
            try lock(connection)
            defer { try? connection.script("SELECT pg_advisory_unlock_all()") }
            try makeList(connection)
            let applied = try readApplied(connection)
            let missing = try compare(applied, connection)
            for migration in missing { try apply(migration, connection) }
            return missing.map(\.number)
        }
    }

    /// Checks, without changing anything, that the schema is as this executable expects.
    public func verify() throws {
        try checkNumbers()
        try database.withConnection { connection in
            guard try schemaExists(connection) else { throw problem(.noSchema(schema, role: try role(connection))) }
            let hasList = try connection.query(
                "SELECT to_regclass($1) IS NOT NULL", [.text("\(schema.quotedIdentifier).schema_migration")]
            ) { $0.bool(0) }[0]
            let missing = try compare(hasList ? readApplied(connection) : [:], connection)
            guard missing.isEmpty else { throw problem(.notApplied(numbers: missing.map(\.number))) }
        }
    }

    private func problem(_ problem: MigrationProblem) -> StorageError { .migration(problem) }

    private func checkNumbers() throws {
        for (one, next) in zip(migrations, migrations.dropFirst()) where one.number == next.number {
            throw problem(.duplicateNumber(one.number))
        }
    }

    private func schemaExists(_ connection: Connection) throws -> Bool {
        try connection.query("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", [.text(schema)]) {
            $0.bool(0)
        }[0]
    }

    private func role(_ connection: Connection) throws -> String {
        try connection.query("SELECT current_user::text") { $0.text(0) }[0]
    }

    private func makeSchema(_ connection: Connection) throws {
        guard try !schemaExists(connection) else { return }
        do {
            try connection.script("CREATE SCHEMA IF NOT EXISTS \(schema.quotedIdentifier)")
        } catch StorageError.refused(let refusal) where refusal.state == "42501" {
            throw problem(.noSchema(schema, role: try role(connection)))
        } catch StorageError.refused(let refusal) where ["23505", "42P06"].contains(refusal.state) {
            // Another migrator made it at the same moment.
        }
    }

    private func lock(_ connection: Connection) throws {
        try connection.script("SET lock_timeout TO '\(lockSeconds)s'")
        defer { try? connection.script("SET lock_timeout TO 0") }
        do {
            try connection.execute(
                "SELECT pg_advisory_lock(hashtext('tiemchung.migrate'), hashtext($1))", [.text(schema)])
        } catch StorageError.refused(let refusal) where refusal.state == "55P03" {
            throw problem(.lockTimedOut(seconds: lockSeconds))
        }
    }

    private var list: String { "\(schema.quotedIdentifier).schema_migration" }

    private func makeList(_ connection: Connection) throws {
        do {
            try connection.script(
                """
                CREATE TABLE IF NOT EXISTS \(list) (
                    number int4 PRIMARY KEY,
                    name text NOT NULL,
                    checksum text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now()
                )
                """)
        } catch StorageError.refused(let refusal) where refusal.state == "42501" {
            throw problem(.notAllowed(schema, reason: refusal.message))
        }
    }

    private func readApplied(_ connection: Connection) throws -> [Int: (name: String, checksum: String)] {
        let rows = try connection.query("SELECT number, name, checksum FROM \(list)") {
            ($0.int(0), $0.text(1), $0.text(2))
        }
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.0, (name: $0.1, checksum: $0.2)) })
    }

    private func checksum(_ migration: Migration, _ connection: Connection) throws -> String {
        try connection.query("SELECT encode(sha256($1), 'hex')", [.bytes(Array(migration.sql.utf8))]) { $0.text(0) }[0]
    }

    private func compare(
        _ applied: [Int: (name: String, checksum: String)], _ connection: Connection
    ) throws -> [Migration] {
        let known = Set(migrations.map(\.number))
        for (number, entry) in applied.sorted(by: { $0.key < $1.key }) where !known.contains(number) {
            throw problem(.unknownApplied(number: number, name: entry.name))
        }
        var missing: [Migration] = []
        for migration in migrations {
            if let entry = applied[migration.number] {
                guard try entry.checksum == checksum(migration, connection) else {
                    throw problem(.checksumChanged(number: migration.number, name: migration.name))
                }
            } else {
                // The infrastructure and the service count on their own.
                let isInfrastructure = migration.number <= 100
                let newest = applied.keys.filter { ($0 <= 100) == isInfrastructure }.max() ?? 0
                guard migration.number > newest else {
                    throw problem(.outOfOrder(number: migration.number, name: migration.name, newest: newest))
                }
                missing.append(migration)
            }
        }
        return missing
    }

    private func apply(_ migration: Migration, _ connection: Connection) throws {
        let checksum = try checksum(migration, connection)
        do {
            try connection.begin(TransactionOptions(usesGenericPlans: false))
            try connection.script("SET LOCAL search_path TO \(schema.quotedIdentifier)")
            try connection.script(migration.sql)
            try connection.execute(
                "INSERT INTO \(list) (number, name, checksum) VALUES ($1, $2, $3)",
                [.int4(Int32(migration.number)), .text(migration.name), .text(checksum)])
            try connection.commit()
        } catch StorageError.refused(let refusal) {
            connection.rollback()
            throw problem(
                .failed(
                    number: migration.number, name: migration.name,
                    reason: "SQLSTATE \(refusal.state) \(refusal.message)"))
        } catch {
            connection.rollback()
            throw error
        }
        log.info("migration applied", ["number": .int(migration.number), "name": .string(migration.name)])
    }
}
