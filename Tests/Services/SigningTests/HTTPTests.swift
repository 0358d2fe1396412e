import Foundation
import FoundationNetworking
import Observability
import RecordModel
import ServiceRuntime
import Synchronization
import Testing
import Web

@testable import Signing
@testable import SigningAgent

/// Signing behind a real HTTP server, with a development issuer and a directory of demo keys.
private struct SigningServer {
    let server: HTTPServer
    let issuer: DevelopmentIssuer
    let directory: String

    static func run(
        _ bench: SigningBench, pressure: Pressure = Pressure(), _ body: (SigningServer) async throws -> Void
    ) async throws {
        let directory = NSTemporaryDirectory() + "tiemchung-signing-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let issuer = try DevelopmentIssuer(directory: directory, developmentMode: true)
        let clock = bench.clock
        let server = try HTTPServer(
            HTTPServerConfiguration(address: ListenAddress(host: "127.0.0.1", port: 0)),
            routes: bench.routes(trust: TrustAnchors(path: directory + "/trust.pem"), pressure: pressure),
            authenticator: KeySetAuthenticator(
                path: directory + "/jwks.json", issuer: "tiemchung", audience: "tiemchung",
                now: { clock.now().microseconds / 1_000_000 }),
            log: Log(service: "test", level: .error), metrics: MetricsRegistry())
        let running = SigningServer(server: server, issuer: issuer, directory: directory)
        let result: Result<Void, any Error>
        do { result = .success(try await body(running)) } catch { result = .failure(error) }
        await server.stop(graceSeconds: 2)
        try result.get()
    }

    var address: String { "http://127.0.0.1:\(server.port)" }

    /// Runs a command of the agent as from its command line.
    func arguments(_ command: String, _ more: String...) throws -> AgentArguments {
        try AgentArguments(
            [command, "--directory", directory, "--service", address, "--issuer", directory] + more,
            environment: ["DEVELOPMENT_MODE": "true"])
    }

