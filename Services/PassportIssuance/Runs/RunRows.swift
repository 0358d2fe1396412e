import RecordModel
import Storage

/// A day run (ký số tập trung cuối ngày), open or finished.
struct DayRun: Sendable, Equatable {
    var id: Int64
    var openedAt: Instant
    var finishedAt: Instant?
    var persons: Int64
    var issued: Int64
    var superseded: Int64
    var revoked: Int64
    var contradictions: Int64

    /// A run and what its lanes have done so far.
    static let select = """
        SELECT r.run_id, r.opened_at, r.finished_at, sum(l.persons)::int8, sum(l.issued)::int8, \
        sum(l.superseded)::int8, sum(l.revoked)::int8, sum(l.contradictions)::int8 \
        FROM day_run r JOIN run_lane l ON l.run_id = r.run_id
        """

    init(_ row: ResultRow) {
        id = row.int8(0)
        openedAt = row.instant(1)
        finishedAt = row.optionalInstant(2)
        persons = row.int8(3)
        issued = row.int8(4)
        superseded = row.int8(5)
        revoked = row.int8(6)
        contradictions = row.int8(7)
    }
}

/// Opens a run with its lanes unless one is open; no row in that case.
struct OpenRun: Statement {
    static let sql = """
        WITH opened AS (
            INSERT INTO day_run (opened_by, opened_at) VALUES ($1, $2)
            ON CONFLICT ((true)) WHERE finished_at IS NULL DO NOTHING RETURNING run_id)
        INSERT INTO run_lane (run_id, lane, last_person, until_person)
        SELECT run_id, lane, last_person, until_person FROM opened,
            unnest($3::int4[], $4::uuid[], $5::uuid[]) AS u (lane, last_person, until_person)
        RETURNING run_id
        """
    var openedBy: String
    var openedAt: Instant
    /// Ranges of keys: after the first, up to the second.
    var lanes: [(after: PersonKey, until: PersonKey)]
    var parameters: [SQLValue] {
        [
            .text(openedBy), .instant(openedAt), .int4s(lanes.indices.lazy.map { Int32($0) }),
            .uuids(lanes.lazy.map { $0.after }), .uuids(lanes.lazy.map { $0.until }),
        ]
    }
    static func row(_ row: ResultRow) -> Int64 { row.int8(0) }
}

/// The open run.
struct CurrentRun: Statement {
    static let sql = DayRun.select + " WHERE r.finished_at IS NULL GROUP BY r.run_id"
    var parameters: [SQLValue] { [] }
    static func row(_ row: ResultRow) -> DayRun { DayRun(row) }
}

struct RunByID: Statement {
    static let sql = DayRun.select + " WHERE r.run_id = $1 GROUP BY r.run_id"
    var id: Int64
    var parameters: [SQLValue] { [.int8(id)] }
    static func row(_ row: ResultRow) -> DayRun { DayRun(row) }
}

/// The lanes of the open run that are not done.
struct OpenLanes: Statement {
    static let sql = """
        SELECT l.lane FROM run_lane l JOIN day_run r ON r.run_id = l.run_id
        WHERE r.finished_at IS NULL AND NOT l.is_done ORDER BY l.lane
        """
    var parameters: [SQLValue] { [] }
    static func row(_ row: ResultRow) -> Int { Int(row.int4(0)) }
}

/// A lane of the open run, locked: its next chunk waits for this one. No row when it is done.
struct LockLane: Statement {
    struct Lane: Sendable {
        var runID: Int64
        var lastPerson: PersonKey
        var untilPerson: PersonKey
    }

    static let sql = """
        SELECT l.run_id, l.last_person, l.until_person FROM run_lane l JOIN day_run r ON r.run_id = l.run_id
        WHERE r.finished_at IS NULL AND NOT l.is_done AND l.lane = $1 FOR UPDATE OF l
        """
    var lane: Int
    var parameters: [SQLValue] { [.int4(Int32(lane))] }
    static func row(_ row: ResultRow) -> Lane {
        Lane(runID: row.int8(0), lastPerson: row.uuid(1), untilPerson: row.uuid(2))
    }
}

/// The next marked persons of a lane, in the order of their keys.
struct MarkedPersons: Statement {
    static let sql = """
        SELECT person_key FROM marked_person WHERE person_key > $1 AND person_key <= $2 ORDER BY person_key LIMIT $3
        """
    var after: PersonKey
    var until: PersonKey
    var limit: Int
    var parameters: [SQLValue] { [.uuid(after), .uuid(until), .int8(Int64(limit))] }
    static func row(_ row: ResultRow) -> PersonKey { row.uuid(0) }
}

/// Marks persons whose passports show a dose of somebody else. Usually the fact that moved the dose has marked them; where
/// the copy of the facts was lost meanwhile, nothing else finds them.
struct MarkOtherHolders: Statement {
    static let sql = """
        INSERT INTO marked_person (person_key, marked_at)
        SELECT DISTINCT p.person_key, $3 FROM unnest($1::uuid[], $2::uuid[]) AS u (dose, person)
        JOIN passport p ON p.dose_id = u.dose AND p.status <> 3 AND p.person_key <> u.person
        ORDER BY p.person_key ON CONFLICT DO NOTHING
        """
    var doses: [(dose: DoseID, person: PersonKey)]
    var at: Instant
    var parameters: [SQLValue] {
        [.uuids(doses.lazy.map(\.dose)), .uuids(doses.lazy.map(\.person)), .instant(at)]
    }
    static func row(_ row: ResultRow) {}
}

/// Takes the marks of a range of persons away: the run has worked them off.
struct UnmarkPersons: Statement {
    static let sql = "DELETE FROM marked_person WHERE person_key > $1 AND person_key <= $2"
    var after: PersonKey
    var until: PersonKey
    var parameters: [SQLValue] { [.uuid(after), .uuid(until)] }
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

/// Counts a chunk, and remembers how far the lane is.
struct AdvanceLane: Statement {
    static let sql = """
        UPDATE run_lane SET last_person = $3, persons = persons + $4, issued = issued + $5,
            superseded = superseded + $6, revoked = revoked + $7, contradictions = contradictions + $8,
            revoked_valid = revoked_valid + $9
        WHERE run_id = $1 AND lane = $2
        """
    var runID: Int64
    var lane: Int
    var lastPerson: PersonKey
    var persons = 0
    var issued = 0
    var superseded = 0
    var revoked = 0
    var contradictions = 0
    var revokedValid = 0
    var parameters: [SQLValue] {
        [
            .int8(runID), .int4(Int32(lane)), .uuid(lastPerson), .int8(Int64(persons)), .int8(Int64(issued)),
            .int8(Int64(superseded)), .int8(Int64(revoked)), .int8(Int64(contradictions)),
            .int8(Int64(revokedValid)),
        ]
    }
    static func row(_ row: ResultRow) {}
}

/// Nobody is left in the lane.
struct FinishLane: Statement {
    static let sql = "UPDATE run_lane SET is_done = true WHERE run_id = $1 AND lane = $2"
    var runID: Int64
    var lane: Int
    var parameters: [SQLValue] { [.int8(runID), .int4(Int32(lane))] }
    static func row(_ row: ResultRow) {}
}

/// Finishes the open run when all its lanes are done.
struct FinishRun: Statement {
    static let sql = """
        UPDATE day_run r SET finished_at = $1 WHERE finished_at IS NULL
            AND NOT EXISTS (SELECT FROM run_lane l WHERE l.run_id = r.run_id AND NOT l.is_done)
        """
    var at: Instant
    var parameters: [SQLValue] { [.instant(at)] }
    static func row(_ row: ResultRow) {}
}
