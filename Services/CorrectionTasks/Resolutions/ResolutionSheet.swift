import RecordModel
import Storage
import Web

/// What a group of answers works on: tasks, their records and the units, locked; then what is to be written.
///
/// Locks are taken in the order in which the handler of facts takes them: records by id, then subjects by id.
struct ResolutionSheet {
    private(set) var tasks: [TaskID: StoredTask] = [:]
    /// The newest version of each record concerned.
    private(set) var records: [DoseID: DoseRecord] = [:]
    let now: Instant
    private let principal: Principal
    private let scope: TaskScope
    private let desk: TaskDesk
    private var doses: [SubjectID: [StoredDose]] = [:]
    private var units: [String: TaskUnit] = [:]
    private var latest: [DoseID: CorrectionApplied] = [:]
    private var changed: Set<TaskID> = []
    private var resolved: [StoredDose] = []
    private var history: [HistoryEntry] = []
    private var corrections: [(CorrectionApplied, TaskID?)] = []

    init(_ taskIDs: [TaskID], principal: Principal, desk: TaskDesk, in tx: Transaction) throws {
        let ids = Set(taskIDs).sorted()
        let subjects = Set(try tx.run(TasksByID(taskIDs: ids)).map(\.subjectID)).sorted()
        try self.init(subjects: subjects, principal: principal, desk: desk, in: tx)
        let found = try tx.run(TasksByID(taskIDs: ids))
        tasks = Dictionary(uniqueKeysWithValues: found.map { ($0.taskID, $0) })
        units = try UnitTable.units(Set(found.map(\.unitCode)), in: tx)
    }

    init(subjects: [SubjectID], principal: Principal, desk: TaskDesk, in tx: Transaction) throws {
        self.principal = principal
        self.desk = desk
        now = desk.clock.now()
        let unit = try UnitTable.units([principal.unit], in: tx)[principal.unit]
        scope = TaskScope(role: principal.role, unitCode: principal.unit, unit: unit)
        let seen = try tx.run(DosesOfSubjects(subjectIDs: subjects))
        _ = try tx.run(LockDoses(doseIDs: seen.map(\.doseID).sorted()))
        try TaskDesk.lock(subjects, in: tx)
        let all = try tx.run(DosesOfSubjects(subjectIDs: subjects))
        doses = Dictionary(grouping: all, by: \.subjectID)
        records = try CorrectionTable.records(all.map(\.doseID), in: tx)
        latest = try CorrectionTable.latest(all.map(\.doseID), in: tx)
    }

    mutating func take(_ tasks: [StoredTask]) {
        for task in tasks { self.tasks[task.taskID] = task }
    }

    func mayAct(on task: StoredTask) -> Bool {
        scope.holds(unitCode: task.unitCode, unit: units[task.unitCode], facilityCode: task.facilityCode)
    }

    func concerned(by task: StoredTask) -> [StoredDose] {
        (doses[task.subjectID] ?? []).filter { $0.facts.problems.contains(Problems(task.kind)) }
    }

    func correction(
        of dose: StoredDose, authority: CorrectionAuthority, _ correction: CorrectionApplied.Correction
    ) -> CorrectionApplied {
        CorrectionApplied(
            correctionID: .random(), doseID: dose.doseID, subjectID: dose.subjectID, doseVersion: dose.facts.version,
            authority: authority, decidedByUnit: principal.unit, decidedAt: now, correction: correction)
    }

    /// Whether the record's last correction says the same about the same version.
    func isKnown(_ correction: CorrectionApplied) -> Bool {
        guard let last = latest[correction.doseID] else { return false }
        return last.correction == correction.correction && last.doseVersion == correction.doseVersion
    }

    mutating func note(_ task: StoredTask, before: TaskState, act: String) {
        tasks[task.taskID] = task
        changed.insert(task.taskID)
        history.append(
            HistoryEntry(
                taskID: task.taskID, at: now, act: act, before: before, after: task.progress.state,
                unitCode: principal.unit, account: principal.subject))
    }

    /// Remembers that these records' newest facts have been answered, by police or by the health side.
    mutating func resolve(_ doses: [StoredDose], by authority: CorrectionAuthority) {
        for var dose in doses {
            switch authority {
            case .police:
                dose.facts.resolved = FactOrder(
                    version: dose.facts.version, assessment: dose.facts.verdictOrder.assessment)
            case .health: dose.facts.healthVersion = dose.facts.version
            }
            resolved.append(dose)
        }
    }

    mutating func add(_ corrections: [CorrectionApplied], for taskID: TaskID?) {
        for correction in corrections where !isKnown(correction) {
            latest[correction.doseID] = correction
            self.corrections.append((correction, taskID))
        }
    }

    /// Writes everything, emits the corrections, and lets the subjects' other tasks follow.
    func write(_ rule: RecordRule, in tx: Transaction) throws {
        var followed: Set<SubjectID> = []
        if !resolved.isEmpty {
            let answered = resolved.map { dose in
                var dose = dose
                rule.apply(to: &dose.facts)
                followed.insert(dose.subjectID)
                return dose
            }
            try tx.run(ResolveDoses(doses: answered))
        }
        if !changed.isEmpty { try tx.run(PutTasks(tasks: changed.sorted().compactMap { tasks[$0] })) }
        if !history.isEmpty { try tx.run(WriteHistory(entries: history)) }
        if !corrections.isEmpty {
            try CorrectionTable.remember(corrections, account: principal.subject, in: tx)
            try tx.emit(corrections.lazy.map { $0.0.event(source: CorrectionTable.source, at: now) })
        }
        try desk.follow(followed, in: tx)
    }
}

/// Remembers the facts on which an answer was given.
private struct ResolveDoses: Statement {
    static let sql = """
        UPDATE dose d SET resolved_version = n.version, resolved_assessment = n.assessment, problems = n.problems,
            health_version = n.health_version
        FROM unnest($1, $2, $3, $4, $5) AS n (dose_id, version, assessment, problems, health_version)
        WHERE d.dose_id = n.dose_id
        """
    var doses: [StoredDose]
    var parameters: [SQLValue] {
        [
            .uuids(doses.lazy.map(\.doseID)), .int4s(doses.lazy.map { Int32(bitPattern: $0.facts.resolved.version) }),
            .int8s(doses.lazy.map { Int64(bitPattern: $0.facts.resolved.assessment) }),
            .int4s(doses.lazy.map { Int32($0.facts.problems.rawValue) }),
            .int4s(doses.lazy.map { Int32(bitPattern: $0.facts.healthVersion) }),
        ]
    }
    typealias Row = Void
}
