import Observability
import RecordModel
import ServiceRuntime
import Storage

/// The generations' rows and tables: one load at a time, and nothing of a dead one stays.
///
/// A load holds an advisory lock on its connection, so one whose process died is known to be dead. Whatever died where, a
/// table belongs to a generation that is `loading` or `ready`, or it is cleared away: by the next load, and once in a
/// while by every instance.
struct RegisterGenerations: Sendable {
    let database: Database
    let clock: any WallClock
    let log: Log

    private static let lock = "hashtext('tiemchung.register-load'), hashtext(current_schema())"

    /// Does something on a connection while no load goes on beside it. Blocks.
    ///
    /// Meanwhile the server looks whether its client is still there: it does not make the keys of a dead loader's hundred
    /// million rows to the end, holding the lock.
    /// - Returns: nil, after a second, where a load goes on.
    func alone<R>(_ body: (Connection) throws -> R) throws -> R? {
        try database.withConnection { connection in
            guard try Self.isDone("SELECT pg_advisory_lock(\(Self.lock))", on: connection) else { return nil }
            defer { _ = try? connection.query("SELECT pg_advisory_unlock(\(Self.lock))", []) { _ in } }
            try connection.script("SET client_connection_check_interval = '1s'")
            defer { try? connection.script("RESET client_connection_check_interval") }
            return try body(connection)
        }
    }

    /// Runs a statement that needs a lock; false, with nothing done, where somebody else held it for a second.
    private static func isDone(_ statement: String, on connection: Connection) throws -> Bool {
        try connection.script("SET lock_timeout = '1s'")
        defer { try? connection.script("RESET lock_timeout") }
        do {
            try connection.script(statement)
            return true
        } catch StorageError.refused(let refusal) where refusal.state == "55P03" {
            return false
        }
    }

    /// A new generation with its table.
    func begin(on connection: Connection, by subject: String) throws -> Int32 {
        let generation = try connection.query(
            """
            INSERT INTO register_generation (state, rule_version, started_at, started_by) VALUES ('loading', $1, $2, $3)
            RETURNING generation
            """, [.text(RuleSet.first.version), .instant(clock.now()), .text(subject)]
        ) { $0.int4(0) }[0]
        try connection.execute(
            """
            CREATE TABLE \(RegisterTables.table(of: generation)) (
                personal_id bigint NOT NULL, old_id integer, date_of_birth date NOT NULL, line integer NOT NULL,
                female boolean NOT NULL, full_name text COLLATE "C" NOT NULL, residence_commune text NOT NULL)
            """)
        return generation
    }

    /// The generation can be activated; its refused rows are kept.
    func finish(_ report: RegisterLoad.Report, on connection: Connection) throws {
        if !report.refusals.isEmpty {
            try connection.execute(
                """
                INSERT INTO register_refusal (generation, line, column_name, rule)
                SELECT $1, line, column_name, rule FROM unnest($2::int8[], $3::text[], $4::text[]) AS n (line, column_name, rule)
                ON CONFLICT DO NOTHING
                """,
                [
                    .int4(report.generation), .int8s(report.refusals.map { Int64($0.line) }),
                    .texts(report.refusals.map(\.column)), .texts(report.refusals.map(\.rule)),
                ])
        }
        let touched = try connection.execute(
            """
            UPDATE register_generation SET state = 'ready', finished_at = $2, persons = $3, refused = $4
            WHERE generation = $1 AND state = 'loading'
            """,
            [
                .int4(report.generation), .instant(clock.now()), .int8(report.persons), .int8(report.refused),
            ])
        guard touched == 1 else { throw RegisterLoad.Failure.anotherLoadRuns }
    }

    /// A load has come to nothing.
    func fail(_ generation: Int32, _ reason: String, on connection: Connection) throws {
        try connection.execute(
            """
            UPDATE register_generation SET state = 'failed', finished_at = $2, failure = $3
            WHERE generation = $1 AND state = 'loading'
            """, [.int4(generation), .instant(clock.now()), .text(reason)])
        try dropTables(on: connection)
    }

    // MARK: Clearing

    /// Clears away dead loads and the generations that nobody can go back to. Only within `alone`.
    func clear(on connection: Connection) throws {
        let dead = try connection.execute(
            """
            UPDATE register_generation SET state = 'failed', finished_at = $1, failure = 'the loading process ended'
            WHERE state = 'loading'
            """, [.instant(clock.now())])
        if dead > 0 { log.warning("a dead register load is cleared away") }
        // No switch goes on meanwhile: none can activate what is dropped here.
        try connection.execute(
            """
            WITH s AS MATERIALIZED (SELECT active_generation, previous_generation FROM register_state FOR SHARE)
            UPDATE register_generation g SET state = 'dropped' FROM s
            WHERE g.state = 'ready' AND g.generation < s.active_generation
                AND g.generation IS DISTINCT FROM s.previous_generation
            """)
        try dropTables(on: connection)
    }

    /// A table that somebody reads or writes stays until the next time.
    private func dropTables(on connection: Connection) throws {
        let tables = try connection.query(
            "SELECT 'register_person_' || generation \(Self.leftTables)", []
        ) { $0.text(0) }
        for table in tables where try !Self.isDone("DROP TABLE IF EXISTS \(table)", on: connection) {
            log.info("a register table is in use; it is dropped later", ["table": .string(table)])
        }
    }

    private static let leftTables = """
        FROM register_generation
        WHERE state IN ('failed', 'dropped') AND to_regclass('register_person_' || generation) IS NOT NULL
        """

    /// Clears away what a dead load has left, whenever there is something, until the service stops.
    func keepClear(until stop: StopSignal) throws {
        repeat {
            let isLeft = try database.withConnection { connection in
                try connection.query(
                    """
                    SELECT EXISTS (SELECT 1 FROM register_generation WHERE state = 'loading')
                        OR EXISTS (SELECT 1 \(Self.leftTables))
                    """, []
                ) { $0.bool(0) }[0]
            }
            if isLeft { _ = try alone { try clear(on: $0) } }
        } while !stop.wait(seconds: 15)
    }
}
