import Messaging
import RecordModel
import Storage

/// Takes records, verdicts, findings and units in any order, keeps them, and lets tasks follow.
///
/// A record's row is locked first (sorted by id), then the subjects whose problems changed (sorted by id): whoever comes
/// second sees what the first has written. Rows are written only where something is newer, so a replay changes nothing.
/// Nothing is emitted here: corrections leave only when people answer.
struct FactHandler: BatchHandler {
    let rule: RecordRule
    let desk: TaskDesk

    func handle(_ batch: [InboundMessage], in tx: Transaction) throws -> [Rejection] {
        let fold = FactFold(batch)
        if !fold.units.isEmpty {
            let communes = try UnitTable.put(Array(fold.units.values), in: tx)
            if !communes.isEmpty { try UnitTable.reroute(communes: communes, desk.responsibility, in: tx) }
        }
        var affected = AffectedSubjects()
        var waiting = fold.arrived
        while !waiting.isEmpty { waiting = try takeOnce(waiting, affected: &affected, in: tx) }
        let asked = affected.settled.subtracting(affected.followed)
        if !asked.isEmpty {
            affected.followed.formUnion(try tx.run(SubjectsWithTasks(subjectIDs: asked.sorted())))
        }
        try desk.follow(affected.followed, left: affected.left, in: tx)
        return fold.rejections
    }

    /// Takes what it can; gives back the records whose rows another instance inserted meanwhile.
    private func takeOnce(
        _ arrived: [ArrivedFacts], affected: inout AffectedSubjects, in tx: Transaction
    ) throws -> [ArrivedFacts] {
        let held = Dictionary(
            uniqueKeysWithValues: try tx.run(LockDoses(doseIDs: arrived.map(\.doseID))).map { ($0.doseID, $0) })
        var changes = arrived.compactMap { facts in DoseChange(held[facts.doseID], facts, rule) }
        try RecordPage.put(&changes, in: tx)
        let inserts = changes.filter { held[$0.dose.doseID] == nil }
        let updates = changes.filter { held[$0.dose.doseID] != nil }
        var missed: Set<DoseID> = []
        if !inserts.isEmpty {
            let inserted = Set(try tx.run(InsertDoses(changes: inserts)))
            missed = Set(inserts.lazy.map(\.dose.doseID).filter { !inserted.contains($0) })
        }
        let amended = updates.filter { $0.place != nil }
        if !amended.isEmpty { try tx.run(UpdateDoses(changes: amended)) }
        let checked = updates.filter { $0.place == nil }
        if !checked.isEmpty { try tx.run(UpdateChecks(changes: checked)) }
        for change in changes where !missed.contains(change.dose.doseID) {
            affected.insert(change.dose, before: held[change.dose.doseID])
        }
        return missed.isEmpty ? [] : arrived.filter { missed.contains($0.doseID) }
    }
}

/// The subjects whose tasks a batch may have changed.
private struct AffectedSubjects {
    /// Whose tasks are to be decided anew.
    var followed: Set<SubjectID> = []
    /// Those of them that a record has left.
    var left: Set<SubjectID> = []
    /// With a record that has just turned out to be in order: they have a task only if it did not stand here when it was
    /// wrong, that is after a loss of these rows.
    var settled: Set<SubjectID> = []

    mutating func insert(_ dose: StoredDose, before: StoredDose?) {
        if let before, before.subjectID != dose.subjectID {
            followed.insert(before.subjectID)
            left.insert(before.subjectID)
        }
        let hadProblems = before?.facts.problems.isEmpty == false
        if hadProblems || !dose.facts.problems.isEmpty {
            if before?.facts != dose.facts { followed.insert(dose.subjectID) }
        } else if dose.facts.isSettled && before?.facts.isPending ?? true {
            settled.insert(dose.subjectID)
        }
    }
}
