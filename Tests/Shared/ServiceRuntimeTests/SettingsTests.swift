import Messaging
import RecordModel
import Testing

@testable import ServiceRuntime

@Suite("Settings")
struct SettingsTests {
    @Test("a tool reaches the brokers with the services' KAFKA_PROPERTIES")
    func toolKafka() throws {
        let secured = try ToolKafka.configuration(
            bootstrap: "b:1", clientID: "tool",
            environment: ["KAFKA_PROPERTIES": "security.protocol=ssl; ssl.ca.location=/ca.pem"])
        #expect(secured.bootstrapServers == "b:1")
        #expect(secured.extra == ["security.protocol": "ssl", "ssl.ca.location": "/ca.pem"])
        #expect(try ToolKafka.configuration(bootstrap: "b:1", clientID: "tool", environment: [:]).extra.isEmpty)
        #expect(throws: ConfigurationRefused.self) {
            try ToolKafka.configuration(bootstrap: "b:1", clientID: "tool", environment: ["KAFKA_PROPERTIES": "odd"])
        }
    }

    private static let port = Setting.integer("PORT", default: 1, in: 1...9, help: "A port.")
    private static let secret = Setting.text("API_KEY", required: true, secret: true, help: "A key.")
    private static let flag = Setting.flag("FAST_MODE", default: false, help: "Faster.")
    private static let day = Setting.date("FIRST_DAY", default: "2021-03-08", help: "A day.")
    private static let name = Setting.text("NAME", help: "A name.")

    private func resolve(
        _ arguments: [String] = [], _ environment: [String: String] = [:], files: [String: String] = [:]
    ) throws(ConfigurationRefused) -> Configuration {
        try SettingsResolver(
            [Self.port, Self.secret, Self.flag, Self.day, Self.name], environment: environment,
            secretsDirectory: "/secrets", readFile: { files[$0] }
        ).resolve(arguments: arguments)
    }

    @Test("arguments win over the environment, it over named files, they over secret files, they over defaults")
    func precedence() throws {
        var files = ["/named": "4"]
        var environment = ["API_KEY": "k"]
        #expect(try resolve([], environment, files: files)[Self.port] == 1)
        files["/secrets/port"] = "3"
        #expect(try resolve([], environment, files: files)[Self.port] == 3)
        environment["PORT_FILE"] = "/named"
        #expect(try resolve([], environment, files: files)[Self.port] == 4)
        environment["PORT"] = "5"
        #expect(try resolve([], environment, files: files)[Self.port] == 5)
        let last = try resolve(["--port", "6"], environment, files: files)
        #expect(last[Self.port] == 6)
        #expect(last.source(of: "PORT") == .argument)
        environment["PORT"] = ""
        #expect(try resolve([], environment, files: files)[Self.port] == 4)
    }

    @Test("arguments take their value with a space or an equals sign; a flag stands alone")
    func arguments() throws {
        let configuration = try resolve(["--port=7", "--api-key", "a=b", "--fast-mode", "--name", ""])
        #expect(configuration[Self.port] == 7)
        #expect(configuration[Self.secret] == "a=b")
        #expect(configuration[Self.flag])
        #expect(configuration.optional(Self.name) == nil)
        #expect(configuration[Self.name] == "")
        #expect(configuration[Self.day] == CalendarDate(year: 2021, month: 3, day: 8))
        #expect(try !resolve(["--api-key=x", "--fast-mode=false"])[Self.flag])
    }

    @Test("every problem is named at once, with the setting and the rule")
    func problems() throws {
        let refused = #expect(throws: ConfigurationRefused.self) {
            try resolve(
                ["--nonsense", "x", "--first-day", "8/3/2021", "--fast-mode=maybe"],
                ["PORT": "10", "NAME_FILE": "/missing"])
        }
        let names = Set(refused?.problems.map(\.setting) ?? [])
        #expect(names == ["--nonsense", "FIRST_DAY", "FAST_MODE", "PORT", "NAME", "API_KEY"])
        let text = refused?.description ?? ""
        #expect(text.contains("PORT: must be a whole number from 1 to 9 (from environment)"))
        #expect(text.contains("API_KEY: is missing: A key. Set --api-key, API_KEY, API_KEY_FILE or /secrets/api_key"))
        #expect(text.contains("/missing"))
    }

    @Test("a secret is hidden in the printed configuration and in problems")
    func redaction() throws {
        let configuration = try resolve(["--name", "x"], ["API_KEY": "s3cr3t"])
        let text = configuration.redacted()
        #expect(!text.contains("s3cr3t"))
        #expect(text.contains("API_KEY=(set, hidden)  # environment\n"))
        #expect(text.contains("NAME=x  # argument\n"))
        #expect(text.contains("PORT=1  # default\n"))
        let key = Setting<[UInt8]>.key("HASH_KEY", help: "A key.")
        let refused = #expect(throws: ConfigurationRefused.self) {
            try SettingsResolver([key], environment: ["HASH_KEY": "s3cr3t"], readFile: { _ in nil }).resolve(
                arguments: [])
        }
        #expect(refused?.description.contains("s3cr3t") == false)
        let good = try SettingsResolver(
            [key], environment: ["HASH_KEY": String(repeating: "0f", count: 32)], readFile: { _ in nil }
        ).resolve(arguments: [])
        #expect(good[key] == [UInt8](repeating: 15, count: 32))
    }
}
