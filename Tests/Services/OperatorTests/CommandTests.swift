import Foundation
import Observability
import RecordModel
import Synchronization
import Testing
import Web

@testable import Operator

private let csv =
    "facility_code,source_record_id,outcome,group,rule_version\nA,1,right,none,1\nB,2,wrong,verified-wrong,1\n"

private func answering(_ text: String, _ type: String = "text/csv") -> Route.Handler {
    { _ in .bytes(Array(text.utf8), contentType: type) }
}

@Suite struct ExportTests {
    @Test("verdicts are streamed to a file that appears whole; the operator's role suffices")
    func verdicts() async throws {
        try await withServices([
            Route(.get, "/v1/exports/verdicts", roles: [.operator], summary: "", handler: answering(csv))
        ]) { services in
            let status = await services.run("export", "verdicts", "--out", services.file("V.csv"))
            #expect(status == 0)
            #expect(services.content("V.csv") == csv)
            #expect(!FileManager.default.fileExists(atPath: services.file("V.csv.part")))
        }
    }

    @Test("AUT-17 findings are asked for with a police role, nothing else is")
    func findings() async throws {
        try await withServices([
            Route(.get, "/v1/exports/findings", roles: [.nationalPolice], summary: "", handler: answering("a\n")),
            Route(.get, "/v1/exports/tasks", roles: [.operator], summary: "", handler: answering("b\n")),
        ]) { services in
            let findings = await services.run("export", "findings", "--out", services.file("F.csv"))
            let tasks = await services.run("export", "tasks", "--out", services.file("T.csv"))
            #expect(findings == 0 && tasks == 0)
            #expect(services.content("F.csv") == "a\n" && services.content("T.csv") == "b\n")
        }
    }

    @Test("A refusal leaves no file and ends with 77 or 1")
    func refused() async throws {
        try await withServices([
            Route(.get, "/v1/exports/verdicts", roles: [.cdc], summary: "", handler: answering(csv)),
            Route(.get, "/v1/exports/tasks", roles: [.operator], summary: "") { _ in throw Problem.conflict("no") },
        ]) { services in
            let forbidden = await services.run("export", "verdicts", "--out", services.file("V.csv"))
            let conflict = await services.run("export", "tasks", "--out", services.file("T.csv"))
            #expect(forbidden == 77 && conflict == 1)
            #expect(services.content("V.csv") == nil && services.content("T.csv") == nil)
        }
    }

    @Test("trust writes a PEM for each key identifier and nothing outside its folder")
    func trust() async throws {
        let keys = #"{"0a1b2c3d4e5f6071":"-----BEGIN-----\n","../evil":"x"}"#
        try await withServices([
            Route(
                .get, "/v1/exports/trust", roles: [.operator], summary: "", handler: answering(keys, "application/json")
            )
        ]) { services in
            let status = await services.run("export", "trust", "--out", services.file("trust"))
            #expect(status == 0)
            #expect(services.content("trust/0a1b2c3d4e5f6071.pem") == "-----BEGIN-----\n")
            let names = try FileManager.default.contentsOfDirectory(atPath: services.file("trust"))
            #expect(names == ["0a1b2c3d4e5f6071.pem"])
        }
    }

    @Test("manifests: trust.pem, turns.csv and the two files of every turn")
    func manifests() async throws {
        let turns = "turn_id,unit_code,signer_serial,signed_at,persons,doses\nt-1,A,FF,2022-01-01T00:00:00Z,1,1\n"
        try await withServices([
            Route(.get, "/v1/exports/trust", roles: [.operator], summary: "", handler: answering("PEM")),
            Route(.get, "/v1/exports/turns", roles: [.operator], summary: "", handler: answering(turns)),
            Route(.get, "/v1/exports/turns/{id}.manifest", roles: [.operator], summary: "") { request in
                .text("manifest of \(request.parameter("id"))")
            },
            Route(.get, "/v1/exports/turns/{id}.p7s", roles: [.operator], summary: "") { _ in
                .bytes([0x30, 0x00, 0xFF], contentType: "application/pkcs7-signature")
            },
        ]) { services in
            let status = await services.run("export", "manifests", "--out", services.file("m"))
            #expect(status == 0)
            #expect(services.content("m/turns.csv") == turns && services.content("m/trust.pem") == "PEM")
            #expect(services.content("m/t-1.manifest") == "manifest of t-1")
            #expect(FileManager.default.contents(atPath: services.file("m/t-1.p7s")) == Data([0x30, 0x00, 0xFF]))
        }
    }

    @Test("A service that is not there is named with 69; nobody waits for ever")
    func unreachable() async throws {
        try await withServices([]) { services in
            let status = await services.run(
                "export", "verdicts", "--out", services.file("V.csv"),
                environment: ["TIEMCHUNG_SERVICES": "identity-matching=http://127.0.0.1:1"])
            #expect(status == 69)
        }
    }

    @Test("A service that comes back within the patience is asked again")
    func patience() async throws {
        let failures = Mutex(2)
        try await withServices([
            Route(.get, "/v1/exports/verdicts", roles: [.operator], summary: "") { _ in
                let left = failures.withLock { left -> Int in
                    left -= 1
                    return left
                }
                if left >= 0 { throw Problem.unavailable("starting") }
                return .bytes(Array(csv.utf8), contentType: "text/csv")
            }
        ]) { services in
            let patient = await services.run(
                "export", "verdicts", "--out", services.file("V.csv"), environment: ["TIEMCHUNG_PATIENCE": "20"])
            #expect(patient == 0 && services.content("V.csv") == csv)
        }
    }
}

