import Observability
import RecordModel

/// What operators read on `<topic>.<group>.parked`: where the message was, and why it is parked; nothing of its content.
/// A JSON object, since it is no part of the contract between services.
struct ParkedNotice: Sendable {
    static let eventType = "tiemchung.messaging.v1.MessageParked"

    let event: OutgoingEvent

    init(_ entry: ParkingEntry, group: String, at time: Instant) {
        let message = entry.message
        var json = JSONWriter(capacity: 256)
        json.object { json in
            json.member("topic", message.topic)
            json.member("partition", message.partition)
            json.member("offset", message.offset)
            json.member("event_type", storable(message.eventType))
            json.member("event_id", storable(message.eventID))
            json.member("error_class", storable(entry.errorClass))
            json.member("reason", storable(entry.reason, limit: 1_000))
            json.member("group", group)
        }
        event = OutgoingEvent(
            topic: "\(message.topic).\(group).parked", key: message.key.count <= 4_096 ? message.key : [],
            value: json.bytes,
            id: "\(message.topic)/\(message.partition)/\(message.offset)/\(storable(message.eventID, limit: 100))",
            type: Self.eventType, source: group, time: time,
            subject: "\(message.topic)/\(message.partition)/\(message.offset)",
            traceparent: storable(message.traceparent, limit: 55))
    }
}
