import RecordModel

/// A dose that could be put into a turn.
struct TurnCandidate: Hashable, Sendable {
    var doseID: DoseID
    var member: TurnMember
    var doseVersion: UInt32
    var facilityCode: String
    var sourceRecordID: String
    var doseNumber: Int32
    /// `YYYY-MM-DD`.
    var injectedOn: String
    /// SHA-256 over salt and canonical content.
    var contentSHA256: [UInt8]
}

/// What an attestation says of a dose beside its line in the manifest; kept with a turn until it is signed.
struct TurnMember: Hashable, Sendable {
    var personKey: PersonKey
    var subjectID: SubjectID
    /// SHA-256 of the canonical content, without the salt.
    var content: [UInt8]
}

/// A dose of a turn.
struct TurnDose: Hashable, Sendable {
    /// Within the turn, from 1.
    var position: UInt32
    var line: ManifestLine
    var member: TurnMember
}

/// Puts candidates into a turn (lượt ký): persons in the order of their keys, each with their earliest doses.
///
/// Candidates must be added sorted by person. What exceeds the doses a person may have in one turn waits for the next.
struct TurnSelection: Sendable {
    let persons: Int
    let dosesPerPerson: Int
    private(set) var lines: [ManifestLine] = []
    /// What the lines stand for, in their order.
    private(set) var members: [TurnMember] = []
    private(set) var personCount = 0
    /// Doses left out because their person already has as many in this turn as are allowed.
    private(set) var leftOver = 0
    private var current: [TurnCandidate] = []

    /// - Parameters:
    ///   - persons: how many persons at most.
    ///   - dosesPerPerson: how many doses of each at most.
    init(persons: Int, dosesPerPerson: Int) {
        self.persons = persons
        self.dosesPerPerson = dosesPerPerson
    }

    /// Takes one candidate; false when the turn is full and nothing more can go in.
    mutating func add(_ candidate: TurnCandidate) -> Bool {
        if let last = current.last, last.member.personKey != candidate.member.personKey { closePerson() }
        if current.isEmpty, personCount == persons { return false }
        current.append(candidate)
        return true
    }

    /// The lines of the turn, once all candidates were added.
    @discardableResult
    mutating func finish() -> [ManifestLine] {
        closePerson()
        return lines
    }

    private mutating func closePerson() {
        guard !current.isEmpty else { return }
        personCount += 1
        let sorted = current.sorted {
            ($0.injectedOn, $0.doseNumber, $0.doseID) < ($1.injectedOn, $1.doseNumber, $1.doseID)
        }
        for candidate in sorted.prefix(dosesPerPerson) {
            lines.append(
                ManifestLine(
                    doseID: candidate.doseID, doseVersion: candidate.doseVersion, person: UInt32(personCount),
                    facilityCode: candidate.facilityCode, sourceRecordID: candidate.sourceRecordID,
                    contentSHA256: candidate.contentSHA256))
            members.append(candidate.member)
        }
        leftOver += max(0, current.count - dosesPerPerson)
        current = []
    }
}
