import CRDKafka
import Observability

extension KafkaError {
    init(_ operation: String, _ code: rd_kafka_resp_err_t, reason: String? = nil) {
        self.init(
            operation: operation, name: String(cString: rd_kafka_err2name(code)),
            reason: reason ?? String(cString: rd_kafka_err2str(code)), code: code.rawValue)
    }

    /// Takes over and frees an error object.
    init(_ operation: String, consuming error: OpaquePointer) {
        self.init(operation, rd_kafka_error_code(error), reason: String(cString: rd_kafka_error_string(error)))
        rd_kafka_error_destroy(error)
    }

    func isCode(_ code: rd_kafka_resp_err_t) -> Bool { self.code == code.rawValue }
}

/// What librdkafka tells a client. All but `failed` run on the thread that polls the client.
class ClientEvents {
    let log: Log

    init(log: Log) { self.log = log }

    func failed(_ error: KafkaError, fatal: Bool) {
        log.warning("kafka client reports a problem", ["error": .string(error.description), "fatal": .bool(fatal)])
    }
    func delivered(_ message: rd_kafka_message_t) {}
    func rebalanced(_ code: rd_kafka_resp_err_t, _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {}
    func committed(_ code: rd_kafka_resp_err_t) {}
}

/// Owns one librdkafka client. The events object is kept as long as the client, since callbacks reach it unretained:
/// the client is destroyed, and with it all its threads, before the reference is let go.
final class KafkaClient: @unchecked Sendable {
    enum Role { case producer, consumer }

    let handle: OpaquePointer
    private let events: ClientEvents
    private var destroyed = false

    /// - Parameter properties: librdkafka configuration; the callbacks are set here.
    /// - Throws: `MessagingError.setting` naming the property that is refused.
    init(_ role: Role, properties: [String: String], events: ClientEvents) throws {
        self.events = events
        let configuration = rd_kafka_conf_new()!
        var room = [CChar](repeating: 0, count: 512)
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            let answer = rd_kafka_conf_set(configuration, name, value, &room, room.count)
            guard answer == RD_KAFKA_CONF_OK else {
                rd_kafka_conf_destroy(configuration)
                throw MessagingError.setting(name: name, reason: text(room))
            }
        }
        rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(events).toOpaque())
        rd_kafka_conf_set_log_cb(configuration, forwardLog)
        rd_kafka_conf_set_error_cb(configuration, forwardError)
        switch role {
        case .producer:
            rd_kafka_conf_set_dr_msg_cb(configuration, forwardDelivery)
        case .consumer:
            rd_kafka_conf_set_rebalance_cb(configuration, forwardRebalance)
            rd_kafka_conf_set_offset_commit_cb(configuration, forwardCommit)
        }
        let type = role == .producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER
        guard let handle = rd_kafka_new(type, configuration, &room, room.count) else {
            rd_kafka_conf_destroy(configuration)
            throw MessagingError.setting(name: "client", reason: text(room))
        }
        self.handle = handle
        if role == .consumer { rd_kafka_poll_set_consumer(handle) }
    }

    /// Ends the client. `leavingGroup` false ends as a crash would: the group learns of it by the session timeout.
    func destroy(leavingGroup: Bool = true) {
        guard !destroyed else { return }
        destroyed = true
        rd_kafka_destroy_flags(handle, leavingGroup ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
    }

    deinit { destroy() }

    /// The error after which this client can do nothing more, if there was one.
    var fatalError: KafkaError? {
        var room = [CChar](repeating: 0, count: 512)
        let code = rd_kafka_fatal_error(handle, &room, room.count)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError("kafka client", code, reason: text(room))
    }
}

private func text(_ room: [CChar]) -> String {
    String(decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

private func events(_ opaque: UnsafeMutableRawPointer?) -> ClientEvents? {
    opaque.map { Unmanaged<ClientEvents>.fromOpaque($0).takeUnretainedValue() }
}

private func forwardLog(
    _ client: OpaquePointer?, _ level: Int32, _ facility: UnsafePointer<CChar>?, _ line: UnsafePointer<CChar>?
) {
    guard let client, let line, let events = events(rd_kafka_opaque(client)) else { return }
    let fields: KeyValuePairs<StaticString, LogValue> = [
        "facility": .string(facility.map { String(cString: $0) } ?? ""), "line": .string(String(cString: line)),
    ]
    if level <= 4 { events.log.warning("librdkafka", fields) } else { events.log.debug("librdkafka", fields) }
}

private func forwardError(
    _ client: OpaquePointer?, _ code: Int32, _ reason: UnsafePointer<CChar>?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let events = events(opaque) else { return }
    let code = rd_kafka_resp_err_t(rawValue: code)
    let error = KafkaError("kafka client", code, reason: reason.map { String(cString: $0) })
    events.failed(error, fatal: code == RD_KAFKA_RESP_ERR__FATAL)
}

private func forwardDelivery(
    _ client: OpaquePointer?, _ message: UnsafePointer<rd_kafka_message_t>?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let message, let events = events(opaque) else { return }
    events.delivered(message.pointee)
}

private func forwardRebalance(
    _ client: OpaquePointer?, _ code: rd_kafka_resp_err_t,
    _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let partitions, let events = events(opaque) else { return }
    events.rebalanced(code, partitions)
}

private func forwardCommit(
    _ client: OpaquePointer?, _ code: rd_kafka_resp_err_t,
    _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?, _ opaque: UnsafeMutableRawPointer?
) {
    events(opaque)?.committed(code)
}
