import RecordModel

/// Whose record an answer is about.
struct RecordHead: Hashable, Sendable {
    var doseID: DoseID
    var subjectID: SubjectID
    var facilityCode: String
    var sourceRecordID: String
    var version: UInt32
}

/// What a verdict row says. Without an outcome: not yet verified.
struct Answer: Hashable, Sendable {
    var outcome: Outcome?
    var group: InvalidGroup = .none
    var traits: DecisionTraits = []
    var personKey: PersonKey?
    var differences: [Difference] = []
    /// Nil where nothing is open, and where it could not be looked for them.
    var candidates: Candidates?
    var hints: [String] = []
    var assessment: UInt64 = 0
    /// The rule set that has judged; empty while it waits.
    var ruleVersion = ""
    var decidedAt: Instant

    /// Waits for a register.
    static func waiting(since instant: Instant) -> Answer { Answer(decidedAt: instant) }

    /// Waits because the record was guessed at.
    static func held(since instant: Instant) -> Answer { Answer(traits: .held, decidedAt: instant) }

    /// The differences as the row and the export hold them; nil where nothing is open.
    var reasons: String? {
        differences.isEmpty ? nil : differences.map { "\($0.field):\($0.reason)" }.joined(separator: ";")
    }

    static func differences(fromReasons reasons: String?) -> [Difference] {
        (reasons ?? "").split(separator: ";").compactMap { part in
            let parts = part.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? Difference(field: String(parts[0]), reason: String(parts[1])) : nil
        }
    }
}

/// A record with the answer to it, and what was ever said about it.
struct AnsweredRecord: Sendable {
    var head: RecordHead
    var typed: TypedItems
    /// Five digits, or empty.
    var residenceCommune = ""
    /// Number and name as keyed hashes; nil where they take no part in the search for shared numbers.
    var ownNumber: OwnNumber?
    var answer: Answer
    /// How this version counts among the tries at this record.
    var guess: Guess = .none
    /// A person was ever linked to it.
    var wasLinked = false
    /// A finding was ever told about it.
    var wasFound = false

    /// The facts to tell: the verdict, then the person (or that there is none any more), then the finding (or that
    /// nothing is open any more). Nothing while it waits.
    func events(source: String) -> [OutgoingEvent] {
        guard let outcome = answer.outcome else { return [] }
        var events = [
            Verdict(
                doseID: head.doseID, subjectID: head.subjectID, facilityCode: head.facilityCode,
                sourceRecordID: head.sourceRecordID, doseVersion: head.version, assessment: answer.assessment,
                outcome: outcome, group: answer.group, ruleVersion: answer.ruleVersion,
                decidedAt: answer.decidedAt, hints: answer.hints
            ).event(source: source, at: answer.decidedAt)
        ]
        if answer.personKey != nil || wasLinked {
            events.append(
                PersonLinked(
                    doseID: head.doseID, subjectID: head.subjectID, doseVersion: head.version,
                    assessment: answer.assessment, personKey: answer.personKey
                ).event(source: source, at: answer.decidedAt))
        }
        if !answer.differences.isEmpty || wasFound {
            events.append(
                Finding(
                    doseID: head.doseID, subjectID: head.subjectID, facilityCode: head.facilityCode,
                    sourceRecordID: head.sourceRecordID, doseVersion: head.version, assessment: answer.assessment,
                    differences: answer.differences, candidates: answer.candidates?.told ?? [],
                    strength: answer.candidates?.strength ?? .none
                ).event(source: source, at: answer.decidedAt))
        }
        return events
    }
}
