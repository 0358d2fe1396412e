public import RecordModel

/// A message as a handler gets it.
public struct InboundMessage: Sendable, Hashable {
    public let topic: String
    public let partition: Int32
    public let offset: Int64
    public let key: [UInt8]
    public let value: [UInt8]
    /// `ce_type`: the full protobuf name; empty where the header is missing.
    public let eventType: String
    public let headers: MessageHeaders
    /// When the message was produced, as the broker tells it.
    public let timestamp: Instant

    public init(
        topic: String, partition: Int32, offset: Int64, key: [UInt8], value: [UInt8], eventType: String,
        headers: MessageHeaders = MessageHeaders(), timestamp: Instant
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.key = key
        self.value = value
        self.eventType = eventType
        self.headers = headers
        self.timestamp = timestamp
    }

    /// The message that an event becomes; for tests of handlers.
    public init(_ event: OutgoingEvent, partition: Int32 = 0, offset: Int64 = 0) {
        var headers = MessageHeaders()
        CloudEvent.forEachHeader(of: event) { headers.append($0.description, Array($1.utf8)) }
        self.init(
            topic: event.topic, partition: partition, offset: offset, key: event.key, value: event.value,
            eventType: event.type, headers: headers, timestamp: event.time)
    }

    /// `ce_id`.
    public var eventID: String { headers.text(CloudEvent.id) }
    /// W3C trace context, or empty.
    public var traceparent: String { headers.text(CloudEvent.traceparent) }

    public var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }
}

/// Names of the envelope: CloudEvents 1.0, Kafka protocol binding, binary mode.
enum CloudEvent {
    static let id: StaticString = "ce_id"
    static let type: StaticString = "ce_type"
    static let traceparent: StaticString = "traceparent"

    /// Each header of an event in a fixed order; empty optional ones are left out.
    @inline(__always)
    static func forEachHeader(of event: OutgoingEvent, _ body: (StaticString, String) -> Void) {
        body("ce_specversion", "1.0")
        body(id, event.id)
        body("ce_source", event.source)
        body(type, event.type)
        body("ce_time", event.time.rfc3339)
        if !event.subject.isEmpty { body("ce_subject", event.subject) }
        body("content-type", event.type == ParkedNotice.eventType ? "application/json" : "application/protobuf")
        if !event.traceparent.isEmpty { body(traceparent, event.traceparent) }
    }
}

/// A message's headers, kept as one run of bytes since hardly anybody reads more than the type:
/// name length (2 bytes, big-endian), name, value length (4 bytes; all ones: no value), value.
public struct MessageHeaders: Sendable, Hashable {
    /// The packed form, as `parked.headers` keeps it.
    public private(set) var packed: [UInt8]

    public init() { packed = [] }

    /// Reads the packed form; what is cut off is ignored.
    public init(packed: [UInt8]) { self.packed = packed }

    public mutating func append(_ name: String, _ value: [UInt8]?) {
        var name = name
        name.withUTF8 { name in
            value?.withUnsafeBytes { append(name: UnsafeRawBufferPointer(name), value: $0) }
                ?? append(name: UnsafeRawBufferPointer(name), value: nil)
        }
    }

    mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) {
        let name = UnsafeRawBufferPointer(rebasing: name.prefix(Int(UInt16.max)))
        packed.append(UInt8(name.count >> 8))
        packed.append(UInt8(name.count & 0xff))
        packed.append(contentsOf: name)
        let length = value.map { UInt32($0.count) } ?? .max
        for shift in [24, 16, 8, 0] as [UInt32] { packed.append(UInt8(truncatingIfNeeded: length >> shift)) }
        if let value { packed.append(contentsOf: value) }
    }

    mutating func reserve(_ bytes: Int) { packed.reserveCapacity(bytes) }

    /// Name and value of every header, in order.
    public var all: [(name: String, value: [UInt8]?)] {
        var found: [(String, [UInt8]?)] = []
        var rest = packed[...]
        while rest.count >= 2 {
            let nameLength = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            rest = rest.dropFirst(2)
            guard rest.count >= nameLength + 4 else { break }
            let name = String(decoding: rest.prefix(nameLength), as: UTF8.self)
            rest = rest.dropFirst(nameLength)
            let length = rest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            rest = rest.dropFirst(4)
            guard length != .max else {
                found.append((name, nil))
                continue
            }
            guard rest.count >= Int(length) else { break }
            found.append((name, Array(rest.prefix(Int(length)))))
            rest = rest.dropFirst(Int(length))
        }
        return found
    }

    /// The value of the first header of this name as text, or empty.
    public func text(_ name: StaticString) -> String {
        let wanted = name.description
        for (name, value) in all where name == wanted { return String(decoding: value ?? [], as: UTF8.self) }
        return ""
    }
}
