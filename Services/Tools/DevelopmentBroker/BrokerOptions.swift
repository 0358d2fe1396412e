/// The command line.
struct BrokerOptions {
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    var bootstrapFile: String?
    var controlFile: String?

    static let usage = """
        usage: development-broker [--bootstrap-file FILE] [--control-file FILE]
          --bootstrap-file FILE   write host:port there once the broker answers; removed at the end
          --control-file FILE     take commands from there: down, up, quit (standard input takes them too)
        """

    /// Nil when help is asked for.
    init?(_ arguments: some Sequence<String>) throws {
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch parts[0] {
            case "--help", "-h": return nil
            case "--bootstrap-file", "--control-file":
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
                    throw Problem(description: "\(parts[0]) needs a file name")
                }
                if parts[0] == "--bootstrap-file" { bootstrapFile = value } else { controlFile = value }
            default: throw Problem(description: "unknown argument \(argument)")
            }
        }
    }
}
