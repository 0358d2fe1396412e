/// `operator load units|register F`: reference data, streamed over HTTP.
import Foundation
import Tabular
import ToolArguments
import Web

enum Load {
    static let command = Operator.Command(
        name: "load",
        usage: """
              load units F                       danh sách đơn vị / the list of units
              load register F [--no-activate] [--allow-shrink]
                                                 ảnh chụp dân cư, kích hoạt / the register snapshot, then activates it
            """,
        flags: ["--no-activate", "--allow-shrink"]
    ) { arguments, stack in
        guard arguments.positional.count == 2 else { throw Arguments.Problem.missing("units F | register F") }
        let file = arguments.positional[1]
        switch arguments.positional[0] {
        case "units":
            let answer = try stack.client(of: "intake", as: .mohIT, unit: "CNTT")
                .upload("PUT", "/v1/units", file: file, type: try mediaType(file))
            try Output.line("đơn vị / units: \(brief(answer.object))")
        case "register": try register(file, arguments.flags, stack)
        default: throw Arguments.Problem.unexpected(arguments.positional[0])
        }
        return 0
    }

    private static func register(_ file: String, _ flags: Set<String>, _ stack: Stack) throws {
        let client = try stack.client(of: "identity-matching")
        let answer = try client.upload("POST", "/v1/register", file: file, type: try mediaType(file))
        try Output.line("dân cư / register: \(brief(answer.object))")
        guard !flags.contains("--no-activate"), let generation = (answer.object["generation"] as? NSNumber)?.int64Value
        else { return }
        // A register that lost many persons is taken for a mistake, unless somebody says that it is none.
        let shrink = flags.contains("--allow-shrink") ? "?allow_shrink=true" : ""
        let active = try client.ask("POST", "/v1/register/\(generation)/activate" + shrink)
        try Output.line("kích hoạt / activated: \(brief(active.object))")
    }

    /// By what the file begins with: a CSV with a header line, or one JSON object a line.
    static func mediaType(_ file: String) throws -> String {
        guard let handle = FileHandle(forReadingAtPath: file) else { throw InputUnreadable(path: file) }
        defer { try? handle.close() }
        let start = (try? handle.read(upToCount: 4096)) ?? Data()
        switch TabularFormat.detected(in: [UInt8](start)) {
        case .ndjson: return "application/x-ndjson"
        case .jsonArray: return "application/json"
        case .csv, nil: return "text/csv"
        }
    }

    /// The figures of an answer on one line.
    static func brief(_ object: [String: Any]) -> String {
        object.filter { !($0.value is [Any]) && !($0.value is [String: Any]) }
            .sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}
