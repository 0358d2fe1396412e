import RecordModel
import Storage

/// Lets tasks follow the facts: makes, reopens and closes them.
struct TaskDesk: Sendable {
    let responsibility: Responsibility
    let clock: any WallClock

    /// Decides anew about these subjects, whose records' rows are written already.
    ///
    /// - Parameter left: those of them that a record has just left for another subject.
    func follow(_ subjects: Set<SubjectID>, left: Set<SubjectID> = [], in tx: Transaction) throws {
        guard !subjects.isEmpty else { return }
        let ids = subjects.sorted()
        try Self.lock(ids, in: tx)
        let doses = Dictionary(grouping: try tx.run(DosesOfSubjects(subjectIDs: ids)), by: \.subjectID)
        let tasks = Dictionary(grouping: try tx.run(TasksOfSubjects(subjectIDs: ids)), by: \.subjectID)
        let now = clock.now()
        var changed: [StoredTask] = []
        var routed: [Int] = []
        var history: [HistoryEntry] = []
        for id in ids {
            for kind in TaskKind.allCases {
                let held = (tasks[id] ?? []).filter { $0.kind == kind }.last
                let next = Self.next(kind, held, doses[id] ?? [], hasLeft: left.contains(id), at: now)
                guard let next else { continue }
                if let held, held.taskID == next.taskID {
                    if held.progress.state != next.progress.state {
                        history.append(
                            HistoryEntry(
                                taskID: next.taskID, at: now, act: next.closedAt == nil ? "seen-again" : "settled",
                                before: held.progress.state, after: next.progress.state))
                        if next.progress.state == .open && !next.isForwarded { routed.append(changed.count) }
                    }
                } else {
                    routed.append(changed.count)
                }
                changed.append(next)
            }
        }
        try route(routed, of: &changed, in: tx)
        if !changed.isEmpty { try tx.run(PutTasks(tasks: changed)) }
        if !history.isEmpty { try tx.run(WriteHistory(entries: history)) }
    }

    /// Locks subjects, sorted: made first where they are new.
    static func lock(_ ids: [SubjectID], in tx: Transaction) throws {
        try tx.run(MakeSubjectLocks(subjectIDs: ids))
        try tx.run(LockSubjects(subjectIDs: ids))
    }

    /// The task of this kind as it is to be now; nil when it stays as it is, or none is needed.
    static func next(
        _ kind: TaskKind, _ held: StoredTask?, _ doses: [StoredDose], hasLeft: Bool, at now: Instant
    ) -> StoredTask? {
        let records = doses.map { TaskRecord(sourceRecordID: $0.sourceRecordID, facts: $0.facts) }
        let concerned = doses.filter { $0.facts.problems.contains(Problems(kind)) }
        guard var task = held, task.closedAt == nil else {
            guard let first = concerned.first, records.contains(where: { $0.concerns(kind) && $0.seen(kind) != nil })
            else { return nil }
            let episode = (held?.episode ?? 0) + 1
            return StoredTask(
                taskID: StoredTask.identifier(first.subjectID, kind, episode), subjectID: first.subjectID, kind: kind,
                episode: episode, facilityCode: first.facilityCode, sourceRecordID: first.sourceRecordID,
                group: first.facts.group, unitCode: first.facilityCode, residenceCommune: first.residenceCommune,
                isForwarded: false, progress: TaskProgress(state: .open, outcome: ""), createdAt: now, dueAt: now,
                changedAt: now, closedAt: nil)
        }
        let witness = hasLeft ? nil : task.sourceRecordID
        if let progress = task.progress.next(kind, records: records, witness: witness) {
            task.progress = progress
            task.changedAt = now
            if progress.state == .closed { task.closedAt = now }
        }
        if let first = concerned.first {
            task.sourceRecordID = first.sourceRecordID
            task.group = first.facts.group
        }
        return task == held ? nil : task
    }

    /// Gives new and reopened tasks their responsible unit and their due date.
    private func route(_ routed: [Int], of tasks: inout [StoredTask], in tx: Transaction) throws {
        guard !routed.isEmpty else { return }
        let facilities = try UnitTable.units(Set(routed.map { tasks[$0].facilityCode }), in: tx)
        let stations = try UnitTable.stations(ofCommunes: Set(routed.map { tasks[$0].residenceCommune }), in: tx)
        for index in routed {
            let task = tasks[index]
            tasks[index].unitCode = responsibility.unit(
                kind: task.kind, station: stations[task.residenceCommune], facility: facilities[task.facilityCode],
                facilityCode: task.facilityCode)
            tasks[index].dueAt = responsibility.due(task.changedAt)
        }
    }
}
