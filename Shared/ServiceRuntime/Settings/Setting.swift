public import RecordModel
public import Web

/// One setting of an executable, declared once: its name, type, default and help.
///
/// A value is looked for in this order: the argument (`--http-listen 127.0.0.1:8101`), the environment (`HTTP_LISTEN`), the
/// file that the environment names (`HTTP_LISTEN_FILE`), the file `/run/secrets/http_listen`, the default. Empty
/// environment values count as absent.
public struct Setting<Value: Sendable>: SettingDeclaration {
    public let name: String
    public let help: String
    public let isSecret: Bool
    public let defaultText: String?
    public let isRequired: Bool
    private let read: @Sendable (String) throws(SettingRule) -> Value

    /// - Parameters:
    ///   - name: the environment's name, upper case with underscores.
    ///   - default: the default as text; nil when there is none.
    ///   - required: whether starting without a value is refused.
    ///   - secret: whether the value is hidden wherever configuration is shown.
    ///   - help: one line.
    ///   - read: makes the value; throws the rule that the text breaks.
    public init(
        _ name: String, default defaultText: String?, required: Bool = false, secret: Bool = false, help: String,
        read: @escaping @Sendable (String) throws(SettingRule) -> Value
    ) {
        self.name = name
        self.help = help
        self.defaultText = defaultText
        isRequired = required
        isSecret = secret
        self.read = read
    }

    public func problem(with text: String) -> String? {
        do throws(SettingRule) {
            _ = try read(text)
            return nil
        } catch {
            return error.text
        }
    }

    func value(of text: String) throws(SettingRule) -> Value { try read(text) }
}

/// What all settings share, whatever their type.
public protocol SettingDeclaration: Sendable {
    var name: String { get }
    var help: String { get }
    var isSecret: Bool { get }
    var defaultText: String? { get }
    var isRequired: Bool { get }
    /// Which rule the text breaks; nil when it is fine.
    func problem(with text: String) -> String?
}

extension SettingDeclaration {
    /// The argument: `--` and the name in lower case with dashes.
    public var argument: String {
        "--" + String(name.lowercased().map { $0 == "_" ? "-" : $0 })
    }
}

/// The rule that a setting's text breaks, e.g. "must be a whole number from 1 to 65535".
public struct SettingRule: Error, Sendable {
    public let text: String

    public init(_ text: String) { self.text = text }
}

extension Setting where Value == String {
    /// Any text. Without a default the empty text stands for absent, unless the setting is required.
    public static func text(
        _ name: String, default text: String = "", required: Bool = false, secret: Bool = false, help: String
    ) -> Setting {
        Setting(name, default: required ? nil : text, required: required, secret: secret, help: help) {
            text throws(SettingRule) in text
        }
    }
}

extension Setting where Value == Int {
    public static func integer(
        _ name: String, default value: Int, in range: ClosedRange<Int>, help: String
    ) -> Setting {
        Setting(name, default: String(value), help: help) { text throws(SettingRule) in
            guard let value = Int(text), range.contains(value) else {
                throw SettingRule("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
    }
}

extension Setting where Value == Bool {
    public static func flag(_ name: String, default value: Bool, help: String) -> Setting {
        Setting(name, default: String(value), help: help) { text throws(SettingRule) in
            switch text.lowercased() {
            case "true", "yes", "on", "1": return true
            case "false", "no", "off", "0": return false
            default: throw SettingRule("must be true or false")
            }
        }
    }
}

extension Setting where Value == CalendarDate {
    /// A date, `YYYY-MM-DD`.
    public static func date(_ name: String, default text: String, help: String) -> Setting {
        Setting(name, default: text, help: help) { text throws(SettingRule) in
            guard let date = CalendarDate(iso: text) else { throw SettingRule("must be a date, YYYY-MM-DD") }
            return date
        }
    }
}

extension Setting where Value == [UInt8] {
    /// A secret key as hexadecimal digits.
    /// - Parameter minimumBytes: the shortest key that is taken.
    public static func key(_ name: String, minimumBytes: Int = 32, help: String) -> Setting {
        Setting(name, default: nil, required: true, secret: true, help: help) { text throws(SettingRule) in
            let digits = Array(text.utf8)
            guard digits.count % 2 == 0, digits.count / 2 >= minimumBytes else {
                throw SettingRule("must be at least \(minimumBytes * 2) hexadecimal digits")
            }
            var bytes: [UInt8] = []
            for index in stride(from: 0, to: digits.count, by: 2) {
                guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else {
                    throw SettingRule("must be hexadecimal digits")
                }
                bytes.append(byte)
            }
            return bytes
        }
    }
}

extension Setting where Value == ListenAddress {
    public static func address(_ name: String, default text: String, help: String) -> Setting {
        Setting(name, default: text, help: help) { text throws(SettingRule) in
            guard let address = ListenAddress(text) else {
                throw SettingRule("must be a numeric address and a port, like 127.0.0.1:8101 or [::1]:8101")
            }
            return address
        }
    }
}

extension Setting where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of an enumeration's values.
    public static func choice(_ name: String, default value: Value, help: String) -> Setting {
        Setting(name, default: value.rawValue, help: help) { text throws(SettingRule) in
            guard let value = Value(rawValue: text) else {
                throw SettingRule("must be one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return value
        }
    }
}
