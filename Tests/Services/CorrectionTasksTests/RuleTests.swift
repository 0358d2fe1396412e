import RecordModel
import Testing
import Web

@testable import CorrectionTasks

@Suite struct RuleTests {
    private func facts(
        version: UInt32 = 1, doseNumber: Int32 = 1, outcome: Outcome? = nil, verdictVersion: UInt32 = 1,
        assessment: UInt64 = 1, right: UInt32 = 0, conflict: Bool = false, resolved: FactOrder? = nil
    ) -> RecordFacts {
        var facts = RecordFacts()
        facts.version = version
        facts.doseNumber = doseNumber
        facts.identityConflict = conflict
        facts.outcome = outcome
        if outcome != nil { facts.verdictOrder = FactOrder(version: verdictVersion, assessment: assessment) }
        facts.rightVersion = right
        if let resolved { facts.resolved = resolved }
        RecordRule().apply(to: &facts)
        return facts
    }

    @Test("MAT-08 a wrong or unverifiable record is a problem; right, exempt and not yet verified ones are not")
    func outcomes() {
        #expect(facts(outcome: .wrong).problems == .identity)
        #expect(facts(outcome: .cannotVerify).problems == .identity)
        #expect(facts(outcome: .right, right: 1).problems == [])
        #expect(facts(outcome: .exempt).problems == [])
        #expect(facts().problems == [] && facts().isPending)
        // The verdict came before the record.
        #expect(facts(version: 0, outcome: .wrong).problems == [])
        // It is of another version than the newest.
        #expect(facts(version: 2, outcome: .wrong).problems == [])
    }

    @Test("a dose number outside 1 to 5 is a task whatever the verdict; a withdrawn record has none")
    func doseNumbers() {
        #expect(facts(doseNumber: 6, outcome: .right, right: 1).problems == .doseField)
        #expect(facts(doseNumber: 0).problems == .doseField)
        #expect(facts(doseNumber: 9, outcome: .wrong).problems == [.doseField, .identity])
        var withdrawn = facts(doseNumber: 6, outcome: .wrong)
        withdrawn.isWithdrawn = true
        RecordRule().apply(to: &withdrawn)
        #expect(withdrawn.problems == [])
    }

