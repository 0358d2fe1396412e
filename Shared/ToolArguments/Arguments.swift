/// A tool's command line taken apart: options with a value (`--name value`, `--name=value`), flags, and what stands alone.
///
/// Fails with a `Problem` that names the option, in Vietnamese and English. Pure: whoever calls prints and ends. For the
/// command-line tools; services have typed settings (`ServiceRuntime`).
public struct Arguments: Sendable {
    public private(set) var values: [String: String] = [:]
    public private(set) var flags: Set<String> = []
    public private(set) var positional: [String] = []

    /// What is wrong with a command line.
    public enum Problem: Error, Equatable, CustomStringConvertible {
        case unknown(String)
        case valueMissing(String)
        case missing(String)
        case notANumber(option: String, value: String)
        case unexpected(String)

        public var description: String {
            switch self {
            case .unknown(let name): "không có tùy chọn \(name) / unknown option \(name)"
            case .valueMissing(let name): "\(name) cần một giá trị / \(name) needs a value"
            case .missing(let name): "thiếu \(name) / \(name) is missing"
            case .notANumber(let option, let value):
                "\(option): '\(value)' không phải số nguyên dương / not a whole number above zero"
            case .unexpected(let text): "thừa '\(text)' / unexpected '\(text)'"
            }
        }
    }

    /// - Parameters:
    ///   - options: names, with their dashes, that take a value.
    ///   - known: names that stand alone.
    public init(_ arguments: some Sequence<String>, options: Set<String>, flags known: Set<String> = []) throws(Problem)
    {
        var iterator = arguments.makeIterator()
        while let argument = iterator.next() {
            guard argument.hasPrefix("--") else {
                positional.append(argument)
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count == 1, known.contains(parts[0]) {
                flags.insert(parts[0])
            } else if options.contains(parts[0]) {
                guard let value = parts.count == 2 ? parts[1] : iterator.next() else {
                    throw .valueMissing(parts[0])
                }
                values[parts[0]] = value
            } else {
                throw .unknown(parts[0])
            }
        }
    }

    /// A whole number above zero.
    public func count(_ option: String) throws(Problem) -> Int? {
        guard let text = values[option] else { return nil }
        guard let value = Int(text), value > 0 else { throw .notANumber(option: option, value: text) }
        return value
    }

    /// The value of an option that must be there and not be empty.
    public func required(_ option: String) throws(Problem) -> String {
        guard let value = values[option], !value.isEmpty else { throw .missing(option) }
        return value
    }
}
