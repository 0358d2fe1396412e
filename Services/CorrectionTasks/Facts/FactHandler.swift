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
        var subjects: Set<SubjectID> = []
        var waiting = fold.arrived
        while !waiting.isEmpty { waiting = try takeOnce(waiting, subjects: &subjects, in: tx) }
        try desk.follow(subjects, in: tx)
        return fold.rejections
    }

    /// Takes what it can; gives back the records whose rows another instance inserted meanwhile.
    private func takeOnce(
        _ arrived: [ArrivedFacts], subjects: inout Set<SubjectID>, in tx: Transaction
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
            let before = held[change.dose.doseID]?.facts
            // Only who has or had a problem can have a task.
            if !change.dose.facts.problems.isEmpty || !(before?.problems.isEmpty ?? true), before != change.dose.facts {
                subjects.insert(change.dose.subjectID)
            }
        }
        return missed.isEmpty ? [] : arrived.filter { missed.contains($0.doseID) }
    }
}