@Suite struct ReferenceDataTests {
    @Test("load units and register stream the file, as CSV or NDJSON, and activate the new generation")
    func load() async throws {
        let seen = Mutex<[String]>([])
        func receive(_ name: String, _ answer: @escaping @Sendable () -> Response) -> Route.Handler {
            { request in
                let body = try await request.bytes()
                seen.withLock { $0.append("\(name) \(request.contentType) \(String(decoding: body, as: UTF8.self))") }
                return answer()
            }
        }
        try await withServices([
            Route(
                .put, "/v1/units", roles: [.mohIT], summary: "",
                handler: receive("units") { .json { $0.member("rows", 1) } }),
            Route(
                .post, "/v1/register", roles: [.operator], summary: "",
                handler: receive("register") { .json(status: 201) { $0.member("generation", 7) } }),
            Route(
                .post, "/v1/register/{generation}/activate", roles: [.operator], summary: "",
                handler: receive("activate") { .json { $0.member("assessment", 1) } }),
        ]) { services in
            try Data("unit_code\nA\n".utf8).write(to: URL(fileURLWithPath: services.file("units.csv")))
            try Data("{\"personal_id\":\"1\"}\n".utf8).write(to: URL(fileURLWithPath: services.file("register.ndjson")))
            let units = await services.run("load", "units", services.file("units.csv"))
            let register = await services.run("load", "register", services.file("register.ndjson"))
            #expect(units == 0 && register == 0)
            #expect(
                seen.withLock { $0 } == [
                    "units text/csv unit_code\nA\n", "register application/x-ndjson {\"personal_id\":\"1\"}\n",
                    "activate  ",
                ])
            let missing = await services.run("load", "units", services.file("absent.csv"))
            #expect(missing == 66)
        }
    }

    @Test("PAS-01 close-day opens a run as preventive medicine and waits for its end")
    func closeDay() async throws {
        let looks = Mutex(0)
        try await withServices([
            Route(.post, "/v1/day-runs", roles: [.preventiveMedicine], summary: "") { _ in
                .json(status: 202) {
                    $0.member("id", "r1")
                    $0.member("state", "running")
                }
            },
            Route(.get, "/v1/day-runs/{id}", roles: [.preventiveMedicine], summary: "") { _ in
                let count = looks.withLock { count -> Int in
                    count += 1
                    return count
                }
                return .json { $0.member("state", count < 3 ? "running" : "finished") }
            },
        ]) { services in
            let status = await services.run("close-day")
            #expect(status == 0 && looks.withLock { $0 } == 3)
        }
    }
}

@Suite struct OperationsTests {
    private static let state = """
        {"service":"intake","ready":true,"reasons":[],"counts":{"entered":10,"accepted":11,"rejected":2,"duplicates":3},
        "lag":{"intake.submissions.v1":4},"outbox":{"rows":2,"bytes":9,"oldest_seconds":0.5},"parked":1}
        """

    @Test("status asks every instance; what does not answer is listed as not ready")
    func status() async throws {
        try await withServices([
            Route(
                .get, "/v1/operations/status", roles: [.operator], summary: "",
                handler: answering(Self.state, "application/json"))
        ]) { services in
            let all = await services.run("status", "--json")
            #expect(all == 0)
            let none = await services.run(
                "status", environment: ["TIEMCHUNG_SERVICES": "intake=http://127.0.0.1:1"])
            #expect(none == 1)
        }
    }

    @Test("In flight are all messages unread and one outbox for each service")
    func inFlight() throws {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(Self.state.utf8)) as? [String: Any])
        let first = Status.state(object, service: "intake", instance: "intake")
        let second = Status.state(object, service: "intake", instance: "intake-2")
        #expect(first.totalLag == 4 && first.outboxRows == 2 && first.parked == 1 && first.count("entered") == 10)
        #expect(Status.inFlight([first, second]) == 10)
    }

    @Test("redrive passes the filter on and fails where a message failed again")
    func redrive() async throws {
        let wishes = Mutex<[String]>([])
        try await withServices([
            Route(.post, "/v1/operations/redrive", roles: [.operator], summary: "") { request in
                let wish = String(decoding: try await request.bytes(), as: UTF8.self)
                wishes.withLock { $0.append(wish) }
                return .json { $0.member("failed", wish.contains("poison") ? 1 : 0) }
            }
        ]) { services in
            let dry = await services.run("parked", "redrive", "--service", "intake", "--topic", "t", "--dry-run")
            let bad = await services.run("parked", "redrive", "--service", "signing", "--error-class", "poison")
            #expect(dry == 0 && bad == 1)
            #expect(wishes.withLock { $0.first } == #"{"topic":"t","dry_run":true}"#)
            let nobody = await services.run("parked", "redrive", "--service", "nobody")
            #expect(nobody == 64)
        }
    }

    @Test("announce waits for the end of every service's announcement")
    func announce() async throws {
        let running = Mutex(3)
        try await withServices([
            Route(.post, "/v1/operations/announce", roles: [.operator], summary: "") { _ in
                .json(status: 202) { $0.member("running", true) }
            },
            Route(.get, "/v1/operations/announce", roles: [.operator], summary: "") { _ in
                let left = running.withLock { left -> Int in
                    left -= 1
                    return left
                }
                return .json {
                    $0.member("running", left > 0)
                    $0.member("emitted", 5)
                    $0.member("ended", "done")
                }
            },
        ]) { services in
            let status = await services.run("announce")
            #expect(status == 0)
        }
    }
}
