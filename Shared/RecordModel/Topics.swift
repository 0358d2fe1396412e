/// A topic as declared once: creation, AsyncAPI and access lists come from here.
public struct Topic: Hashable, Sendable {
    public enum Retention: Hashable, Sendable {
        case days(Int)
        /// The newest message of each key is kept for ever.
        case compacted
    }

    public let name: String
    public let summary: String
    /// What the message key is.
    public let keyedBy: String
    public let partitions: Int
    public let retention: Retention
    /// Full name of the protobuf message.
    public let message: String
    public let writers: [String]
    /// Consumer groups of ours; anybody may read beside them, except where `policeOnly`.
    public let readers: [String]
    public let policeOnly: Bool

    private init(
        _ name: String, _ summary: String, keyedBy: String, message: String, writers: [String], readers: [String],
        retention: Retention = .days(30), policeOnly: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.keyedBy = keyedBy
        self.message = message
        self.writers = writers
        self.readers = readers
        self.retention = retention
        self.policeOnly = policeOnly
        partitions = 12
    }

    public static let submissions = Topic(
        "intake.submissions.v1", "Dose rows as facilities typed them.",
        keyedBy: "facility code + (subject_ref, else source record id)", message: "tiemchung.intake.v1.Submission",
        writers: ["dose-replay"], readers: ["intake"])
    public static let doseRecorded = Topic(
        "intake.dose-recorded.v1", "The current version of a dose record; also amendments and withdrawals.",
        keyedBy: "subject id", message: "tiemchung.intake.v1.DoseRecorded", writers: ["intake"],
        readers: ["identity-matching", "correction-tasks", "signing", "passport-issuance"])
    public static let unitChanged = Topic(
        "intake.unit.v1", "The list of units, a message for each change.", keyedBy: "unit code",
        message: "tiemchung.intake.v1.UnitChanged", writers: ["intake"],
        readers: ["identity-matching", "correction-tasks"])
    public static let verdict = Topic(
        "matching.verdict.v1", "Right, wrong, cannot verify or exempt, with the group and the rule version.",
        keyedBy: "subject id", message: "tiemchung.matching.v1.Verdict", writers: ["identity-matching"],
        readers: ["correction-tasks", "signing", "passport-issuance"])
    public static let person = Topic(
        "matching.person.v1", "Which opaque person a right record is of; also that it no longer is.",
        keyedBy: "subject id", message: "tiemchung.matching.v1.PersonLinked", writers: ["identity-matching"],
        readers: ["signing", "passport-issuance"])
    public static let findings = Topic(
        "matching.findings.v1", "What differs from the register. Police side only.", keyedBy: "subject id",
        message: "tiemchung.matching.v1.Finding", writers: ["identity-matching"], readers: ["correction-tasks"],
        policeOnly: true)
    public static let correctionApplied = Topic(
        "correction.applied.v1", "New identity or dose fields, on whose authority.", keyedBy: "subject id",
        message: "tiemchung.correction.v1.CorrectionApplied", writers: ["correction-tasks"], readers: ["intake"])
    public static let doseAttested = Topic(
        "signing.dose-attested.v1", "Signed or stale; which manifest, which position.", keyedBy: "subject id",
        message: "tiemchung.signing.v1.DoseAttested", writers: ["signing"], readers: ["passport-issuance"])
    public static let passport = Topic(
        "issuance.passport.v1", "Passports issued, superseded and revoked.", keyedBy: "person key",
        message: "tiemchung.issuance.v1.PassportChanged", writers: ["passport-issuance"], readers: [])

    public static let all: [Topic] = [
        submissions, doseRecorded, unitChanged, verdict, person, findings, correctionApplied, doseAttested, passport,
    ]

    /// The topics that a consumer group of ours reads.
    public static func read(by group: String) -> [Topic] { all.filter { $0.readers.contains(group) } }

    public static func named(_ name: String) -> Topic? { all.first { $0.name == name } }

    /// Where notices of a group's parked messages go.
    public func parked(of group: String) -> Topic {
        Topic(
            "\(name).\(group).parked", "Notices of messages of \(name) that \(group) has parked.",
            keyedBy: keyedBy, message: message, writers: [group], readers: [])
    }
}

/// An event on its way out: CloudEvents 1.0, Kafka binding, binary mode.
public struct OutgoingEvent: Hashable, Sendable {
    public var topic: String
    public var key: [UInt8]
    public var value: [UInt8]
    /// `ce_id`: the same fact has the same id, also when it is announced again.
    public var id: String
    /// `ce_type`: the full protobuf name.
    public var type: String
    /// `ce_source`: the service.
    public var source: String
    /// `ce_time`.
    public var time: Instant
    /// `ce_subject`.
    public var subject: String
    /// W3C trace context, or empty.
    public var traceparent: String

    public init(
        topic: String, key: [UInt8], value: [UInt8], id: String, type: String, source: String, time: Instant,
        subject: String, traceparent: String = ""
    ) {
        self.topic = topic
        self.key = key
        self.value = value
        self.id = id
        self.type = type
        self.source = source
        self.time = time
        self.subject = subject
        self.traceparent = traceparent
    }
}
