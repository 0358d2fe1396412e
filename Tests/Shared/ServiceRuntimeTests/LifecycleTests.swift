import Foundation
import Messaging
import Observability
import RecordModel
import Storage
import Synchronization
import TestSupport
import Testing
import Web

@testable import ServiceRuntime

@Suite("A running service", .serialized)
struct LifecycleTests {
    private func publish(_ texts: [(key: String, value: String)], to sample: Sample) throws {
        let producer = try Producer(
            KafkaConfiguration(bootstrapServers: sample.broker.bootstrapServers, clientID: "test"),
            log: TestPostgres.log)
        defer { producer.close() }
        _ = try producer.publishAndWait(
            texts.map { key, value in
                OutgoingEvent(
                    topic: Topic.submissions.name, key: Array(key.utf8), value: Array(value.utf8), id: value,
                    type: "test", source: "test", time: .now(), subject: key)
            })
    }

    private func start(_ sample: Sample, metrics: MetricsRegistry = MetricsRegistry()) async throws -> RunningService {
        try await sample.migrate()
        return try await RunningService.start(
            sample.definition(), sample.configuration(), log: TestPostgres.log, metrics: metrics)
    }

    private func wait(
        _ service: RunningService, _ condition: @escaping @Sendable (Health) -> Bool
    ) async throws -> Bool {
        let health = service.health
        return try await onThread("wait") { health.wait(seconds: 30, until: condition) }
    }

    private func ready(_ service: RunningService) async throws -> (status: Int, body: String) {
        let port = service.operationsPort
        return try await onThread("ask") {
            try LocalHTTP.get(ListenAddress(host: "127.0.0.1", port: port), "/readyz", seconds: 5)
        }
    }

