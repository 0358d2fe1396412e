import Messaging
import Observability
import RecordModel
import Storage
import Web

/// What every service offers to operators over its HTTP interface (role `operator`): status, announce, and parked
/// messages (`ParkedRoutes`).
struct OperatorRoutes: Sendable {
    let definition: ServiceDefinition
    let context: ServiceContext
    let parts: ServiceParts
    /// Nil while the routes are only described.
    let running: Running?

    /// What exists only in a running service.
    struct Running: Sendable {
        let health: Health
        let consumer: ConsumerLoop?
        let announcements: Announcements
    }

    private static let counts = Schema.Property("counts", "object", "Records by state.")

    var routes: [Route] {
        var routes = [
            Route(
                .get, "/v1/operations/status", roles: [.operator],
                summary: "Counts, lag, outbox, parked messages, readiness.",
                response: Schema(
                    "OperationsStatus",
                    properties: [
                        .init("service"), .init("instance"), .init("version"), .init("ready", "boolean"),
                        .init("reasons", "array"), Self.counts,
                        .init("lag", "object", "Messages behind, by topic; null while it is not known."),
                        .init("outbox", "object"), .init("parked", "integer"), .init("announce", "object"),
                    ]),
                query: [.init("counts", "boolean", "false: without the counts, which read whole tables.")],
                handler: status)
        ]
        routes += ParkedRoutes(service: definition.name, context: context, handler: parts.handler).routes
        if parts.announce != nil {
            let progress = Schema(
                "AnnounceProgress",
                properties: [
                    .init("running", "boolean"), .init("emitted", "integer"), .init("total", "integer"),
                    .init("held_back"), .init("ended"),
                ])
            routes.append(
                Route(
                    .post, "/v1/operations/announce", roles: [.operator],
                    summary: "Emits all current facts again, held back by outbox depth and lag.", response: progress,
                    handler: announce))
            routes.append(
                Route(
                    .get, "/v1/operations/announce", roles: [.operator], summary: "How far the announcement is.",
                    response: progress, handler: announceProgress))
        }
        return routes
    }

    private func live() throws(Problem) -> Running {
        guard let running else { throw .unavailable("the service is not running") }
        return running
    }

    // MARK: Status

    private func status(_ request: Request) async throws -> Response {
        let running = try live()
        let parts = parts
        let withCounts = request.query["counts"] != "false"
        let (counts, outbox, parked) = try await context.database.asyncTransaction(
            TransactionOptions(isReadOnly: true)
        ) { transaction in
            (
                withCounts ? try parts.counts?(transaction) ?? [] : [], try OutboxDepth.read(transaction),
                try ParkedMessages.count(in: transaction)
            )
        }
        let reasons = running.health.notReady(consumer: running.consumer?.health)
        let lag = running.consumer.map { Self.byTopic($0.lag) } ?? [:]
        return .json { json in
            json.member("service", definition.name)
            json.member("instance", context.configuration[StandardSettings.instanceName])
            json.member("version", definition.version)
            json.member("ready", reasons.isEmpty)
            json.array("reasons") { json in for reason in reasons { json.element(reason) } }
            json.object("counts") { json in for (name, count) in counts { json.member(name, count) } }
            if let lag {
                json.object("lag") { json in
                    for (topic, messages) in lag.sorted(by: { $0.key < $1.key }) { json.member(topic, messages) }
                }
            } else {
                json.member("lag", String?.none)
            }
            json.object("outbox") { json in
                json.member("rows", outbox.rows)
                json.member("events", outbox.events)
                json.member("bytes", outbox.bytes)
                json.member("oldest_seconds", outbox.oldestSeconds)
            }
            json.member("parked", parked)
            if parts.announce != nil {
                json.object("announce") { json in Self.write(running.announcements.progress, to: &json) }
            }
            json.object("tasks") { json in
                for (name, trouble) in running.health.taskTrouble.sorted(by: { $0.key < $1.key }) {
                    json.member(name, trouble)
                }
            }
        }
    }

    private static func byTopic(_ lag: [PartitionLag]?) -> [String: Int64]? {
        lag.map { lag in
            Dictionary(grouping: lag) { $0.topicPartition.topic }.mapValues { $0.reduce(Int64(0)) { $0 + $1.messages } }
        }
    }

    // MARK: Announce

    private func announce(_ request: Request) async throws -> Response {
        let running = try live()
        guard running.announcements.start() else {
            throw Problem.conflict("an announcement is running already; see GET /v1/operations/announce")
        }
        context.log.info("announcement asked for", ["subject": .string(request.principal.subject)])
        return .json(status: 202) { json in Self.write(running.announcements.progress, to: &json) }
    }

    private func announceProgress(_ request: Request) async throws -> Response {
        let progress = try live().announcements.progress
        return .json { json in Self.write(progress, to: &json) }
    }

    private static func write(_ progress: Announcer.Progress, to json: inout JSONWriter) {
        json.member("running", progress.isRunning)
        json.member("emitted", progress.emitted)
        if let total = progress.total { json.member("total", total) }
        if let reason = progress.heldBack { json.member("held_back", reason) }
        if let ended = progress.ended { json.member("ended", ended) }
    }
}

/// Runs announcements on a thread, one at a time.
final class Announcements: Sendable {
    private let announcer: Announcer
    private let announce: (@Sendable (Announcer) throws -> Void)?
    private let log: Log

    init(_ announcer: Announcer, _ announce: (@Sendable (Announcer) throws -> Void)?, log: Log) {
        self.announcer = announcer
        self.announce = announce
        self.log = log
    }

    var progress: Announcer.Progress { announcer.progress }

    /// Begins an announcement; false when one is running.
    func start() -> Bool {
        guard let announce, announcer.begin() else { return false }
        Task { [self] in
            do {
                try await onThread("announce") { [self] in try announce(announcer) }
                announcer.end("done")
                log.info("announcement done", ["emitted": .int(announcer.progress.emitted)])
            } catch is AnnouncementStopped {
                announcer.end("stopped")
            } catch {
                announcer.end("\(error)")
                log.error("announcement failed", ["error": .error(error)])
            }
        }
        return true
    }
}
