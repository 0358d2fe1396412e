public import RecordModel
public import Web

/// The declared topics as an AsyncAPI 3.0 document. Generated from the one declaration of topics; the committed
/// `Shared/Contracts/asyncapi.yaml` is compared with it by a test.
public enum AsyncAPI {
    /// The version of the contract, as the committed document names it; stepped when a topic or message changes.
    public static let contractVersion = "1.0.0"

    /// - Parameter topics: the declared topics, in the order of the document.
    public static func document(version: String, topics: [Topic] = Topic.all) -> Document {
        .members([
            "asyncapi": .text("3.0.0"),
            "info": .members([
                "title": .text("TiemChung"), "version": .text(version),
                "description": .text(
                    "Dose records, verdicts, attestations and vaccine passports. Values are protobuf (see proto/); the "
                        + "envelope is CloudEvents 1.0, Kafka binding, binary mode. Partitioner: murmur2_random."),
                "license": .members(["name": .text("Apache-2.0")]),
            ]),
            "defaultContentType": .text("application/protobuf"),
            "channels": .object(topics.map { .init($0.name, channel($0)) }),
            "operations": .object(topics.flatMap(operations)),
            "components": .members([
                "messages": .object(topics.map { .init(messageName($0), message($0)) }),
                "messageTraits": .members(["cloudEvent": cloudEvent]),
            ]),
        ])
    }

    private static func channel(_ topic: Topic) -> Document {
        var settings: [Document.Member] = []
        switch topic.retention {
        case .days(let days):
            settings.append(.init("cleanup.policy", .array([.text("delete")])))
            settings.append(.init("retention.ms", .integer(days * 86_400_000)))
        case .compacted: settings.append(.init("cleanup.policy", .array([.text("compact")])))
        }
        return .members([
            "address": .text(topic.name),
            "description": .text(topic.summary),
            "messages": .object([
                .init(messageName(topic), reference("#/components/messages/\(messageName(topic))"))
            ]),
            "bindings": .members([
                "kafka": .members([
                    "topic": .text(topic.name), "partitions": .integer(topic.partitions),
                    "topicConfiguration": .object(settings), "bindingVersion": .text("0.5.0"),
                ])
            ]),
            "x-keyed-by": .text(topic.keyedBy),
            "x-police-only": topic.policeOnly ? .boolean(true) : nil,
        ])
    }

    private static func operations(_ topic: Topic) -> [Document.Member] {
        func operation(_ action: String, _ unit: String) -> Document.Member {
            .init(
                "\(unit).\(action).\(topic.name)",
                .members([
                    "action": .text(action),
                    "channel": reference("#/channels/\(topic.name)"),
                    "summary": .text(
                        action == "send" ? "\(unit) writes \(topic.name)." : "\(unit) reads \(topic.name)."),
                    "messages": .array([reference("#/channels/\(topic.name)/messages/\(messageName(topic))")]),
                ]))
        }
        return topic.writers.map { operation("send", $0) } + topic.readers.map { operation("receive", $0) }
    }

    private static func message(_ topic: Topic) -> Document {
        .members([
            "name": .text(topic.message),
            "title": .text(topic.summary),
            "contentType": .text("application/protobuf"),
            "traits": .array([reference("#/components/messageTraits/cloudEvent")]),
            "payload": .members([
                "schemaFormat": .text("application/vnd.google.protobuf;version=3"),
                "schema": .text("\(protoFile(topic))#\(topic.message)"),
            ]),
            "bindings": .members([
                "kafka": .members([
                    "key": .members([
                        "type": .text("string"), "description": .text("Bytes: \(topic.keyedBy)."),
                    ]),
                    "bindingVersion": .text("0.5.0"),
                ])
            ]),
        ])
    }

    private static var cloudEvent: Document {
        let names: [(String, String)] = [
            ("ce_specversion", "1.0"), ("ce_id", "The same fact has the same id, also when it is announced again."),
            ("ce_source", "The service."), ("ce_type", "The full protobuf name of the value."),
            ("ce_time", "RFC 3339."), ("ce_subject", "What the fact is about; an opaque id."),
            ("traceparent", "W3C trace context; may be absent."),
        ]
        return .members([
            "headers": .members([
                "type": .text("object"),
                "required": .array(names.dropLast().map { .text($0.0) }),
                "properties": .object(
                    names.map { name, text in
                        .init(name, .members(["type": .text("string"), "description": .text(text)]))
                    }),
            ])
        ])
    }

    private static func reference(_ path: String) -> Document { .members(["$ref": .text(path)]) }

    /// `tiemchung.intake.v1.DoseRecorded` → `DoseRecorded`.
    private static func messageName(_ topic: Topic) -> String {
        String(topic.message.split(separator: ".").last ?? "")
    }

    /// `tiemchung.intake.v1.DoseRecorded` → `proto/tiemchung/intake/v1/intake.proto`.
    private static func protoFile(_ topic: Topic) -> String {
        let parts = topic.message.split(separator: ".").dropLast()
        return "proto/" + parts.joined(separator: "/") + "/" + (parts.dropFirst().first ?? "") + ".proto"
    }
}
