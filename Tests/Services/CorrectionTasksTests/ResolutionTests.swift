import RecordModel
import Storage
import TestSupport
import Testing
import Web

@testable import CorrectionTasks

@Suite struct ResolutionTests {
    /// One open identity task in commune 26734.
    private func withTask(_ body: (TestDesk, StoredTask) throws -> Void) throws {
        try TestDesk.with { test in
            try test.loadUnits()
            try test.take([Fact.message(Fact.dose(1)), Fact.message(Fact.verdict(1)), Fact.message(Fact.finding(1))])
            try body(test, try #require(test.tasks().first))
        }
    }

    private let corrected = IdentityAnswer(fullName: "Nguyễn Văn Ân", idNumber: "079090000002")

    @Test("CLN-03 a correction leaves on police authority, once, and the task closes when its version is right")
    func correction() throws {
        try withTask { test, task in
            let first = try test.answer(task, .corrected, identity: corrected)
            #expect(first.refusal == nil && first.state == .corrected)
            let second = try test.answer(task, .corrected, identity: corrected)
            guard case .unchanged = second.effect else {
                Issue.record("the same answer took effect twice")
                return
            }
            let left = try test.corrections()
            #expect(left.count == 1)
            let correction = try #require(left.first)
            #expect(correction.authority == .police && correction.decidedByUnit == "CA26734")
            #expect(correction.doseVersion == 1)
            #expect(
                correction.correction
                    == .identity(
                        TypedIdentity(
                            fullName: "Nguyễn Văn Ân", sex: "M", dateOfBirth: "1990-02-03", idNumber: "079090000002")))
            try test.take([Fact.message(Fact.dose(1, version: 2, name: "Nguyễn Văn Ân", id: "079090000002"))])
            #expect(try test.tasks().map(\.progress.state) == [.corrected])
            try test.take([Fact.message(Fact.verdict(1, version: 2, .right))])
            let closed = try test.tasks()
            #expect(closed.map(\.progress) == [TaskProgress(state: .closed, outcome: "corrected")])
            let history = try test.database.withConnection { connection in
                try connection.query("SELECT act, unit_code, account FROM task_history ORDER BY id") {
                    "\($0.text(0)) \($0.text(1)) \($0.text(2))"
                }
            }
            #expect(history == ["corrected CA26734 officer", "settled  "])
        }
    }

    @Test("a correction that is still wrong opens the task again")
    func stillWrong() throws {
        try withTask { test, task in
            _ = try test.answer(task, .corrected, identity: corrected)
            try test.take([Fact.message(Fact.dose(1, version: 2)), Fact.message(Fact.verdict(1, version: 2))])
            let tasks = try test.tasks()
            #expect(tasks.map(\.progress.state) == [.open] && tasks.map(\.taskID) == [task.taskID])
        }
    }

    @Test(
        "confirmed as typed waits for the next register; no such person goes to the facility; other area to its station"
    )
    func otherAnswers() throws {
        try withTask { test, task in
            #expect(try test.answer(task, .confirmedAsTyped).state == .confirmed)
            try test.take([Fact.message(Fact.verdict(1, assessment: 2))])
            #expect(try test.tasks()[0].progress.state == .open)
            let moved = try test.answer(task, .otherArea, commune: "26737")
            #expect(moved.refusal == nil && moved.state == .open)
            #expect(try test.tasks()[0].unitCode == "T26737")
            #expect(try test.answer(task, .confirmedAsTyped).refusal == .notYourArea)
            #expect(try test.answer(task, .noSuchPerson, unit: "CA26737").state == .noSuchPerson)
            let sent = try test.tasks()[0]
            #expect(sent.unitCode == "79001" && sent.closedAt == nil)
            // The facility amends; the new version is right.
            try test.take([
                Fact.message(Fact.dose(1, version: 2)),
                Fact.message(Fact.verdict(1, version: 2, assessment: 2, .right)),
            ])
            #expect(try test.tasks()[0].progress == TaskProgress(state: .closed, outcome: "right"))
            let left = try test.corrections()
            #expect(left.isEmpty)
        }
    }

