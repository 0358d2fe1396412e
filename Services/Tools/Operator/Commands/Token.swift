/// `operator token`: a bearer token of the development issuer, for trying the HTTP interface out.
import Foundation
import RecordModel
import ToolArguments
import Web

enum Token {
    static let command = Operator.Command(
        name: "token",
        usage: """
              token --role R --unit U [--subject S] [--ttl SECONDS|15m|8h]
                                                 thẻ thử nghiệm / a token; development mode only
            """,
        options: ["--role", "--unit", "--subject", "--ttl"]
    ) { arguments, _ in
        let environment = ProcessInfo.processInfo.environment
        let name = try arguments.required("--role")
        guard let role = Role(rawValue: name) else {
            throw Arguments.Problem.unexpected(
                "--role \(name); có / there are: " + Role.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let lifetime = try lifetime(arguments.values["--ttl"] ?? "1h")
        let issuer = try DevelopmentIssuer(
            directory: environment["DEVELOPMENT_ISSUER_DIR"] ?? ".local/keys",
            developmentMode: environment["DEVELOPMENT_MODE"] == "true",
            issuer: environment["TOKEN_ISSUER"] ?? "tiemchung", audience: environment["TOKEN_AUDIENCE"] ?? "tiemchung")
        try Output.line(
            try issuer.issue(
                role: role, unit: arguments.values["--unit"] ?? "",
                subject: arguments.values["--subject"] ?? "development", lifetime: lifetime,
                now: Instant.now().microseconds / 1_000_000))
        return 0
    }

    /// Seconds, or a number with `s`, `m`, `h` or `d`.
    static func lifetime(_ text: String) throws(Arguments.Problem) -> Int64 {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let factor = text.last.flatMap { units[$0] }
        guard let number = Int64(factor == nil ? text : String(text.dropLast())), number > 0, number <= 31_536_000
        else {
            throw .notANumber(option: "--ttl", value: text)
        }
        return number * (factor ?? 1)
    }
}
