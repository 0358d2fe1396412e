import CRDKafka
import Glibc
import RecordModel

/// Copies librdkafka's messages into values; remembers names that come again and again.
struct MessageReader {
    private var topics: [OpaquePointer: String] = [:]
    private var types: [(bytes: [UInt8], text: String)] = []

    mutating func read(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> InboundMessage {
        let fields = message.pointee
        var headers = MessageHeaders()
        var type = ""
        var list: OpaquePointer?
        if rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list {
            headers.reserve(320)
            var index = 0
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var size = 0
            while rd_kafka_header_get_all(list, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
                index += 1
                guard let name else { continue }
                let nameBytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
                let valueBytes = value.map { UnsafeRawBufferPointer(start: $0, count: size) }
                headers.append(name: nameBytes, value: valueBytes)
                if type.isEmpty, let valueBytes, nameBytes.elementsEqual(typeHeader) { type = self.type(valueBytes) }
            }
        }
        let key = UnsafeRawBufferPointer(start: fields.key, count: fields.key_len)
        let value = UnsafeRawBufferPointer(start: fields.payload, count: fields.len)
        return InboundMessage(
            topic: topic(fields.rkt), partition: fields.partition, offset: fields.offset, key: Array(key),
            value: Array(value), eventType: type, headers: headers,
            timestamp: Instant(microseconds: max(0, rd_kafka_message_timestamp(message, nil)) * 1_000))
    }

    private mutating func topic(_ handle: OpaquePointer) -> String {
        if let name = topics[handle] { return name }
        let name = String(cString: rd_kafka_topic_name(handle))
        topics[handle] = name
        return name
    }

    private mutating func type(_ bytes: UnsafeRawBufferPointer) -> String {
        for known in types where known.bytes.elementsEqual(bytes) { return known.text }
        let text = String(decoding: bytes, as: UTF8.self)
        if types.count < 32 { types.append((Array(bytes), text)) }
        return text
    }
}

private let typeHeader = Array("ce_type".utf8)
