import RecordModel

/// What is known of one record, in so far as tasks depend on it.
struct RecordFacts: Hashable, Sendable {
    /// 0: the record itself has not arrived yet.
    var version: UInt32 = 0
    var isWithdrawn = false
    var doseNumber: Int32 = 0
    var identityConflict = false
    var outcome: Outcome?
    var group: InvalidGroup = .none
    var verdictOrder = FactOrder(version: 0, assessment: 0)
    /// The newest version that was ever found right.
    var rightVersion: UInt32 = 0
    /// The version whose dose fields the facility has confirmed or corrected last.
    var healthVersion: UInt32 = 0
    /// The facts that the last answer of police was given on.
    var resolved = FactOrder(version: 0, assessment: 0)
    var problems: Problems = []

    /// The register check of the newest version, or that version itself, is still to come.
    var isPending: Bool {
        version == 0 || (isWithdrawn ? verdictOrder.version > version : verdictOrder.version != version)
    }

    /// The newest version is known, checked, and nobody has anything to do.
    var isSettled: Bool { !isPending && problems.isEmpty }
}

/// Which problems a record has.
struct RecordRule: Sendable {
    var doseNumbers: ClosedRange<Int32> = 1...5

    /// Decides from all facts that are there. While the check of a new version is to come, what the check of the last one
    /// found stands, so that a task neither closes nor opens in between.
    func apply(to facts: inout RecordFacts) {
        guard facts.version > 0 else { return }
        guard !facts.isWithdrawn else {
            facts.problems = []
            return
        }
        var problems: Problems = []
        if !doseNumbers.contains(facts.doseNumber) { problems.insert(.doseField) }
        // Police have looked at this version: the facility's other version of the identity has been dealt with.
        if facts.identityConflict && facts.version > facts.resolved.version { problems.insert(.identityConflict) }
        if facts.isPending {
            problems.formUnion(facts.problems.intersection(.checked))
        } else if facts.outcome == .wrong || facts.outcome == .cannotVerify {
            problems.insert(facts.rightVersion == facts.version ? .registerDisagrees : .identity)
        }
        facts.problems = problems
    }
}
