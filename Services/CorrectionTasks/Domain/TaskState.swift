import RecordModel

/// Where a task stands.
///
///               ┌────────── still wrong after a new version ──────────┐
///               ▼                                                     │
///     (problem) ──▶ open ── corrected ───────────▶ corrected ─────────┤
///                    │ ├─── confirmed as typed ──▶ confirmed ─────────┤ also: still wrong by a newer register
///                    │ ├─── no such person ──────▶ noSuchPerson ──────┘
///                    │ └─── other area: open, at another unit
///                    └── whatever the state: the record became right, was withdrawn, is exempt ──▶ closed
enum TaskState: Int16, CaseIterable, Sendable {
    case open = 1
    /// A correction is on its way; the new version is to be checked.
    case corrected = 2
    /// Police confirm what was typed: the register is at fault. Waits for the next one; nothing is signed meanwhile.
    case confirmed = 3
    /// Police know nobody like that: the giving facility must say who it was, or withdraw the record.
    case noSuchPerson = 4
    case closed = 5

    /// As in exports.
    var label: String {
        switch self {
        case .open: "open"
        case .corrected: "corrected"
        case .confirmed: "confirmed"
        case .noSuchPerson: "no-such-person"
        case .closed: "closed"
        }
    }
}

/// What people may answer.
enum ResolutionKind: String, CaseIterable, Sendable {
    case corrected
    case confirmedAsTyped = "confirmed-as-typed"
    case noSuchPerson = "no-such-person"
    case otherArea = "other-area"
    /// Dose fields, by the giving facility.
    case doseConfirmed = "dose-confirmed"
}

/// A record of a task's subject, as the state machine sees it.
struct TaskRecord: Hashable, Sendable {
    var sourceRecordID: String
    var facts: RecordFacts

    /// Whether the record has this problem, certainly or until its check comes.
    func concerns(_ kind: TaskKind) -> Bool { facts.problems.contains(Problems(kind)) }

    /// The facts in which the problem was seen; nil while a check is to come.
    func seen(_ kind: TaskKind) -> FactOrder? {
        switch kind {
        case .identity, .registerDisagrees: facts.isPending ? nil : facts.verdictOrder
        case .doseField, .identityConflict: FactOrder(version: facts.version, assessment: 0)
        }
    }
}

/// How the state of one task follows from facts and answers.
struct TaskProgress: Hashable, Sendable {
    var state: TaskState
    var outcome: String

    /// What facts do to a task that is not closed; nil when nothing.
    ///
    /// - Parameters:
    ///   - records: of the task's subject, as far as they are known.
    ///   - witness: the record that the task is about. While nothing is known of it, as when a lost copy of other services'
    ///     facts comes back record by record, the task does not close; nil when it is known to be gone from the subject.
    func next(_ kind: TaskKind, records: [TaskRecord], witness: String?) -> TaskProgress? {
        let concerned = records.filter { $0.concerns(kind) }
        guard !concerned.isEmpty else {
            let isKnown = witness == nil || records.contains { $0.sourceRecordID == witness && $0.facts.version > 0 }
            return isKnown ? TaskProgress(state: .closed, outcome: closing(kind, records)) : nil
        }
        guard state != .open else { return nil }
        let isSeenAgain = concerned.contains { record in
            guard let seen = record.seen(kind) else { return false }
            guard kind != .doseField else { return seen.version > record.facts.healthVersion }
            let resolved = record.facts.resolved
            return state == .confirmed
                ? seen.version > resolved.version
                    || (seen.version == resolved.version && seen.assessment > resolved.assessment)
                : seen.version > resolved.version
        }
        return isSeenAgain ? TaskProgress(state: .open, outcome: "") : nil
    }

    private func closing(_ kind: TaskKind, _ records: [TaskRecord]) -> String {
        if state == .corrected { return "corrected" }
        if !records.isEmpty && records.allSatisfy(\.facts.isWithdrawn) { return "withdrawn" }
        switch kind {
        case .doseField, .identityConflict:
            return state == .confirmed ? ResolutionKind.confirmedAsTyped.rawValue : "amended"
        case .identity, .registerDisagrees:
            return records.contains { $0.facts.outcome == .right }
                ? "right"
                : records.contains { $0.facts.outcome == .exempt } ? "exempt" : "superseded"
        }
    }

    /// What an answer does; throws why it cannot be given.
    func answered(_ answer: ResolutionKind, kind: TaskKind) throws(ResolutionRefusal) -> TaskProgress {
        guard state != .closed else { throw .taskClosed }
        guard (answer == .doseConfirmed) == (kind == .doseField) else { throw .wrongKind }
        switch answer {
        case .corrected, .doseConfirmed: return TaskProgress(state: .corrected, outcome: "")
        case .confirmedAsTyped:
            return kind == .identityConflict
                ? TaskProgress(state: .closed, outcome: answer.rawValue)
                : TaskProgress(state: .confirmed, outcome: answer.rawValue)
        case .noSuchPerson: return TaskProgress(state: .noSuchPerson, outcome: answer.rawValue)
        case .otherArea: return TaskProgress(state: .open, outcome: "")
        }
    }
}