    @Test("starts, becomes ready, handles, parks, redrives, announces, counts, and stops with nothing left")
    func whole() async throws {
        let sample = try Sample()
        let metrics = MetricsRegistry()
        let service = try await start(sample, metrics: metrics)
        #expect(try await wait(service) { $0.notReady.isEmpty })
        #expect(try await ready(service).status == 200)
        let port = service.operationsPort
        #expect(await sample.command(["healthcheck"], ["OPERATIONS_LISTEN": "0.0.0.0:\(port)"]).0 == .success)

        try publish([("a", "one"), ("b", "bad"), ("b", "behind")], to: sample)
        #expect(try await wait(service) { $0.sample.parked == 2 })
        let status = try await sample.ask(service, "GET", "/v1/operations/status").body
        for part in [#""ready":true"#, #""notes":1"#, #""parked":2"#, #""service":"sample""#, #""outbox":{"rows":0"#] {
            #expect(status.contains(part), "\(status)")
        }
        let parked = try await sample.ask(service, "GET", "/v1/operations/parked?limit=1").body
        #expect(parked.contains(#""error_class":"bad","reason":"value: must not start so","behind":false"#))
        #expect(parked.contains(#""next":"#))
        let dry = try await sample.ask(service, "POST", "/v1/operations/redrive", body: #"{"dry_run":true}"#).body
        #expect(dry.contains(#""keys":1,"messages":2,"handled":0"#))
        sample.handler.isFixed.store(true, ordering: .relaxed)
        let done = try await sample.ask(
            service, "POST", "/v1/operations/redrive", body: #"{"error_class":"bad","dry_run":false}"#
        ).body
        #expect(done.contains(#""handled":2,"freed":1"#))
        #expect(try await sample.ask(service, "POST", "/v1/operations/redrive", as: .cdc, body: "{}").status == 403)

        #expect(try await sample.ask(service, "POST", "/v1/operations/announce").status == 202)
        var progress = ""
        repeat {
            progress = try await sample.ask(service, "GET", "/v1/operations/announce").body
        } while progress.contains(#""running":true"#)
        #expect(progress == #"{"running":false,"emitted":3,"total":3,"ended":"done"}"#)

        let page = metrics.render()
        for name in [
            "outbox_rows", "outbox_oldest_seconds", "database_pool_in_use", "http_requests_total", "service_ready 1",
        ] {
            #expect(page.contains(name))
        }
        #expect(await service.stop())
        await #expect(throws: (any Error).self) { try await ready(service) }
    }

    @Test("a parked message is given up by an operator, with a reason, and what waits behind it is handled")
    func discard() async throws {
        let sample = try Sample()
        let service = try await start(sample)
        #expect(try await wait(service) { $0.notReady.isEmpty })
        try publish([("a", "one"), ("b", "bad"), ("b", "behind")], to: sample)
        #expect(try await wait(service) { $0.sample.parked == 2 })
        let path = "/v1/operations/discard"
        let faulty = try await sample.ask(service, "POST", path, body: #"{"reason":"  "}"#)
        #expect(faulty.status == 422 && faulty.body.contains("id") && faulty.body.contains("reason"))
        let wish = #"{"id":1,"reason":"cut off by the sender""#
        #expect(try await sample.ask(service, "POST", path, as: .cdc, body: wish + "}").status == 403)
        let unknown = try await sample.ask(service, "POST", path, body: #"{"id":77,"reason":"x"}"#)
        #expect(unknown.status == 404)
        let behind = try await sample.ask(service, "POST", path, body: #"{"id":2,"reason":"x"}"#)
        #expect(behind.status == 409 && behind.body.contains("behind message 1"))
        let report = #"{"discarded":true,"handled":1,"left":0,"obstacle":null}"#
        let dry = try await sample.ask(service, "POST", path, body: wish + #","dry_run":true}"#)
        #expect(dry.body == report)
        #expect(try await sample.ask(service, "GET", "/v1/operations/discarded").body == #"{"discarded":[]}"#)
        #expect(try await sample.ask(service, "POST", path, body: wish + "}").body == report)
        let kept = try await sample.ask(service, "GET", "/v1/operations/discarded?limit=1").body
        for part in [#""id":1,"#, #""note":"cut off by the sender"}"#, #""discarded_by":""#, #""next":1"#] {
            #expect(kept.contains(part), "\(kept)")
        }
        #expect(try await sample.ask(service, "GET", "/v1/operations/parked").body == #"{"parked":[]}"#)
        let status = try await sample.ask(service, "GET", "/v1/operations/status").body
        #expect(status.contains(#""notes":2"#) && status.contains(#""lag":{"#), "\(status)")
        #expect(await service.stop())
    }

    @Test("a consumer outside its group, and one that does not know its lag, are told apart from one without lag")
    func notInGroupYet() {
        let health = Health()
        var sample = Health.Sample()
        sample.databaseTrouble = nil
        sample.consumer = ConsumerHealth()
        health.enter(.running)
        health.tick(sample)
        #expect(health.notReady == ["consumer: not in its group yet"])
        sample.consumer?.joined = true
        #expect(
            health.notReady(consumer: sample.consumer) == [
                "consumer: in its group, how far it is behind is not known yet"
            ])
        sample.consumer?.lagKnown = true
        health.tick(sample)
        #expect(health.notReady.isEmpty)
    }

    @Test("readiness goes with the database and comes back with it; requests meanwhile get 503")
    func databaseAway() async throws {
        let server = try TestPostgres.startOwn()
        defer { server.remove() }
        let sample = try Sample(url: server.url)
        let service = try await start(sample)
        #expect(try await wait(service) { $0.notReady.isEmpty })
        try await onThread("stop") { try server.stop(mode: "immediate") }
        #expect(try await wait(service) { !$0.notReady.isEmpty })
        let away = try await ready(service)
        #expect(away.status == 503)
        #expect(away.body.contains("database: "))
        #expect(service.health.notLive == nil)
        let status = try await sample.ask(service, "GET", "/v1/operations/status")
        #expect(status.status == 503)
        #expect(status.body.contains("urn:tiemchung:problem:unavailable"))
        #expect(try await sample.ask(service, "GET", "/v1/greeting").body == "xin chào")
        try await onThread("start") { try server.start() }
        #expect(try await wait(service) { $0.notReady.isEmpty })
        try publish([("a", "after")], to: sample)
        #expect(await service.stop())
    }

    @Test("holding back: an entry gets 429 with retry-after, everything else is answered")
    func pressure() async throws {
        let pressure = Pressure()
        try pressure.admit()
        #expect(pressure.wasAsked())
        #expect(!pressure.wasAsked())
        pressure.set("full")
        #expect(pressure.wasAsked())
        let problem = #expect(throws: Problem.self) { try pressure.admit() }
        #expect(problem?.status == 429)
        #expect(problem?.retryAfter == 5)
    }

    @Test("entries look at the readers of what the service writes, and at no others")
    func gateTargets() {
        let targets = EntryGate.targets(ofWriter: "intake")
        #expect(
            targets.map(\.group).sorted() == ["correction-tasks", "identity-matching", "passport-issuance", "signing"])
        #expect(
            targets.first { $0.group == "correction-tasks" }?.topics.sorted() == [
                "intake.dose-recorded.v1", "intake.unit.v1",
            ])
        #expect(EntryGate.targets(ofWriter: "passport-issuance").isEmpty)
    }

    @Test("a background task that fails is tried again, and ends with the stop signal")
    func tasks() throws {
        struct Odd: Error {}
        let health = Health()
        let threads = ServiceThreads(log: Log(service: "test", level: .error, sink: { _ in }), health: health)
        let calls = Atomic<Int>(0)
        let again = StopSignal()
        threads.run(
            BackgroundTask("odd") { stop in
                if calls.wrappingAdd(1, ordering: .relaxed).newValue == 1 { throw Odd() }
                again.give()
                stop.wait(seconds: 60)
            })
        #expect(again.wait(seconds: 10))
        threads.join(until: .now + .seconds(10))
        #expect(calls.load(ordering: .relaxed) == 2)
        #expect(threads.stop.isGiven)
    }
}
