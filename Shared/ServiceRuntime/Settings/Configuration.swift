/// The values of an executable's settings, all of which have been read and found good.
public struct Configuration: Sendable {
    /// Where a value came from.
    public enum Source: String, Sendable {
        case argument, environment, file
        case standard = "default"
    }

    struct Entry: Sendable {
        let declaration: any SettingDeclaration
        /// Nil when the setting is absent and may be.
        let text: String?
        let source: Source
    }

    let entries: [String: Entry]
    private let order: [String]

    init(_ entries: [Entry]) {
        order = entries.map(\.declaration.name)
        self.entries = Dictionary(entries.map { ($0.declaration.name, $0) }) { first, _ in first }
    }

    /// The value of a declared setting.
    /// - Precondition: the setting was declared in the executable's list, and has a value or a default.
    public subscript<Value>(_ setting: Setting<Value>) -> Value {
        guard let entry = entries[setting.name] else {
            preconditionFailure("setting \(setting.name) was not declared for this executable")
        }
        guard let text = entry.text, let value = try? setting.value(of: text) else {
            preconditionFailure("setting \(setting.name) has no value; declare it required or give it a default")
        }
        return value
    }

    /// The value of a declared setting that may be absent.
    public func optional<Value>(_ setting: Setting<Value>) -> Value? {
        guard let text = entries[setting.name]?.text, !text.isEmpty else { return nil }
        return try? setting.value(of: text)
    }

    /// Where a setting's value came from.
    public func source(of name: String) -> Source? { entries[name]?.source }

    /// The settings as `--print-config` shows them: secrets hidden, with the source of each value.
    public func redacted() -> String {
        order.compactMap { entries[$0] }.map { entry in
            let value =
                switch entry.text {
                case nil, "": "(not set)"
                case let text?: entry.declaration.isSecret ? "(set, hidden)" : text
                }
            return "\(entry.declaration.name)=\(value)  # \(entry.source.rawValue)"
        }.joined(separator: "\n") + "\n"
    }
}

/// Something wrong with the configuration: what, and what to do about it. Never holds the value of a secret.
public struct SettingProblem: Error, Sendable, Hashable, CustomStringConvertible {
    public let setting: String
    public let text: String

    public init(_ setting: String, _ text: String) {
        self.setting = setting
        self.text = text
    }

    public var description: String { "\(setting): \(text)" }
}

/// All problems of a configuration at once.
public struct ConfigurationRefused: Error, Sendable, CustomStringConvertible {
    public let problems: [SettingProblem]

    public init(_ problems: [SettingProblem]) { self.problems = problems }

    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
