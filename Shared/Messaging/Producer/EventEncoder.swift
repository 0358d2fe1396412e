import CRDKafka
import RecordModel

/// Hands one event to librdkafka, which copies it. Holds buffers that are used again for the next event.
struct EventEncoder {
    private var scratch: [UInt8] = []
    private var pieces: [(name: StaticString, range: Range<Int>)] = []
    private var arguments = [rd_kafka_vu_t](repeating: rd_kafka_vu_t(), count: 16)

    init() {
        scratch.reserveCapacity(512)
        pieces.reserveCapacity(8)
    }

    /// - Parameter opaque: comes back with the delivery report.
    /// - Returns: the refusal, or nil when the message is on its way.
    mutating func produce(
        _ event: OutgoingEvent, client: OpaquePointer, topic: OpaquePointer, opaque: UnsafeMutableRawPointer
    ) -> KafkaError? {
        var scratch = self.scratch
        var pieces = self.pieces
        self.scratch = []
        self.pieces = []
        scratch.removeAll(keepingCapacity: true)
        pieces.removeAll(keepingCapacity: true)
        CloudEvent.forEachHeader(of: event) { name, value in
            let start = scratch.count
            scratch.append(contentsOf: value.utf8)
            pieces.append((name, start..<scratch.count))
        }
        defer {
            self.scratch = scratch
            self.pieces = pieces
        }
        return scratch.withUnsafeBytes { scratch in
            event.key.withUnsafeBytes { key in
                event.value.withUnsafeBytes { value in
                    arguments.withUnsafeMutableBufferPointer { arguments in
                        arguments[0].vtype = RD_KAFKA_VTYPE_RKT
                        arguments[0].u.rkt = topic
                        arguments[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS
                        arguments[1].u.i = copyPayload
                        arguments[2].vtype = RD_KAFKA_VTYPE_KEY
                        arguments[2].u.mem.ptr = UnsafeMutableRawPointer(mutating: key.baseAddress)
                        arguments[2].u.mem.size = key.count
                        arguments[3].vtype = RD_KAFKA_VTYPE_VALUE
                        arguments[3].u.mem.ptr = UnsafeMutableRawPointer(mutating: value.baseAddress)
                        arguments[3].u.mem.size = value.count
                        arguments[4].vtype = RD_KAFKA_VTYPE_OPAQUE
                        arguments[4].u.ptr = opaque
                        var count = 5
                        for piece in pieces {
                            arguments[count].vtype = RD_KAFKA_VTYPE_HEADER
                            arguments[count].u.header.name =
                                UnsafeRawPointer(piece.name.utf8Start).assumingMemoryBound(to: CChar.self)
                            arguments[count].u.header.val = scratch.baseAddress.map { $0 + piece.range.lowerBound }
                            arguments[count].u.header.size = piece.range.count
                            count += 1
                        }
                        return rd_kafka_produceva(client, arguments.baseAddress, count)
                            .map { KafkaError("produce to \(event.topic)", consuming: $0) }
                    }
                }
            }
        }
    }
}

/// `RD_KAFKA_MSG_F_COPY`.
private let copyPayload: Int32 = 0x2
