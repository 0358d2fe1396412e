import RecordModel
import Storage
import Web

/// One answer to one task.
struct ResolutionRequest: Sendable {
    /// The row of a bulk answer; 0 for a single one.
    var row = 0
    var taskID: TaskID?
    var answer: ResolutionKind?
    var identity = IdentityAnswer()
    /// Where the person lives, for `other-area`.
    var commune = ""
}

/// What became of it.
struct ResolutionResult: Sendable {
    enum Effect: Sendable {
        case applied, unchanged
        case refused(ResolutionRefusal)
    }
    var row: Int
    var taskID: TaskID?
    var effect: Effect
    var state: TaskState?
}

/// Lets police answers take effect: the task moves, and corrections go to Intake with the same commit.
///
/// Only police come here (AUT-01), each for its own area; an answer given twice takes effect once.
struct ResolutionDesk: Sendable {
    let rule: RecordRule
    let desk: TaskDesk

    /// - Returns: a result for each request, in their order.
    func apply(_ requests: [ResolutionRequest], by principal: Principal, in tx: Transaction) throws
        -> [ResolutionResult]
    {
        var sheet = try ResolutionSheet(requests.compactMap(\.taskID), principal: principal, desk: desk, in: tx)
        var results: [ResolutionResult] = []
        let communes = Set(requests.lazy.filter { $0.answer == .otherArea }.map(\.commune))
        let stations = try UnitTable.stations(ofCommunes: communes, in: tx)
        for request in requests {
            var result = ResolutionResult(row: request.row, taskID: request.taskID, effect: .unchanged)
            do throws(ResolutionRefusal) {
                if try take(request, stations, on: &sheet) { result.effect = .applied }
            } catch {
                result.effect = .refused(error)
            }
            result.state = request.taskID.flatMap { sheet.tasks[$0]?.progress.state }
            results.append(result)
        }
        try sheet.write(rule, in: tx)
        return results
    }

    /// Gives whether anything changed.
    private func take(
        _ request: ResolutionRequest, _ stations: [String: TaskUnit], on sheet: inout ResolutionSheet
    ) throws(ResolutionRefusal) -> Bool {
        guard let taskID = request.taskID, var task = sheet.tasks[taskID] else { throw .unknownTask }
        guard sheet.mayAct(on: task) else { throw .notYourArea }
        guard let answer = request.answer, answer != .doseConfirmed else { throw .unknownResolution }
        let before = task.progress
        let next = try before.answered(answer, kind: task.kind)
        let concerned = sheet.concerned(by: task)
        var corrections: [CorrectionApplied] = []
        switch answer {
        case .corrected:
            corrections = try identityCorrections(request.identity, concerned, sheet)
            if before.state == .corrected && corrections.allSatisfy({ sheet.isKnown($0) }) { return false }
        case .otherArea:
            guard let station = stations[request.commune] else { throw .unknownCommune }
            if task.unitCode == station.code { return false }
            task.unitCode = station.code
            task.isForwarded = true
            task.dueAt = desk.responsibility.due(sheet.now)
        case .confirmedAsTyped, .noSuchPerson, .doseConfirmed:
            if before == next && concerned.allSatisfy(\.isResolved) { return false }
            if answer == .noSuchPerson {
                task.unitCode = task.facilityCode
                task.dueAt = desk.responsibility.due(sheet.now)
            }
        }
        task.progress = next
        task.changedAt = sheet.now
        if next.state == .closed { task.closedAt = sheet.now }
        sheet.note(task, before: before.state, act: answer.rawValue)
        if answer != .otherArea { sheet.resolve(concerned, by: .police) }
        sheet.add(corrections, for: taskID)
        return true
    }

    /// The corrections of all records concerned; a record that reads so already needs none.
    private func identityCorrections(
        _ answer: IdentityAnswer, _ concerned: [StoredDose], _ sheet: ResolutionSheet
    ) throws(ResolutionRefusal) -> [CorrectionApplied] {
        var corrections: [CorrectionApplied] = []
        for dose in concerned {
            guard let record = sheet.records[dose.doseID] else { continue }
            do throws(ResolutionRefusal) {
                let identity = try answer.identity(over: record.identity, today: sheet.now.calendarDate())
                corrections.append(sheet.correction(of: dose, authority: .police, .identity(identity)))
            } catch  where error == .nothingChanged {
                continue
            }
        }
        guard !corrections.isEmpty else { throw .nothingChanged }
        return corrections
    }
}

extension StoredDose {
    /// Whether an answer was given on just these facts.
    var isResolved: Bool {
        facts.resolved == FactOrder(version: facts.version, assessment: facts.verdictOrder.assessment)
    }
}
