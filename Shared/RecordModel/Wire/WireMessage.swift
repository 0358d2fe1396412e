/// What is wrong with received bytes: the message, the field and the rule; never the value.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    public let message: String
    public let field: String
    public let rule: String

    public init(message: String, field: String, rule: String) {
        self.message = message
        self.field = field
        self.rule = rule
    }

    public var description: String {
        field.isEmpty ? "\(message): \(rule)" : "\(message).\(field): \(rule)"
    }
}

/// A message of the contract (`Shared/Contracts/proto`).
public protocol WireMessage: Sendable {
    /// The full protobuf name, also the CloudEvents type.
    static var eventType: String { get }

    /// Reads the protobuf encoding.
    ///
    /// - Throws: `WireError` for truncated or foreign bytes, text that is not UTF-8 or holds NUL, identifiers of the
    ///   wrong length, and enum values that this version does not know.
    init(wire: [UInt8]) throws(WireError)

    /// The protobuf encoding.
    func wire() -> [UInt8]
}

/// A message that goes out on a topic.
public protocol TopicMessage: WireMessage {
    static var topic: Topic { get }
    /// The message key; keeps the order of what belongs together.
    var key: [UInt8] { get }
    /// The same for the same fact.
    var factID: String { get }
    var factSubject: String { get }
}

extension TopicMessage {
    /// The event that tells this fact.
    public func event(source: String, at time: Instant, traceparent: String = "") -> OutgoingEvent {
        OutgoingEvent(
            topic: Self.topic.name, key: key, value: wire(), id: factID, type: Self.eventType, source: source,
            time: time,
            subject: factSubject, traceparent: traceparent)
    }
}

extension Submission: TopicMessage {
    public static var topic: Topic { .submissions }
    public var factID: String { "\(facilityCode)/\(sourceRecordID)@\(enteredAt)" }
    public var factSubject: String { "\(facilityCode)/\(sourceRecordID)" }
}

extension DoseRecord: TopicMessage {
    public static var topic: Topic { .doseRecorded }
    public var key: [UInt8] { subjectID.bytes }
    public var factID: String { "\(doseID):\(version)" }
    public var factSubject: String { doseID.description }
}

extension UnitRecord: TopicMessage {
    public static var topic: Topic { .unitChanged }
    public var key: [UInt8] { Array(code.utf8) }
    public var factID: String { "\(code):\(revision)" }
    public var factSubject: String { code }
}

extension Verdict: TopicMessage {
    public static var topic: Topic { .verdict }
    public var key: [UInt8] { subjectID.bytes }
    public var factID: String { "\(doseID):\(doseVersion):\(assessment)" }
    public var factSubject: String { doseID.description }
}

extension PersonLinked: TopicMessage {
    public static var topic: Topic { .person }
    public var key: [UInt8] { subjectID.bytes }
    public var factID: String { "\(doseID):\(doseVersion):\(assessment)" }
    public var factSubject: String { doseID.description }
}

extension Finding: TopicMessage {
    public static var topic: Topic { .findings }
    public var key: [UInt8] { subjectID.bytes }
    public var factID: String { "\(doseID):\(doseVersion):\(assessment)" }
    public var factSubject: String { doseID.description }
}

extension CorrectionApplied: TopicMessage {
    public static var topic: Topic { .correctionApplied }
    public var key: [UInt8] { subjectID.bytes }
    public var factID: String { correctionID.description }
    public var factSubject: String { doseID.description }
}

extension DoseAttested: TopicMessage {
    public static var topic: Topic { .doseAttested }
    public var key: [UInt8] { subjectID.bytes }
    public var factID: String { "\(doseID):\(revision)" }
    public var factSubject: String { doseID.description }
}

extension PassportChanged: TopicMessage {
    public static var topic: Topic { .passport }
    public var key: [UInt8] { personKey.bytes }
    public var factID: String { "\(certificateID):\(revision)" }
    public var factSubject: String { certificateID }
}
