import RecordModel
import Storage

/// A task's row.
struct StoredTask: Hashable, Sendable {
    static let columns = """
        task_id, subject_id, kind, episode, facility_code, source_record_id, invalid_group, unit_code, residence_commune,
        is_forwarded, state, outcome, created_at, due_at, changed_at, closed_at
        """

    var taskID: TaskID
    var subjectID: SubjectID
    var kind: TaskKind
    var episode: Int32
    var facilityCode: String
    var sourceRecordID: String
    var group: InvalidGroup
    var unitCode: String
    var residenceCommune: String
    var isForwarded: Bool
    var progress: TaskProgress
    var createdAt: Instant
    var dueAt: Instant
    var changedAt: Instant
    var closedAt: Instant?

    /// The same subject, kind and episode have the same id, so that a task made twice is one task.
    static func identifier(_ subjectID: SubjectID, _ kind: TaskKind, _ episode: Int32) -> TaskID {
        TaskID(high: subjectID.high, low: subjectID.low ^ (UInt64(kind.rawValue) << 32 | UInt64(UInt32(episode))))
    }
}

extension StoredTask {
    init(_ row: ResultRow) {
        self.init(
            taskID: row.uuid(0), subjectID: row.uuid(1),
            kind: TaskKind(rawValue: Int16(truncatingIfNeeded: row.int4(2))) ?? .identity, episode: row.int4(3),
            facilityCode: row.text(4), sourceRecordID: row.text(5), group: InvalidGroup(rawValue: row.int4(6)) ?? .none,
            unitCode: row.text(7), residenceCommune: row.text(8), isForwarded: row.bool(9),
            progress: TaskProgress(
                state: TaskState(rawValue: Int16(truncatingIfNeeded: row.int4(10))) ?? .open, outcome: row.text(11)),
            createdAt: row.instant(12), dueAt: row.instant(13), changedAt: row.instant(14),
            closedAt: row.optionalInstant(15))
    }
}

/// Makes sure that the subjects' locks exist, in the order of their ids.
struct MakeSubjectLocks: Statement {
    static let sql = "INSERT INTO subject_lock SELECT * FROM unnest($1) ON CONFLICT DO NOTHING"
    var subjectIDs: [SubjectID]
    var parameters: [SQLValue] { [.uuids(subjectIDs)] }
    typealias Row = Void
}

struct LockSubjects: Statement {
    static let sql = "SELECT 1 FROM subject_lock WHERE subject_id = ANY($1) ORDER BY subject_id FOR UPDATE"
    var subjectIDs: [SubjectID]
    var parameters: [SQLValue] { [.uuids(subjectIDs)] }
    typealias Row = Void
}

struct TasksOfSubjects: Statement {
    static let sql =
        "SELECT \(StoredTask.columns) FROM task WHERE subject_id = ANY($1) ORDER BY subject_id, kind, episode"
    var subjectIDs: [SubjectID]
    var parameters: [SQLValue] { [.uuids(subjectIDs)] }
    static func row(_ row: ResultRow) -> StoredTask { StoredTask(row) }
}

/// Which of these subjects have a task that is not closed.
struct SubjectsWithTasks: Statement {
    static let sql = """
        SELECT DISTINCT n.subject_id FROM unnest($1) AS n (subject_id)
        JOIN task t ON t.subject_id = n.subject_id WHERE t.closed_at IS NULL
        """
    var subjectIDs: [SubjectID]
    var parameters: [SQLValue] { [.uuids(subjectIDs)] }
    static func row(_ row: ResultRow) -> SubjectID { row.uuid(0) }
}

struct TasksByID: Statement {
    static let sql = "SELECT \(StoredTask.columns) FROM task WHERE task_id = ANY($1)"
    var taskIDs: [TaskID]
    var parameters: [SQLValue] { [.uuids(taskIDs)] }
    static func row(_ row: ResultRow) -> StoredTask { StoredTask(row) }
}

/// Inserts new tasks and writes changed ones; the subjects are locked.
struct PutTasks: Statement {
    static let sql = """
        INSERT INTO task (\(StoredTask.columns))
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        ON CONFLICT (task_id) DO UPDATE SET source_record_id = excluded.source_record_id,
            invalid_group = excluded.invalid_group, unit_code = excluded.unit_code,
            is_forwarded = excluded.is_forwarded, state = excluded.state, outcome = excluded.outcome,
            due_at = excluded.due_at, changed_at = excluded.changed_at, closed_at = excluded.closed_at
        """
    var tasks: [StoredTask]
    var parameters: [SQLValue] {
        [
            .uuids(tasks.lazy.map(\.taskID)), .uuids(tasks.lazy.map(\.subjectID)),
            .int4s(tasks.lazy.map { Int32($0.kind.rawValue) }), .int4s(tasks.lazy.map(\.episode)),
            .texts(tasks.lazy.map(\.facilityCode)), .texts(tasks.lazy.map(\.sourceRecordID)),
            .int4s(tasks.lazy.map(\.group.rawValue)), .texts(tasks.lazy.map(\.unitCode)),
            .texts(tasks.lazy.map(\.residenceCommune)), .bools(tasks.lazy.map(\.isForwarded)),
            .int4s(tasks.lazy.map { Int32($0.progress.state.rawValue) }), .texts(tasks.lazy.map(\.progress.outcome)),
            .instants(tasks.lazy.map(\.createdAt)), .instants(tasks.lazy.map(\.dueAt)),
            .instants(tasks.lazy.map(\.changedAt)), .instants(tasks.lazy.map(\.closedAt)),
        ]
    }
    typealias Row = Void
}

/// One line of a task's history.
struct HistoryEntry: Sendable {
    var taskID: TaskID
    var at: Instant
    var act: String
    var before: TaskState
    var after: TaskState
    /// Empty: the system.
    var unitCode = ""
    var account = ""
}

struct WriteHistory: Statement {
    static let sql = """
        INSERT INTO task_history (task_id, at, act, state_before, state_after, unit_code, account)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)
        """
    var entries: [HistoryEntry]
    var parameters: [SQLValue] {
        [
            .uuids(entries.lazy.map(\.taskID)), .instants(entries.lazy.map(\.at)), .texts(entries.lazy.map(\.act)),
            .int4s(entries.lazy.map { Int32($0.before.rawValue) }),
            .int4s(entries.lazy.map { Int32($0.after.rawValue) }),
            .texts(entries.lazy.map(\.unitCode)), .texts(entries.lazy.map(\.account)),
        ]
    }
    typealias Row = Void
}
