import RecordModel
import Testing

@testable import Signing

@Suite struct TurnSelectionTests {
    private func candidate(_ number: Int, person: Int, doseNumber: Int32 = 1, on date: String = "2021-08-01")
        -> TurnCandidate
    {
        TurnCandidate(
            doseID: Fixture.doseID(number),
            member: TurnMember(
                personKey: Fixture.person(person), subjectID: Fixture.subjectID(number),
                content: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32)), doseVersion: 1,
            facilityCode: "79001", sourceRecordID: "R\(number)", doseNumber: doseNumber, injectedOn: date,
            contentSHA256: [UInt8](repeating: 0, count: 32))
    }

    @Test("SIG-14 a turn holds 1,000 persons with up to three doses each and no more")
    func limits() {
        var selection = TurnSelection(persons: 1_000, dosesPerPerson: 3)
        var taken = 0
        for number in 0..<4_000 {
            let added = selection.add(candidate(number, person: number / 3, doseNumber: Int32(number % 3)))
            if !added { break }
            taken += 1
        }
        let lines = selection.finish()
        #expect(taken == 3_000)
        #expect(lines.count == 3_000)
        #expect(lines.last?.person == 1_000)
        #expect(Manifest(lines: lines).persons == 1_000)
    }

    @Test("SIG-14 a fourth dose of a person waits for the next turn, the earliest go first")
    func fourthDose() {
        var selection = TurnSelection(persons: 10, dosesPerPerson: 3)
        for (number, month) in [4, 1, 3, 2].enumerated() {
            let taken = selection.add(candidate(number, person: 1, on: "2021-0\(month)-01"))
            #expect(taken)
        }
        let lines = selection.finish()
        #expect(lines.map(\.doseID) == [1, 3, 2].map(Fixture.doseID))
        #expect(selection.leftOver == 1)
    }

    @Test("SIG-15 persons are numbered in the order of their keys, doses lie together")
    func numbering() {
        var selection = TurnSelection(persons: 10, dosesPerPerson: 3)
        for (number, person) in [1, 1, 2, 3, 3].enumerated() {
            let taken = selection.add(candidate(number, person: person))
            #expect(taken)
        }
        let lines = selection.finish()
        #expect(lines.map(\.person) == [1, 1, 2, 3, 3])
    }

    @Test("SIG-15 the members of a turn are stored in the order of its lines, and no other bytes are read as such")
    func members() throws {
        var selection = TurnSelection(persons: 10, dosesPerPerson: 2)
        for (number, day) in [3, 1, 2].enumerated() {
            let taken = selection.add(candidate(number, person: 1, on: "2021-08-0\(day)"))
            #expect(taken)
        }
        let taken = selection.add(candidate(7, person: 2))
        #expect(taken)
        let lines = selection.finish()
        let bytes = TurnMembers.bytes(selection.members)
        let doses = try #require(TurnMembers.doses(bytes, lines: lines))
        #expect(doses.map(\.line) == lines)
        #expect(doses.map(\.position) == [1, 2, 3])
        #expect(doses.map(\.member.subjectID) == [1, 2, 7].map(Fixture.subjectID))
        #expect(doses.map(\.member.personKey) == [1, 1, 2].map(Fixture.person))
        #expect(doses.map(\.member.content.first) == [1, 2, 7])
        #expect(TurnMembers.doses(Array(bytes.dropLast()), lines: lines) == nil)
        #expect(TurnMembers.doses(bytes, lines: Array(lines.dropLast())) == nil)
    }

    @Test("SIG-13 what has moved fails the turn and is listed")
    func moved() {
        var selection = TurnSelection(persons: 10, dosesPerPerson: 3)
        for number in 0..<4 {
            let taken = selection.add(candidate(number, person: number))
            #expect(taken)
        }
        let manifest = Manifest(lines: selection.finish())
        let locked = [
            LockedDose(doseID: Fixture.doseID(0), doseVersion: 1, facilityCode: "79001", ready: true),
            LockedDose(doseID: Fixture.doseID(1), doseVersion: 2, facilityCode: "79001", ready: true),
            LockedDose(doseID: Fixture.doseID(2), doseVersion: 1, facilityCode: "79001", ready: false),
        ]
        let moved = movedDoses(of: manifest, unitCode: "79001", locked: locked)
        #expect(moved.map(\.position) == [2, 3, 4])
        #expect(moved.map(\.reason) == [.newVersion, .notSignable, .gone])
        #expect(movedDoses(of: manifest, unitCode: "79002", locked: locked).count == 4)
    }
}
