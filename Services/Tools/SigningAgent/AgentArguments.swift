import Foundation

/// What is wrong with the command line.
struct UsageError: Error, CustomStringConvertible {
    let description: String
}

/// `--name value` and `--flag` options after the command; values may also come from the environment (`SIGNING_TOKEN`).
struct AgentArguments {
    let command: String
    private let values: [String: String]
    private let flags: Set<String>
    private let environment: [String: String]

    static let flagNames: Set<String> = ["all", "json", "help"]
    static let valueNames: Set<String> = [
        "service", "token", "token-file", "unit", "key", "certificate", "pin-file", "from", "to", "persons",
        "directory",
        "issuer", "parallel", "units",
    ]

    init(_ arguments: [String], environment: [String: String]) throws {
        guard let command = arguments.first, !command.hasPrefix("-") else {
            throw UsageError(description: "a command is missing")
        }
        self.command = command
        self.environment = environment
        var values: [String: String] = [:]
        var flags: Set<String> = []
        var rest = arguments.dropFirst()
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else { throw UsageError(description: "\(argument) is not an option") }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1).map(String.init)
            let name = parts.first ?? ""
            if Self.flagNames.contains(name), parts.count == 1 {
                flags.insert(name)
            } else if Self.valueNames.contains(name) {
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                    throw UsageError(description: "--\(name) needs a value")
                }
                values[name] = value
            } else {
                throw UsageError(description: "--\(name) is not known")
            }
        }
        self.values = values
        self.flags = flags
    }

    func has(_ flag: String) -> Bool { flags.contains(flag) }

    /// A value of the environment.
    func setting(_ name: String) -> String? { environment[name] }

    func optional(_ name: String) -> String? {
        values[name] ?? environment["SIGNING_" + name.uppercased().replacing("-", with: "_")]
    }

    func required(_ name: String) throws -> String {
        guard let value = optional(name), !value.isEmpty else { throw UsageError(description: "--\(name) is missing") }
        return value
    }

    func integer(_ name: String, default fallback: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = optional(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw UsageError(description: "--\(name) must be from \(range.lowerBound) to \(range.upperBound)")
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
            throw UsageError(description: "the file \(path) cannot be read")
        }
        return String(String(decoding: data, as: UTF8.self).prefix { !$0.isNewline })
    }
}
