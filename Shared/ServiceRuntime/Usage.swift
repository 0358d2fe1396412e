/// The help page's lists.
enum Usage {
    static func list(_ entries: [(String, String)]) -> String {
        let width = entries.map(\.0.count).max() ?? 0
        return entries.map { name, text in
            "  \(name)\(String(repeating: " ", count: width - name.count))  \(text)\n"
        }.joined()
    }

    static func settings(_ settings: [any SettingDeclaration]) -> String {
        guard !settings.isEmpty else { return "" }
        var text =
            "settings (argument, else environment, else the file named by NAME_FILE or /run/secrets/name, else the default)\n"
        for setting in settings {
            text += "  \(setting.argument)  \(setting.name)\n      \(setting.help)"
            if setting.isRequired {
                text += " Required."
            } else if let standard = setting.defaultText, !standard.isEmpty {
                text += " Default: \(standard)."
            }
            if setting.isSecret { text += " Secret: better given as a file." }
            text += "\n"
        }
        return text
    }
}
