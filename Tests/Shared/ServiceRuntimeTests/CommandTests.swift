import Messaging
import Observability
import RecordModel
import Storage
import TestSupport
import Testing
import Web

@testable import ServiceRuntime

@Suite("The executable's commands and exit codes")
struct CommandTests {
    @Test("help, version, configuration and unknown commands")
    func words() async throws {
        let sample = try Sample()
        let help = await sample.command(["--help"])
        #expect(help.0 == .success)
        for word in ["migrate", "healthcheck", "openapi", "shout", "--database-url", "GREETING", "Required."] {
            #expect(help.1.contains(word))
        }
        #expect(await sample.command(["run", "--version"]) == (.success, "sample 1.2.3\n"))
        #expect(await sample.command(["dance"]).0 == .usage)
        let printed = await sample.command(
            ["--print-config", "--batch-size", "77"], ["DATABASE_URL": "postgresql://u:s3cr3t@h/d"])
        #expect(printed.0 == .success)
        #expect(printed.1.contains("BATCH_SIZE=77  # argument"))
        #expect(!printed.1.contains("s3cr3t"))
    }

    @Test("a start with bad configuration names every problem and ends with 78")
    func configuration() async throws {
        let sample = try Sample()
        let (code, text) = await sample.command(
            [], ["DATABASE_URL": "", "BATCH_SIZE": "0", "JWKS_FILE": "", "HTTP_LISTEN": "here"])
        #expect(code == .configuration)
        for name in ["DATABASE_URL", "BATCH_SIZE", "JWKS_FILE", "HTTP_LISTEN"] {
            #expect(text.contains("sample: configuration: \(name): "))
        }
        #expect(
            await sample.command([], ["GREETING": "rude"]) == (
                .configuration, "sample: configuration: GREETING: must be polite\n"
            ))
        let (noKeys, why) = await sample.command([], ["DEVELOPMENT_MODE": "false"])
        #expect(noKeys == .configuration)
        #expect(why.contains("cannot use the key set"))
        // What is wrong with single settings, with files, and by the service's own rules: all at once.
        let (several, all) = await sample.command(
            [],
            [
                "DEVELOPMENT_MODE": "false", "GREETING": "rude", "DATABASE_URL": "",
                "HTTP_TLS_KEY": "", "HTTP_TLS_KEY_FILE": "/nowhere/key.pem",
            ])
        #expect(several == .configuration)
        for name in ["DATABASE_URL", "HTTP_TLS_KEY", "GREETING", "JWKS_FILE"] {
            #expect(all.contains("sample: configuration: \(name): "), "\(all)")
        }
        #expect(all.split(separator: "\n").count == 4, "\(all)")
        let tls = await sample.command([], ["HTTP_TLS_CERTIFICATE": "x"])
        #expect(tls.0 == .configuration && tls.1.contains("HTTP_TLS_KEY"))
    }

    @Test("a start without what it needs names it, its remedy, and ends with 69 or 78")
    func dependencies() async throws {
        let sample = try Sample()
        let down = await sample.command([], ["DATABASE_URL": "postgresql://a:b@127.0.0.1:1/d"])
        #expect(down.0 == .unavailable)
        #expect(down.1.contains("start PostgreSQL or correct host and port in DATABASE_URL"))
        let server = try TestPostgres.shared()
        if server.directory != nil {
            let wrong = await sample.command(
                [], ["DATABASE_URL": "postgresql://postgres:wr0ng@127.0.0.1:\(server.port)/postgres"])
            #expect(wrong.0 == .configuration)
            #expect(wrong.1.contains("correct the password in DATABASE_URL"))
            #expect(!wrong.1.contains("wr0ng"))
        }
        let notMigrated = await sample.command([])
        #expect(notMigrated.0 != .success && notMigrated.1.contains("schema"))
        try await sample.migrate()
        let noBroker = await sample.command([], ["KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"])
        #expect(noBroker.0 == .unavailable)
    }

    @Test("a taken port is named and ends with 69; a port of nobody's machine with 78")
    func ports() async throws {
        let sample = try Sample()
        try await sample.migrate()
        let other = try HTTPServer(
            HTTPServerConfiguration(address: ListenAddress(host: "127.0.0.1", port: 0)), routes: [], authenticator: nil,
            log: TestPostgres.log, metrics: MetricsRegistry())
        for setting in ["HTTP_LISTEN", "OPERATIONS_LISTEN"] {
            let taken = await sample.command([], [setting: "127.0.0.1:\(other.port)"])
            #expect(taken.0 == .unavailable)
            #expect(taken.1.contains("another process has this port"))
            let foreign = await sample.command([], [setting: "192.0.2.1:80"])
            #expect(foreign.0 == .configuration)
        }
        await other.stop()
    }

    @Test("migrations apply once; a changed one is refused with number and remedy")
    func migrations() async throws {
        let sample = try Sample()
        #expect(
            await sample.command(["migrate"]).1.contains(
                "\"applied\":\(InfrastructureMigrations.all.count + ParkingMigrations.all.count + 1)"))
        #expect(await sample.command(["migrate"]).1.contains("\"applied\":0"))
        let database = Database(DatabaseConfiguration(url: sample.url, schema: sample.schema), log: TestPostgres.log)
        try database.withConnection {
            _ = try $0.execute("UPDATE schema_migration SET checksum = 'x' WHERE number = 101")
        }
        for command in [["migrate"], []] {
            let (code, text) = await sample.command(command)
            #expect(code == .configuration)
            #expect(text.contains("migration 101 note was changed"))
        }
        database.close()
    }

    @Test("an extra subcommand has its own settings and exit code")
    func extra() async throws {
        let sample = try Sample()
        #expect(await sample.command(["shout"], ["DATABASE_URL": ""]).0 == .success)
        #expect(await sample.command(["shout", "--greeting", "fail"]) == (.unavailable, "sample shout: no voice\n"))
        #expect(await sample.command(["shout", "--volume", "9"]).0 == .configuration)
        #expect(await sample.command(["shout", "--help"]).1.contains("GREETING"))
    }

    @Test("the OpenAPI document needs no configuration and holds the runtime's routes")
    func openAPI() async throws {
        let sample = try Sample()
        let (code, text) = await sample.command(
            ["openapi"], ["DATABASE_URL": "", "GREETING": "", "KAFKA_BOOTSTRAP_SERVERS": "", "JWKS_FILE": ""])
        #expect(code == .success)
        for path in [
            "/v1/greeting", "/v1/operations/status", "/v1/operations/redrive", "/v1/operations/discard",
            "/v1/operations/discarded", "/v1/operations/announce",
        ] {
            #expect(text.contains("  \(path):\n"))
        }
    }

    @Test("healthcheck of a service that does not run says so and ends with 1")
    func healthcheck() async throws {
        let sample = try Sample()
        let (code, text) = await sample.command(["healthcheck"], ["OPERATIONS_LISTEN": "127.0.0.1:1"])
        #expect(code == .failure)
        #expect(text.contains("nobody answers at 127.0.0.1:1"))
    }
}