    func ask(
        _ method: String, _ path: String, as role: Role, unit: String = "", body: String? = nil
    ) async throws -> (status: Int, text: String) {
        var request = URLRequest(url: try #require(URL(string: address + path)))
        // Other suites of this process may hold the task threads, of which a small machine has two, for a minute and more.
        request.timeoutInterval = 600
        request.httpMethod = method
        let token = try issuer.issue(role: role, unit: unit, now: Fixture.noon.microseconds / 1_000_000)
        request.setValue("Bearer " + token, forHTTPHeaderField: "authorization")
        if let body {
            request.httpBody = Data(body.utf8)
            request.setValue("application/json", forHTTPHeaderField: "content-type")
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }
}

@Suite struct HTTPTests {
    @Test("SIG-17 REP-09 the agent signs whatever is signable at several facilities, turn after turn")
    func signsAll() async throws {
        try await SigningBench.run { bench in
            bench.limits.persons = 3
            try await SigningServer.run(bench) { running in
                try bench.takeSignable(1...8)
                try bench.takeSignable(9...10, facility: "79002")
                try bench.takeSignable([11], facility: "no-key")
                let commands = AgentCommands(clock: bench.clock) { _ in }
                let (units, made) = try await commands.demoAuthority(
                    running.arguments("demo-authority", "--units", "79001,79002"))
                #expect(units == 2)
                #expect(made == 2)
                let summary = try await commands.signAll(running.arguments("sign-all", "--parallel", "2"))
                #expect(summary.turns == 4)
                #expect(summary.doses == 10)
                #expect(summary.refused == 0)
                #expect(try bench.counts["signed"] == 10)
                #expect(try bench.counts["signable"] == 1)
                let again = try await commands.signAll(running.arguments("sign-all"))
                #expect(again.turns == 0)
                let turns = try await running.ask("GET", "/v1/exports/turns", as: .operator).text
                let rows = turns.split(separator: "\n")
                #expect(rows.first == "turn_id,unit_code,signer_serial,signed_at,persons,doses")
                #expect(rows.count == 5)
                let turn = try #require(rows.last?.split(separator: ",").first)
                let manifest = try await running.ask("GET", "/v1/exports/turns/\(turn).manifest", as: .operator)
                #expect(manifest.text.hasPrefix(Manifest.header + "\n"))
                let signature = try await running.ask("GET", "/v1/exports/turns/\(turn).p7s", as: .operator)
                #expect(signature.status == 200)
                let trust = try await running.ask("GET", "/v1/exports/trust", as: .operator)
                #expect(trust.text.hasPrefix("-----BEGIN CERTIFICATE-----"))
            }
        }
    }

    @Test("SIG-04 one facility without a registered certificate keeps no other from signing")
    func oneRefused() async throws {
        try await SigningBench.run { bench in
            try await SigningServer.run(bench) { running in
                try bench.takeSignable([1])
                try bench.takeSignable([2], facility: "79002")
                let said = Mutex<[String]>([])
                let commands = AgentCommands(clock: bench.clock) { line in said.withLock { $0.append(line) } }
                _ = try await commands.demoAuthority(running.arguments("demo-authority", "--units", "79002"))
                let keys = KeyDirectory(path: running.directory)
                #expect(try keys.issue("79001", by: keys.authority(at: Fixture.noon), at: Fixture.noon))
                let summary = try await commands.signAll(running.arguments("sign-all"))
                #expect(summary.doses == 1)
                #expect(summary.refused == 1)
                #expect(said.withLock { $0.contains { $0.hasPrefix("79001: Chứng thư số chưa được đăng ký") } })
            }
        }
    }

    @Test("SIG-12 SIG-14 AUT-01 over HTTP: own unit, limits, roles, and answers in Vietnamese and English")
    func answers() async throws {
        try await SigningBench.run { bench in
            try await SigningServer.run(bench) { running in
                try bench.takeSignable(1...2)
                let many = try await running.ask(
                    "POST", "/v1/turns", as: .facilityHead, unit: "79001", body: "{\"persons\": 1001}")
                #expect(many.status == 422)
                #expect(many.text.contains("too-many-persons"))
                let other = try await running.ask(
                    "POST", "/v1/turns", as: .facilityHead, unit: "79002",
                    body: "{\"dose_ids\": [\"\(Fixture.doseID(1))\"]}")
                #expect(other.status == 403)
                #expect(other.text.contains("foreign-doses"))
                let none = try await running.ask("POST", "/v1/turns", as: .facilityHead, unit: "79002", body: "{}")
                #expect(none.status == 409)
                let made = try await running.ask("POST", "/v1/turns", as: .facilityStaff, unit: "79001", body: "{}")
                #expect(made.status == 201)
                #expect(made.text.contains("\"more\":false"))
                let turnID = try #require(made.text.split(separator: "\"").dropFirst(3).first)
                let preview = try await running.ask("GET", "/v1/turns/\(turnID)", as: .facilityHead, unit: "79001")
                #expect(preview.text.contains("Họ và tên"))
                #expect(preview.text.contains("Nguyễn Văn An"))
                let foreign = try await running.ask("GET", "/v1/turns/\(turnID)", as: .facilityHead, unit: "79002")
                #expect(foreign.status == 403)
                for role in Role.allCases where role != .facilityHead {
                    let refused = try await running.ask(
                        "POST", "/v1/turns/\(turnID)/signature", as: role, unit: "79001")
                    #expect(refused.status == 403)
                }
                let list = try await running.ask("GET", "/v1/turns", as: .facilityStaff, unit: "79001")
                #expect(list.text.contains(turnID))
                let why = try await running.ask("GET", "/v1/why/79001/R1", as: .operator)
                #expect(why.text.contains("chưa đăng ký chứng thư số"))
                try bench.takeSignable([7], facility: "79002")
                let elsewhere = try await running.ask("GET", "/v1/why/79001/R7", as: .operator)
                #expect(elsewhere.text.contains("\"known\":false"))
                let unknown = try await running.ask("GET", "/v1/why/79001/none", as: .operator)
                #expect(unknown.text.contains("\"known\":false"))
            }
        }
    }

    @Test("SIG-14 signing is held back while what it writes cannot flow off")
    func heldBack() async throws {
        try await SigningBench.run { bench in
            let pressure = Pressure()
            try await SigningServer.run(bench, pressure: pressure) { running in
                try bench.takeSignable([1])
                pressure.set("events wait to be published")
                let held = try await running.ask("POST", "/v1/turns", as: .facilityHead, unit: "79001", body: "{}")
                #expect(held.status == 429)
                pressure.set(nil)
                let taken = try await running.ask("POST", "/v1/turns", as: .facilityHead, unit: "79001", body: "{}")
                #expect(taken.status == 201)
            }
        }
    }
}
