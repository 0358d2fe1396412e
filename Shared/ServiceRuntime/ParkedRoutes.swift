import Messaging
import Observability
import RecordModel
import Storage
import Web

/// Parked messages over HTTP (role `operator`): looking at them, handling them again, giving one up.
struct ParkedRoutes: Sendable {
    let service: String
    let context: ServiceContext
    /// Nil for a service that consumes nothing.
    let handler: (any BatchHandler)?

    private static let filter: [Schema.Property] = [
        .init("topic", "string", "Only messages of this topic."),
        .init("error_class", "string", "Only keys that this class of error keeps parked."),
        .init("id", "integer", "Only the key of this parked message."),
    ]

    /// Characters of a reason for giving a message up.
    private static let noteLimit = 1_000

    var routes: [Route] {
        let looking = [
            Route(
                .get, "/v1/operations/parked", roles: [.operator], summary: "Parked messages without their content.",
                response: Schema("ParkedMessages", properties: [.init("parked", "array"), .init("next", "integer")]),
                query: Self.filter + [.init("after", "integer"), .init("limit", "integer")], handler: parked),
            Route(
                .get, "/v1/operations/discarded", roles: [.operator],
                summary: "Messages that were given up, without their content: by whom, when and why.",
                response: Schema(
                    "DiscardedMessages", properties: [.init("discarded", "array"), .init("next", "integer")]),
                query: [.init("after", "integer"), .init("limit", "integer")], handler: discarded),
        ]
        return handler == nil ? looking : looking + acting
    }

    private var acting: [Route] {
        [
            Route(
                .post, "/v1/operations/redrive", roles: [.operator],
                summary: "Handles parked messages again, key by key, in order.",
                request: Schema("RedriveRequest", properties: Self.filter + [.init("dry_run", "boolean")]),
                response: Schema(
                    "RedriveReport",
                    properties: ["keys", "messages", "handled", "freed", "failed", "left"].map { .init($0, "integer") }),
                handler: redrive),
            Route(
                .post, "/v1/operations/discard", roles: [.operator],
                summary:
                    "Gives up the first parked message of a key, which is kept as a record, and handles what waits behind it.",
                request: Schema(
                    "DiscardRequest",
                    properties: [
                        .init("id", "integer", "The parked message; the first of its key."),
                        .init("reason", "string", "Why it is given up, at most 1,000 characters; no personal data."),
                        .init("dry_run", "boolean", "Only says what would happen."),
                    ]),
                response: Schema(
                    "DiscardReport",
                    properties: [
                        .init("discarded", "boolean", "False where it could be handled now, and took effect instead."),
                        .init("handled", "integer", "Messages of its key that took effect."),
                        .init("left", "integer", "Messages of its key that are still parked."),
                        .init("obstacle", "string", "Why the first of them is."),
                    ]), handler: discard),
        ]
    }

    // MARK: Looking

    private func page(_ request: Request) throws -> (after: Int64, limit: Int) {
        (
            Int64(try request.integer("after", in: 0...Int.max, default: 0)),
            try request.integer("limit", in: 1...1_000, default: 100)
        )
    }

    /// A page of messages; where it is full, with the place after which the next one begins.
    private static func page<Message>(
        _ name: String, _ messages: [Message], _ limit: Int, id: KeyPath<Message, Int64>,
        write: (Message, inout JSONWriter) -> Void
    ) -> Response {
        .json { json in
            json.array(name) { json in
                for message in messages { json.object { json in write(message, &json) } }
            }
            if messages.count == limit, let last = messages.last { json.member("next", last[keyPath: id]) }
        }
    }

    private func parked(_ request: Request) async throws -> Response {
        let filter = ParkedFilter(
            topic: request.query["topic"], errorClass: request.query["error_class"],
            id: try request.query["id"].map { _ in Int64(try request.integer("id", in: 1...Int.max, default: 1)) })
        let (after, limit) = try page(request)
        let messages = try await context.database.asyncConnection { connection in
            try ParkedMessages.list(filter, after: after, limit: limit, in: connection)
        }
        return Self.page("parked", messages, limit, id: \.id, write: Self.write)
    }

