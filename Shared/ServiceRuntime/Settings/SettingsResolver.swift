public import Foundation

/// Finds the values of settings: arguments, then environment, then files, then defaults.
public struct SettingsResolver: Sendable {
    private let declarations: [any SettingDeclaration]
    private let environment: [String: String]
    private let secretsDirectory: String
    private let readFile: @Sendable (String) -> String?

    /// - Parameters:
    ///   - environment: the process's environment.
    ///   - secretsDirectory: files named like settings in lower case.
    ///   - readFile: gives a file's text; nil when it cannot be read.
    public init(
        _ declarations: [any SettingDeclaration],
        environment: [String: String] = ProcessInfo.processInfo.environment,
        secretsDirectory: String = "/run/secrets",
        readFile: @escaping @Sendable (String) -> String? = SettingsResolver.file
    ) {
        self.declarations = declarations
        self.environment = environment
        self.secretsDirectory = secretsDirectory
        self.readFile = readFile
    }

    /// A file's text without its last line feeds; nil when it cannot be read.
    public static let file: @Sendable (String) -> String? = { path in
        guard let data = FileManager.default.contents(atPath: path), var text = String(data: data, encoding: .utf8)
        else {
            return nil
        }
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }

    /// - Parameter arguments: what stands after the subcommand.
    /// - Throws: every problem at once.
    public func resolve(arguments: [String]) throws(ConfigurationRefused) -> Configuration {
        let (configuration, problems) = examine(arguments: arguments)
        guard problems.isEmpty else { throw ConfigurationRefused(problems) }
        return configuration
    }

    /// Reads every setting, and says what is wrong. In the configuration, defaults and placeholders stand in for what is
    /// missing or faulty: good for finding further problems only.
    func examine(arguments: [String]) -> (configuration: Configuration, problems: [SettingProblem]) {
        var problems: [SettingProblem] = []
        let given = read(arguments, &problems)
        var entries: [Configuration.Entry] = []
        for declaration in declarations {
            let known = problems.count
            let (text, source) = find(declaration, given, &problems)
            if let text, !(text.isEmpty && !declaration.isRequired) {
                if let rule = declaration.problem(with: text) {
                    problems.append(SettingProblem(declaration.name, "\(rule) (from \(source.rawValue))"))
                }
            } else if declaration.isRequired, !problems.contains(where: { $0.setting == declaration.name }) {
                problems.append(
                    SettingProblem(
                        declaration.name,
                        "is missing: \(declaration.help) Set \(declaration.argument), \(declaration.name), "
                            + "\(declaration.name)_FILE or \(secretsDirectory)/\(declaration.name.lowercased())"))
            }
            let isSound = problems.count == known && !problems.contains { $0.setting == declaration.name }
            let used = isSound ? text : declaration.defaultText ?? declaration.placeholder
            entries.append(Configuration.Entry(declaration: declaration, text: used, source: source))
        }
        return (Configuration(entries), problems)
    }

    private func find(
        _ declaration: any SettingDeclaration, _ given: [String: String], _ problems: inout [SettingProblem]
    ) -> (String?, Configuration.Source) {
        let name = declaration.name
        if let text = given[name] { return (text, .argument) }
        if let text = environment[name], !text.isEmpty { return (text, .environment) }
        if let path = environment[name + "_FILE"], !path.isEmpty {
            guard let text = readFile(path) else {
                problems.append(SettingProblem(name, "the file named by \(name)_FILE cannot be read: \(path)"))
                return (nil, .file)
            }
            return (text, .file)
        }
        if let text = readFile(secretsDirectory + "/" + name.lowercased()) { return (text, .file) }
        return (declaration.defaultText, .standard)
    }

    /// Reads `--name value` and `--name=value`; a flag may stand alone.
    private func read(_ arguments: [String], _ problems: inout [SettingProblem]) -> [String: String] {
        let byArgument = Dictionary(declarations.map { ($0.argument, $0) }) { first, _ in first }
        var given: [String: String] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let declaration = byArgument[String(parts[0])] else {
                problems.append(SettingProblem(String(parts[0]), "is not an option of this command; see --help"))
                if let next = rest.first, !next.hasPrefix("--") { rest.removeFirst() }
                continue
            }
            if parts.count == 2 {
                given[declaration.name] = String(parts[1])
            } else if declaration is Setting<Bool>, rest.first.map({ $0.hasPrefix("--") }) ?? true {
                given[declaration.name] = "true"
            } else if let value = rest.popFirst() {
                given[declaration.name] = value
            } else {
                problems.append(SettingProblem(declaration.name, "\(declaration.argument) needs a value"))
            }
        }
        return given
    }
}
