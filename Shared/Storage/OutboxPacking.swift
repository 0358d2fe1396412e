internal import RecordModel

/// The packed form of a commit's events: a version byte, a count, then each event. Texts that many events share (topic,
/// type, source, trace) are written once and referred to by number.
///
///     event := text topic, text type, text source, trace, i64 time, bytes key, bytes value, bytes id, bytes subject
///     trace := 0 (as the event before) | 1 bytes
///     text  := u8 number; a number not used before is followed by its bytes; 255: bytes follow, not numbered
///     bytes := varint length, so many bytes
enum OutboxPacking {
    static let version: UInt8 = 1
    /// A row holds at most about this much.
    static let chunkBytes = 8_000_000
    private static let unnumbered: UInt8 = 255

    static func chunks(_ events: [OutgoingEvent]) -> [ArraySlice<OutgoingEvent>] {
        var chunks: [ArraySlice<OutgoingEvent>] = []
        var start = 0
        var bytes = 0
        for (index, event) in events.enumerated() {
            let size = event.packedSize
            if bytes + size > chunkBytes, index > start {
                chunks.append(events[start..<index])
                start = index
                bytes = 0
            }
            bytes += size
        }
        if start < events.count { chunks.append(events[start...]) }
        return chunks
    }

    static func pack(_ events: ArraySlice<OutgoingEvent>) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(events.reduce(16) { $0 + $1.packedSize })
        buffer.append(version)
        buffer.appendBigEndian(UInt32(events.count))
        var texts: [String] = []
        func text(_ text: String) {
            if let number = texts.firstIndex(of: text) { return buffer.append(UInt8(number)) }
            if texts.count < Int(unnumbered) {
                buffer.append(UInt8(texts.count))
                texts.append(text)
            } else {
                buffer.append(unnumbered)
            }
            string(text)
        }
        func string(_ text: String) {
            buffer.appendLength(text.utf8.count)
            buffer.append(contentsOf: text.utf8)
        }
        func bytes(_ bytes: [UInt8]) {
            buffer.appendLength(bytes.count)
            buffer.append(contentsOf: bytes)
        }
        var trace = ""
        for event in events {
            text(event.topic)
            text(event.type)
            text(event.source)
            buffer.append(event.traceparent == trace ? 0 : 1)
            if event.traceparent != trace { string(event.traceparent) }
            trace = event.traceparent
            buffer.appendBigEndian(event.time.microseconds)
            bytes(event.key)
            bytes(event.value)
            string(event.id)
            string(event.subject)
        }
        return buffer
    }

    /// Nil for bytes that this version did not write.
    static func unpack(_ bytes: [UInt8]) -> [OutgoingEvent]? {
        var reader = PackedReader(bytes: bytes)
        guard reader.byte() == version, let count = reader.integer(UInt32.self) else { return nil }
        var texts: [String] = []
        func text() -> String? {
            guard let number = reader.byte() else { return nil }
            if Int(number) < texts.count { return texts[Int(number)] }
            guard let text = reader.string() else { return nil }
            if number != unnumbered { texts.append(text) }
            return text
        }
        var events: [OutgoingEvent] = []
        events.reserveCapacity(Int(min(count, 100_000)))
        var trace = ""
        for _ in 0..<count {
            guard let topic = text(), let type = text(), let source = text(), let changed = reader.byte(),
                let newTrace = changed == 0 ? trace : reader.string(), let time = reader.integer(Int64.self),
                let key = reader.bytes(), let value = reader.bytes(),
                let id = reader.string(), let subject = reader.string()
            else { return nil }
            trace = newTrace
            events.append(
                OutgoingEvent(
                    topic: topic, key: key, value: value, id: id, type: type, source: source,
                    time: Instant(microseconds: time), subject: subject, traceparent: trace))
        }
        return events
    }
}

private struct PackedReader {
    private let all: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { all = bytes }

    mutating func byte() -> UInt8? {
        guard position < all.count else { return nil }
        defer { position += 1 }
        return all[position]
    }

    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
        let size = MemoryLayout<Value>.size
        guard position + size <= all.count else { return nil }
        defer { position += size }
        return all.withUnsafeBytes { Value(bigEndian: $0.loadUnaligned(fromByteOffset: position, as: Value.self)) }
    }

    private mutating func slice() -> ArraySlice<UInt8>? {
        var length = 0
        var shift = 0
        while true {
            guard let byte = byte(), shift < 35 else { return nil }
            length |= Int(byte & 0x7F) << shift
            if byte & 0x80 == 0 { break }
            shift += 7
        }
        guard length <= all.count - position else { return nil }
        defer { position += length }
        return all[position..<(position + length)]
    }

    mutating func bytes() -> [UInt8]? { slice().map { Array($0) } }
    mutating func string() -> String? { slice().map { String(decoding: $0, as: UTF8.self) } }
}

extension [UInt8] {
    fileprivate mutating func appendLength(_ length: Int) {
        var rest = length
        while rest > 0x7F {
            append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}

extension OutgoingEvent {
    /// What the event takes in the outbox and, nearly, on the wire.
    var packedSize: Int {
        key.count + value.count + id.utf8.count + subject.utf8.count + type.utf8.count + source.utf8.count
            + topic.utf8.count + traceparent.utf8.count + 32
    }
}
