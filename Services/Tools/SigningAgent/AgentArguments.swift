import Foundation
import ToolArguments

/// What is wrong with the command line.
struct UsageError: Error, CustomStringConvertible {
    let description: String
}

/// `--name value` and `--flag` options after the command; values may also come from the environment (`SIGNING_TOKEN`).
struct AgentArguments {
    let command: String
    private let arguments: Arguments
    private let environment: [String: String]

    static let flagNames: Set<String> = ["--all", "--json", "--help"]
    static let valueNames: Set<String> = [
        "--service", "--token", "--token-file", "--unit", "--key", "--certificate", "--pin-file", "--from", "--to",
        "--persons", "--directory", "--issuer", "--parallel", "--units",
    ]

    init(_ arguments: [String], environment: [String: String]) throws {
        guard let command = arguments.first, !command.hasPrefix("-") else {
            throw UsageError(description: "thiếu lệnh / a command is missing")
        }
        self.command = command
        self.environment = environment
        do {
            self.arguments = try Arguments(arguments.dropFirst(), options: Self.valueNames, flags: Self.flagNames)
            if let extra = self.arguments.positional.first { throw Arguments.Problem.unexpected(extra) }
        } catch {
            throw UsageError(description: "\(error)")
        }
    }

    func has(_ flag: String) -> Bool { arguments.flags.contains("--" + flag) }

    /// A value of the environment.
    func setting(_ name: String) -> String? { environment[name] }

    func optional(_ name: String) -> String? {
        arguments.values["--" + name] ?? environment["SIGNING_" + name.uppercased().replacing("-", with: "_")]
    }

    func required(_ name: String) throws -> String {
        guard let value = optional(name), !value.isEmpty else {
            throw UsageError(description: "thiếu --\(name) / --\(name) is missing")
        }
        return value
    }

    func integer(_ name: String, default fallback: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = optional(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw UsageError(
                description: "--\(name) phải từ \(range.lowerBound) đến \(range.upperBound) / "
                    + "must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// The bearer token: `--token`, or the content of `--token-file`.
    func token() throws -> String {
        if let path = optional("token-file") { return try Self.line(of: path) }
        return try required("token")
    }

    /// The PIN: the first line of `--pin-file`, or `SIGNING_PIN`; never on the command line, where others could see it.
    func pin() throws -> String? {
        if let path = optional("pin-file") { return try Self.line(of: path) }
        return environment["SIGNING_PIN"]
    }

    static func line(of path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UsageError(description: "không đọc được tệp \(path) / the file \(path) cannot be read")
        }
        return String(String(decoding: data, as: UTF8.self).prefix { !$0.isNewline })
    }
}
