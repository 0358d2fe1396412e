import RecordModel
import Storage
import Web

/// Lets the giving facility confirm dose fields of its own records (AUT-01: only the health side changes dose data).
struct DoseFieldDesk: Sendable {
    let rule: RecordRule
    let desk: TaskDesk

    /// - Returns: whether a correction left; false when the same had been answered already.
    func apply(
        _ answer: DoseAnswer, facilityCode: String, sourceRecordID: String, by principal: Principal, in tx: Transaction
    ) throws -> Result<Bool, ResolutionRefusal> {
        guard principal.unit == facilityCode else { return .failure(.notYourArea) }
        let found = try tx.run(DoseOfRecord(facilityCode: facilityCode, sourceRecordID: sourceRecordID))
        guard let subject = found.first?.subjectID else { return .failure(.unknownTask) }
        var sheet = try ResolutionSheet(subjects: [subject], principal: principal, desk: desk, in: tx)
        let doses = try tx.run(DosesOfSubjects(subjectIDs: [subject]))
        guard let dose = doses.first(where: { $0.sourceRecordID == sourceRecordID && $0.facilityCode == facilityCode }),
            let record = sheet.records[dose.doseID], !dose.facts.isWithdrawn
        else { return .failure(.nothingOpen) }
        let correction: CorrectionApplied
        do throws(ResolutionRefusal) {
            let fields = try answer.correction(over: record.dose, rule: rule, today: sheet.now.calendarDate())
            correction = sheet.correction(of: dose, authority: .health, .dose(fields))
        } catch {
            return .failure(error)
        }
        if sheet.isKnown(correction) { return .success(false) }
        let tasks = try tx.run(TasksOfSubjects(subjectIDs: [subject])).filter { $0.closedAt == nil }
        sheet.take(tasks)
        let task = tasks.first { $0.kind == .doseField && dose.facts.problems.contains(.doseField) }
        if var task {
            let before = task.progress.state
            task.progress = TaskProgress(state: .corrected, outcome: "")
            task.changedAt = sheet.now
            sheet.note(task, before: before, act: ResolutionKind.doseConfirmed.rawValue)
            sheet.resolve([dose], by: .health)
        }
        sheet.add([correction], for: task?.taskID)
        try sheet.write(rule, in: tx)
        return .success(true)
    }
}
