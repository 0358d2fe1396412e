import RecordModel
import Storage

/// A day run (ký số tập trung cuối ngày), open or finished.
struct DayRun: Sendable, Equatable {
    var id: Int64
    var openedAt: Instant
    var finishedAt: Instant?
    var lastPerson: PersonKey
    var persons: Int64
    var issued: Int64
    var superseded: Int64
    var revoked: Int64
    var contradictions: Int64

    static let columns =
        "run_id, opened_at, finished_at, last_person, persons, issued, superseded, revoked, contradictions"

    init(_ row: ResultRow) {
        id = row.int8(0)
        openedAt = row.instant(1)
        finishedAt = row.optionalInstant(2)
        lastPerson = row.uuid(3)
        persons = row.int8(4)
        issued = row.int8(5)
        superseded = row.int8(6)
        revoked = row.int8(7)
        contradictions = row.int8(8)
    }
}

/// Opens a run unless one is open; no row in that case.
struct OpenRun: Statement {
    static let sql = """
        INSERT INTO day_run (opened_by, opened_at) VALUES ($1, $2)
        ON CONFLICT ((true)) WHERE finished_at IS NULL DO NOTHING RETURNING \(DayRun.columns)
        """
    var openedBy: String
    var openedAt: Instant
    var parameters: [SQLValue] { [.text(openedBy), .instant(openedAt)] }
    static func row(_ row: ResultRow) -> DayRun { DayRun(row) }
}

/// The open run.
struct CurrentRun: Statement {
    static let sql = "SELECT \(DayRun.columns) FROM day_run WHERE finished_at IS NULL"
    var parameters: [SQLValue] { [] }
    static func row(_ row: ResultRow) -> DayRun { DayRun(row) }
}

/// The open run, locked: the next chunk waits for this one.
struct LockCurrentRun: Statement {
    static let sql = CurrentRun.sql + " FOR UPDATE"
    var parameters: [SQLValue] { [] }
    static func row(_ row: ResultRow) -> DayRun { DayRun(row) }
}

struct RunByID: Statement {
    static let sql = "SELECT \(DayRun.columns) FROM day_run WHERE run_id = $1"
    var id: Int64
    var parameters: [SQLValue] { [.int8(id)] }
    static func row(_ row: ResultRow) -> DayRun { DayRun(row) }
}

/// Locks the next marked persons, in the order of their keys.
struct LockMarkedPersons: Statement {
    static let sql = """
        SELECT person_key FROM marked_person WHERE person_key > $1 ORDER BY person_key LIMIT $2 FOR UPDATE
        """
    var after: PersonKey
    var limit: Int
    var parameters: [SQLValue] { [.uuid(after), .int8(Int64(limit))] }
    static func row(_ row: ResultRow) -> PersonKey { row.uuid(0) }
}

/// Takes the marks of persons away: the run has worked them off.
struct UnmarkPersons: Statement {
    static let sql = "DELETE FROM marked_person m USING unnest($1::uuid[]) AS u (key) WHERE m.person_key = u.key"
    var persons: [PersonKey]
    var parameters: [SQLValue] { [.uuids(persons)] }
    static func row(_ row: ResultRow) {}
}

/// Remembers why persons have no new passport; the time stays while the reason does.
struct BlockPersons: Statement {
    static let sql = """
        INSERT INTO blocked_person AS b (person_key, state, since)
        SELECT person_key, state, $3 FROM unnest($1::uuid[], $2::int4[]) AS u (person_key, state)
        ON CONFLICT (person_key) DO UPDATE SET state = excluded.state, since = excluded.since
            WHERE b.state <> excluded.state
        """
    var persons: [PersonKey]
    var states: [LineState]
    var at: Instant
    var parameters: [SQLValue] { [.uuids(persons), .int4s(states.lazy.map(\.rawValue)), .instant(at)] }
    static func row(_ row: ResultRow) {}
}

/// Forgets that persons were blocked.
struct UnblockPersons: Statement {
    static let sql = "DELETE FROM blocked_person b USING unnest($1::uuid[]) AS u (key) WHERE b.person_key = u.key"
    var persons: [PersonKey]
    var parameters: [SQLValue] { [.uuids(persons)] }
    static func row(_ row: ResultRow) {}
}

/// Counts a chunk.
struct AdvanceRun: Statement {
    static let sql = """
        UPDATE day_run SET last_person = $2, persons = persons + $3, issued = issued + $4, superseded = superseded + $5,
            revoked = revoked + $6, contradictions = contradictions + $7, revoked_valid = revoked_valid + $8
        WHERE run_id = $1
        """
    var id: Int64
    var lastPerson: PersonKey
    var persons = 0
    var issued = 0
    var superseded = 0
    var revoked = 0
    var contradictions = 0
    var revokedValid = 0
    var parameters: [SQLValue] {
        [
            .int8(id), .uuid(lastPerson), .int8(Int64(persons)), .int8(Int64(issued)), .int8(Int64(superseded)),
            .int8(Int64(revoked)), .int8(Int64(contradictions)), .int8(Int64(revokedValid)),
        ]
    }
    static func row(_ row: ResultRow) {}
}

struct FinishRun: Statement {
    static let sql = "UPDATE day_run SET finished_at = $2 WHERE run_id = $1"
    var id: Int64
    var at: Instant
    var parameters: [SQLValue] { [.int8(id), .instant(at)] }
    static func row(_ row: ResultRow) {}
}