    @Test("a right record that a register switch makes wrong is a kind of its own; so is a conflict with police")
    func kinds() {
        #expect(facts(outcome: .wrong, assessment: 2, right: 1).problems == .registerDisagrees)
        // A new version's wrong verdict is an ordinary one.
        #expect(facts(version: 2, outcome: .wrong, verdictVersion: 2, right: 1).problems == .identity)
        #expect(
            facts(version: 2, outcome: .right, verdictVersion: 2, right: 2, conflict: true).problems
                == .identityConflict)
        let answered = FactOrder(version: 2, assessment: 1)
        #expect(facts(version: 2, conflict: true, resolved: answered).problems == [])
        #expect(facts(version: 3, conflict: true, resolved: answered).problems == .identityConflict)
    }

    @Test("while a new version waits for its check, what the last check found stands")
    func pending() {
        var record = facts(outcome: .wrong)
        record.version = 2
        RecordRule().apply(to: &record)
        #expect(record.isPending && record.problems == .identity)
        record.verdictOrder = FactOrder(version: 2, assessment: 1)
        record.outcome = .right
        record.rightVersion = 2
        RecordRule().apply(to: &record)
        #expect(!record.isPending && record.problems == [])
    }

    private func progress(_ state: TaskState, _ records: [RecordFacts], _ kind: TaskKind = .identity) -> TaskProgress? {
        TaskProgress(state: state, outcome: "")
            .next(kind, records: records.map { TaskRecord(sourceRecordID: "R", facts: $0) }, witness: "R")
    }

    @Test("a task does not close while nothing is known of the record that it is about")
    func witness() {
        let open = TaskProgress(state: .open, outcome: "")
        let other = TaskRecord(sourceRecordID: "other", facts: facts(outcome: .right, right: 1))
        #expect(open.next(.identity, records: [other], witness: "R") == nil)
        #expect(open.next(.identity, records: [], witness: "R") == nil)
        // Its verdict alone says nothing of the version that stands.
        let early = TaskRecord(sourceRecordID: "R", facts: facts(version: 0, outcome: .right))
        #expect(open.next(.identity, records: [early, other], witness: "R") == nil)
        let known = TaskRecord(sourceRecordID: "R", facts: facts(outcome: .exempt))
        #expect(open.next(.identity, records: [known, other], witness: "R")?.state == .closed)
        // Known to be gone.
        #expect(open.next(.identity, records: [], witness: nil) == TaskProgress(state: .closed, outcome: "superseded"))
    }

    @Test("a task closes when no record has its problem, and opens again when the new version still has it")
    func following() {
        let right = facts(outcome: .right, right: 1)
        let wrong = facts(outcome: .wrong)
        #expect(progress(.open, [wrong]) == nil)
        #expect(progress(.open, [wrong, right]) == nil)
        #expect(progress(.open, [right]) == TaskProgress(state: .closed, outcome: "right"))
        #expect(progress(.corrected, [right]) == TaskProgress(state: .closed, outcome: "corrected"))
        let answered = FactOrder(version: 1, assessment: 1)
        #expect(progress(.corrected, [facts(outcome: .wrong, resolved: answered)]) == nil)
        // A register switch alone does not open a correction that is on its way; its new version does.
        #expect(progress(.corrected, [facts(outcome: .wrong, assessment: 2, resolved: answered)]) == nil)
        let again = facts(version: 2, outcome: .wrong, verdictVersion: 2, assessment: 2, resolved: answered)
        #expect(progress(.corrected, [again]) == TaskProgress(state: .open, outcome: ""))
        // What police confirmed waits for the next register, and is looked at again when that one disagrees too.
        #expect(progress(.confirmed, [facts(outcome: .wrong, resolved: answered)]) == nil)
        let next = facts(outcome: .wrong, assessment: 2, resolved: answered)
        #expect(progress(.confirmed, [next]) == TaskProgress(state: .open, outcome: ""))
        #expect(progress(.noSuchPerson, [next]) == nil)
    }

    @Test("AUT-01 identity answers are not for dose fields, nor the other way round; a closed task takes none")
    func answers() throws {
        let open = TaskProgress(state: .open, outcome: "")
        #expect(try open.answered(.corrected, kind: .identity).state == .corrected)
        #expect(try open.answered(.confirmedAsTyped, kind: .identity).state == .confirmed)
        #expect(try open.answered(.noSuchPerson, kind: .registerDisagrees).state == .noSuchPerson)
        #expect(try open.answered(.confirmedAsTyped, kind: .identityConflict).state == .closed)
        #expect(throws: ResolutionRefusal.wrongKind) { try open.answered(.corrected, kind: .doseField) }
        #expect(throws: ResolutionRefusal.wrongKind) { try open.answered(.doseConfirmed, kind: .identity) }
        #expect(throws: ResolutionRefusal.taskClosed) {
            try TaskProgress(state: .closed, outcome: "right").answered(.corrected, kind: .identity)
        }
    }

    @Test("due at the end of the second day in Viet Nam; the unit is the station of residence, else the facility")
    func responsibility() {
        let rule = Responsibility()
        #expect(rule.due(Instant(rfc3339: "2022-04-20T05:00:00Z")!).rfc3339 == "2022-04-22T16:59:59Z")
        // 23:30 in Viet Nam is still the same day there.
        #expect(rule.due(Instant(rfc3339: "2022-04-20T16:30:00Z")!).rfc3339 == "2022-04-22T16:59:59Z")
        #expect(rule.due(Instant(rfc3339: "2022-04-20T17:00:00Z")!).rfc3339 == "2022-04-23T16:59:59Z")
        let station = TaskUnit(
            code: "T1", kind: TaskUnit.stationKind, provinceCode: "79", districtCode: "760", communeCode: "1")
        #expect(rule.unit(kind: .identity, station: station, facility: nil, facilityCode: "F") == "T1")
        #expect(rule.unit(kind: .identity, station: nil, facility: nil, facilityCode: "F") == "F")
        #expect(rule.unit(kind: .doseField, station: station, facility: nil, facilityCode: "F") == "F")
        let own = Responsibility(facilityProvinces: ["79"])
        #expect(own.unit(kind: .identity, station: station, facility: nil, facilityCode: "F") == "F")
    }

    @Test("police answers are checked where facilities' entries are not")
    func identities() throws {
        let typed = TypedIdentity(fullName: "AN", sex: "M", dateOfBirth: "1990", idNumber: "79090000001")
        let today = CalendarDate(iso: "2022-04-20")!
        let full = IdentityAnswer(fullName: "Nguyễn Văn An", dateOfBirth: "03/02/1990", idNumber: "079090000001")
        let identity = try full.identity(over: typed, today: today)
        #expect(
            identity
                == TypedIdentity(
                    fullName: "Nguyễn Văn An", sex: "M", dateOfBirth: "03/02/1990", idNumber: "079090000001"))
        #expect(throws: ResolutionRefusal.nothingChanged) { try IdentityAnswer().identity(over: typed, today: today) }
        let cases: [(IdentityAnswer, String)] = [
            (IdentityAnswer(fullName: "B"), "date_of_birth"),
            (IdentityAnswer(dateOfBirth: "2022-04-21"), "date_of_birth"),
            (IdentityAnswer(sex: "X", dateOfBirth: "1990-02-03"), "sex"),
            (IdentityAnswer(dateOfBirth: "1990-02-03"), "id_number"),
        ]
        for (answer, field) in cases {
            let refusal = #expect(throws: ResolutionRefusal.self) { try answer.identity(over: typed, today: today) }
            guard case .badField(field, _) = refusal else {
                Issue.record("\(String(describing: refusal))")
                continue
            }
        }
    }

    @Test("each role's scope: own unit, commune, district, province; an unknown unit sees nothing")
    func scopes() {
        let unit = TaskUnit(
            code: "U", kind: "commune-police", provinceCode: "79", districtCode: "760", communeCode: "1")
        #expect(TaskScope(role: .communePolice, unitCode: "U", unit: unit) == .commune("1"))
        #expect(TaskScope(role: .communePolice, unitCode: "U", unit: nil) == .nothing)
        #expect(TaskScope(role: .districtCentre, unitCode: "U", unit: unit) == .district("760"))
        #expect(TaskScope(role: .cdc, unitCode: "U", unit: unit) == .province("79"))
        #expect(TaskScope(role: .communeStation, unitCode: "U", unit: nil) == .unit("U"))
        #expect(TaskScope(role: .nationalPolice, unitCode: "", unit: nil) == .all)
        #expect(TaskScope.commune("1").holds(unitCode: "U", unit: unit, facilityCode: "F"))
        #expect(!TaskScope.commune("2").holds(unitCode: "U", unit: unit, facilityCode: "F"))
        #expect(!TaskScope.nothing.holds(unitCode: "U", unit: unit, facilityCode: "F"))
    }
}