    @Test("refusals: unknown task, another area, unknown unit, unknown commune, wrong values; nothing changes")
    func refusals() throws {
        try withTask { test, task in
            let elsewhere = try test.answer(task, .corrected, identity: corrected, unit: "CA26737")
            #expect(elsewhere.refusal == .notYourArea)
            #expect(try test.answer(task, .corrected, identity: corrected, unit: "nobody").refusal == .notYourArea)
            #expect(try test.answer(task, .otherArea, commune: "99999").refusal == .unknownCommune)
            #expect(try test.answer(task, .corrected).refusal == .nothingChanged)
            #expect(
                try test.answer(task, .corrected, identity: IdentityAnswer(idNumber: "12")).refusal?.slug == "bad-field"
            )
            var unknown = task
            unknown.taskID = TaskID(high: 1, low: 2)
            #expect(try test.answer(unknown, .noSuchPerson).refusal == .unknownTask)
            #expect(try test.answer(task, .noSuchPerson, role: .provincialPolice).refusal == nil)
            #expect(try test.tasks()[0].progress.state == .noSuchPerson)
        }
    }

    @Test("AUT-01 the giving facility alone confirms dose fields; an answer given twice leaves once")
    func doseFields() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            try test.take([Fact.message(Fact.dose(1, doseNumber: 7)), Fact.message(Fact.verdict(1, .right))])
            func confirm(_ unit: String, _ answer: DoseAnswer) throws -> Result<Bool, ResolutionRefusal> {
                try test.database.transaction { tx in
                    try test.doseFields.apply(
                        answer, facilityCode: "79001", sourceRecordID: "R1",
                        by: Principal(subject: "head", role: .facilityHead, unit: unit), in: tx)
                }
            }
            #expect(try confirm("79002", DoseAnswer(doseNumber: "2")) == .failure(.notYourArea))
            #expect(try confirm("79001", DoseAnswer(doseNumber: "8")).isBadField)
            #expect(try confirm("79001", DoseAnswer(vaccine: "Unknownax")).isBadField)
            #expect(try confirm("79001", DoseAnswer()) == .failure(.nothingChanged))
            #expect(try confirm("79001", DoseAnswer(doseNumber: "2")) == .success(true))
            #expect(try confirm("79001", DoseAnswer(doseNumber: "2")) == .success(false))
            #expect(try test.tasks().map(\.progress.state) == [.corrected])
            let left = try test.corrections()
            #expect(left.map(\.authority) == [.health])
            #expect(left.map(\.correction) == [.dose(DoseCorrection(doseNumber: "2"))])
            try test.take([Fact.message(Fact.dose(1, version: 2, doseNumber: 2))])
            #expect(try test.tasks().map(\.progress) == [TaskProgress(state: .closed, outcome: "corrected")])
        }
    }

    @Test("a conflict with a police-confirmed identity is a task; police confirm, and it is closed for that version")
    func conflict() throws {
        try TestDesk.with { test in
            try test.loadUnits()
            try test.take([
                Fact.message(Fact.dose(1, version: 2, conflict: true)),
                Fact.message(Fact.verdict(1, version: 2, .right)),
            ])
            let task = try #require(test.tasks().first)
            #expect(task.kind == .identityConflict)
            #expect(try test.answer(task, .confirmedAsTyped).state == .closed)
            #expect(try test.tasks().map(\.progress) == [TaskProgress(state: .closed, outcome: "confirmed-as-typed")])
            try test.take([Fact.message(Fact.verdict(1, version: 2, assessment: 2, .right))])
            #expect(try test.tasks().count == 1)
        }
    }

    @Test("announcing tells every correction again with the same id")
    func announce() throws {
        try withTask { test, task in
            _ = try test.answer(task, .corrected, identity: corrected)
            let first = try test.corrections()
            _ = try test.database.transaction { tx in
                try CorrectionTable.emit(after: CorrectionID(high: 0, low: 0), in: tx)
            }
            let again = try test.corrections()
            #expect(first == again && first.count == 1)
        }
    }
}

extension Result<Bool, ResolutionRefusal> {
    fileprivate var isBadField: Bool {
        if case .failure(.badField) = self { return true }
        return false
    }
}