    private func discarded(_ request: Request) async throws -> Response {
        let (after, limit) = try page(request)
        let messages = try await context.database.asyncConnection { connection in
            try ParkedMessages.discarded(after: after, limit: limit, in: connection)
        }
        return Self.page("discarded", messages, limit, id: \.id, write: Self.write)
    }

    private static func write(_ message: ParkedMessage, to json: inout JSONWriter) {
        json.member("id", message.id)
        json.member("topic", message.topic)
        json.member("partition", message.partition)
        json.member("offset", message.offset)
        json.member("event_type", message.eventType)
        json.member("event_id", message.eventID)
        json.member("error_class", message.errorClass)
        json.member("reason", message.reason)
        json.member("behind", message.isBehind)
        json.member("attempts", message.attempts)
        json.member("first_failed_at", message.firstFailedAt.rfc3339)
        json.member("last_failed_at", message.lastFailedAt.rfc3339)
        json.member("bytes", message.valueBytes)
    }

    private static func write(_ message: DiscardedMessage, to json: inout JSONWriter) {
        json.member("id", message.id)
        json.member("topic", message.topic)
        json.member("partition", message.partition)
        json.member("offset", message.offset)
        json.member("event_type", message.eventType)
        json.member("error_class", message.errorClass)
        json.member("reason", message.reason)
        json.member("attempts", message.attempts)
        json.member("first_failed_at", message.firstFailedAt.rfc3339)
        json.member("discarded_at", message.discardedAt.rfc3339)
        json.member("discarded_by", message.discardedBy)
        json.member("note", message.note)
    }

    // MARK: Acting

    private func worker() throws -> Redrive {
        guard let handler else { throw Problem.notFound() }
        return Redrive(group: service, handler: handler, database: context.database, log: context.log)
    }

    private struct RedriveRequest: Decodable, Sendable {
        let topic: String?
        let errorClass: String?
        let id: Int64?
        let dryRun: Bool?
    }

    private func redrive(_ request: Request) async throws -> Response {
        let redrive = try worker()
        let wish = try await request.json(RedriveRequest.self)
        let filter = ParkedFilter(topic: wish.topic, errorClass: wish.errorClass, id: wish.id)
        context.log.info(
            "redrive asked for",
            ["subject": .string(request.principal.subject), "dry_run": .bool(wish.dryRun ?? false)])
        let report = try await onThread("redrive") { try redrive.run(filter, dryRun: wish.dryRun ?? false) }
        return .json { json in
            json.member("keys", report.keys)
            json.member("messages", report.messages)
            json.member("handled", report.handled)
            json.member("freed", report.freed)
            json.member("failed", report.failed)
            json.member("left", report.left)
        }
    }

    private struct DiscardRequest: Decodable, Sendable {
        let id: Int64?
        let reason: String?
        let dryRun: Bool?
    }

    private func discard(_ request: Request) async throws -> Response {
        let redrive = try worker()
        let wish = try await request.json(DiscardRequest.self)
        let note = (wish.reason ?? "")[...].trimmed
        var faults: [(name: String, rule: String)] = []
        if wish.id ?? 0 < 1 { faults.append(("id", "the number of a parked message")) }
        if note.isEmpty || note.unicodeScalars.count > Self.noteLimit {
            faults.append(("reason", "1 to \(Self.noteLimit) characters"))
        }
        guard faults.isEmpty, let id = wish.id else { throw Problem.unprocessable(faults) }
        let subject = request.principal.subject
        let dryRun = wish.dryRun ?? false
        do {
            let report = try await onThread("discard") {
                try redrive.discard(id: id, note: note, by: subject, dryRun: dryRun)
            }
            return .json { json in
                json.member("discarded", report.discarded)
                json.member("handled", report.handled)
                json.member("left", report.left)
                json.member("obstacle", report.obstacle)
            }
        } catch let refusal as DiscardRefusal {
            switch refusal {
            case .notParked: throw Problem.notFound(refusal.description)
            case .waits: throw Problem.conflict(refusal.description)
            }
        }
    }
}
