import Observability
import RecordModel
import Storage
import Tabular

/// Loads a snapshot of the register into a new generation, beside the one that stands.
///
///     loading ──▶ ready ──▶ (activated: see RegisterSwitch) ──▶ dropped
///        └──────▶ failed
///
/// Rows are checked while they stream by, and copied in chunks over several connections into a table of their own; keys
/// are built afterwards. Memory is bounded by the chunks, not by the file. A refused row is counted and listed with its
/// line, column and rule. The whole file is refused when it is empty, cut off, or mostly refused. One load at a time, and
/// what a dead one has left is cleared away: see `RegisterGenerations`. Whatever happens to a load, the generation that
/// stands is not touched.
struct RegisterLoad: Sendable {
    let database: Database
    let clock: any WallClock
    let log: Log
    /// Rows copied at once.
    var chunk = 10_000
    /// Connections that copy at the same time, beside the loader's own.
    var copiers = 2
    /// Memory of the server for sorting keys.
    var keyMemory = "256MB"
    /// Refused rows that are listed; all are counted.
    var listed = 10_000

    struct Report: Sendable {
        var generation: Int32 = 0
        var persons: Int64 = 0
        var refused: Int64 = 0
        /// The first refusals.
        var refusals: [RefusedRow] = []
    }

    enum Failure: Error, Equatable, CustomStringConvertible {
        case anotherLoadRuns
        case empty
        case allRefused(rows: Int64, first: RefusedRow?)
        case cutOff
        case mostlyRefused
        case unreadable(String)

        var description: String {
            switch self {
            case .anotherLoadRuns: "another load is under way: wait for it"
            case .empty: "the file holds no person"
            case .allRefused(let rows, let first):
                "all \(rows) rows were refused"
                    + (first.map { ", the first in line \($0.line): \($0.column) \($0.rule)" } ?? "")
            case .cutOff: "the file ends in the middle of a row: send it again whole"
            case .mostlyRefused: "more than nine of ten rows were refused: is this a register?"
            case .unreadable(let reason): reason
            }
        }
    }

    /// Loads what `next` gives until it gives nil. Blocks.
    ///
    /// - Throws: `Failure`, what `next` throws (a body that was cut), or `StorageError`; the generation is then `failed`.
    func load(format: TabularFormat?, by subject: String, next: () throws -> [UInt8]?) throws -> Report {
        let report = try generations.alone { connection in
            try generations.clear(on: connection)
            let generation = try generations.begin(on: connection, by: subject)
            do {
                let report = try fill(generation, format: format, next: next, on: connection)
                try generations.finish(report, on: connection)
                log.info(
                    "register generation loaded",
                    [
                        "generation": .int(Int(generation)), "persons": .int(Int(report.persons)),
                        "refused": .int(Int(report.refused)),
                    ])
                return report
            } catch {
                try? generations.fail(generation, "\(error)", on: connection)
                log.warning(
                    "register load failed", ["generation": .int(Int(generation)), "error": .error(error)])
                throw error
            }
        }
        guard let report else { throw Failure.anotherLoadRuns }
        return report
    }

    private var generations: RegisterGenerations {
        RegisterGenerations(database: database, clock: clock, log: log)
    }

    private func fill(
        _ generation: Int32, format: TabularFormat?, next: () throws -> [UInt8]?, on connection: Connection
    ) throws -> Report {
        var intake = RegisterIntake(format: format, listed: listed)
        // One connection is the loader's own, one stays free for others.
        let threads = max(1, min(copiers, database.configuration.poolSize - 2))
        let copy = RegisterCopy(database: database, generation: generation, threads: threads, most: 2 * threads)
        do {
            while let bytes = try next() {
                intake.feed(bytes)
                while intake.read(upTo: chunk) >= chunk { try copy.add(intake.take()) }
            }
            intake.finish()
            while intake.read(upTo: chunk) > 0 { try copy.add(intake.take()) }
            try copy.finish()
        } catch {
            // Nobody may write into the table while it is dropped.
            copy.abandon()
            throw error
        }
        var report = Report(generation: generation, persons: intake.accepted, refused: intake.refused)
        if let fatal = intake.fatal {
            throw fatal.rule == .emptyInput ? Failure.empty : Failure.unreadable(fatal.description)
        }
        if intake.isCutOff { throw Failure.cutOff }
        guard intake.accepted > 0 else {
            throw intake.refused == 0
                ? Failure.empty : Failure.allRefused(rows: intake.refused, first: intake.refusals.first)
        }
        let repeated = try makeKeys(of: generation, on: connection)
        report.persons -= repeated.count
        report.refused += repeated.count
        report.refusals = Array((intake.refusals + repeated.first).prefix(listed))
        if report.refused > 9 * report.persons { throw Failure.mostlyRefused }
        return report
    }

    /// Primary key, index over the old numbers and statistics. A personal id that comes again is refused; its first row
    /// stands. An old number may stand at several persons.
    /// - Returns: how many rows were refused, and the first ones of them.
    private func makeKeys(of generation: Int32, on connection: Connection) throws
        -> (count: Int64, first: [RefusedRow])
    {
        let table = RegisterTables.table(of: generation)
        try connection.script("SET maintenance_work_mem = '\(keyMemory)'")
        defer { try? connection.script("RESET maintenance_work_mem") }
        var repeated: [(line: Int, count: Int64)] = []
        do {
            try connection.execute("ALTER TABLE \(table) ADD PRIMARY KEY (personal_id)")
        } catch StorageError.refused(let refusal) where refusal.state == "23505" {
            repeated = try connection.query(
                """
                WITH numbered AS (
                    SELECT ctid AS place, row_number() OVER (PARTITION BY personal_id ORDER BY line, ctid) AS nth FROM \(table)
                ), deleted AS (
                    DELETE FROM \(table) t USING numbered n WHERE t.ctid = n.place AND n.nth > 1 RETURNING t.line
                )
                SELECT line, count(*) OVER () FROM deleted ORDER BY line LIMIT $1
                """, [.int8(Int64(listed))]
            ) { ($0.int(0), $0.int8(1)) }
            try connection.execute("ALTER TABLE \(table) ADD PRIMARY KEY (personal_id)")
        }
        try connection.execute("CREATE INDEX ON \(table) (old_id) WHERE old_id IS NOT NULL")
        try connection.execute("ANALYZE \(table)")
        return (
            repeated.first?.count ?? 0,
            repeated.map { RefusedRow(line: $0.line, column: "personal_id", rule: "must not come twice") }
        )
    }
}
