/// `operator parked list|show|redrive`, `operator announce`: messages that were put aside, and facts told again.
import Foundation
import Observability

enum Parked {
    static let command = Operator.Command(
        name: "parked",
        usage: """
              parked list [--service S] [--topic T] [--error-class C]
              parked show --service S --id N     một tin đang giữ lại / one parked message (never its content)
              parked redrive [--service S] [--topic T] [--error-class C] [--id N] [--dry-run] [--json]
                                                 xử lý lại / handle again, key by key, in order
            """,
        options: ["--service", "--topic", "--error-class", "--id"], flags: ["--dry-run", "--json"]
    ) { arguments, stack in
        guard let act = arguments.positional.first else { throw Arguments.Problem.missing("list | show | redrive") }
        if arguments.positional.count > 1 { throw Arguments.Problem.unexpected(arguments.positional[1]) }
        let services = try chosen(arguments)
        switch act {
        case "list": return try list(arguments, services, stack)
        case "show":
            _ = try arguments.required("--id")
            return try list(arguments, [try arguments.required("--service")], stack, whole: true)
        case "redrive": return try redrive(arguments, services, stack)
        default: throw Arguments.Problem.unexpected(act)
        }
    }

    private static func chosen(_ arguments: Arguments) throws -> [String] {
        guard let service = arguments.values["--service"] else { return Stack.names }
        guard Stack.names.contains(service) else { throw Arguments.Problem.unexpected(service) }
        return [service]
    }

    private static func query(_ arguments: Arguments, after: Int64) -> String {
        let filter = [("topic", "--topic"), ("error_class", "--error-class"), ("id", "--id")].compactMap {
            name, option in
            arguments.values[option].map { "&\(name)=\(segment($0))" }
        }
        return "?after=\(after)" + filter.joined()
    }

    private static func list(
        _ arguments: Arguments, _ services: [String], _ stack: Stack, whole: Bool = false
    ) throws -> Int32 {
        var found = 0
        for service in services {
            let client = try stack.client(of: service)
            var after: Int64? = 0
            while let from = after {
                let object = try client.ask("GET", "/v1/operations/parked" + query(arguments, after: from)).object
                for message in object["parked"] as? [[String: Any]] ?? [] {
                    found += 1
                    try Output.line(whole ? block(message) : line(service, message))
                }
                after = (object["next"] as? NSNumber)?.int64Value
            }
        }
        if found == 0 { Output.note("không có tin nào bị giữ lại / nothing is parked") }
        return whole && found == 0 ? 1 : 0
    }

    static func line(_ service: String, _ message: [String: Any]) -> String {
        func text(_ name: String) -> String { message[name].map { "\($0)" } ?? "" }
        let behind = message["behind"] as? Bool == true ? "behind" : text("error_class")
        return [
            service, text("id"), text("topic"), text("partition"), text("offset"), behind, text("first_failed_at"),
            text("reason"),
        ].joined(separator: "\t")
    }

    private static func block(_ message: [String: Any]) -> String {
        message.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
    }

    private static func redrive(_ arguments: Arguments, _ services: [String], _ stack: Stack) throws -> Int32 {
        var wish = JSONWriter()
        wish.object { json in
            if let topic = arguments.values["--topic"] { json.member("topic", topic) }
            if let kind = arguments.values["--error-class"] { json.member("error_class", kind) }
            if let id = arguments.values["--id"].flatMap(Int64.init) { json.member("id", id) }
            json.member("dry_run", arguments.flags.contains("--dry-run"))
        }
        var failed: Int64 = 0
        for service in services {
            let answer = try stack.client(of: service).ask("POST", "/v1/operations/redrive", body: Data(wish.bytes))
            func number(_ name: String) -> Int64 { (answer.object[name] as? NSNumber)?.int64Value ?? 0 }
            failed += number("failed")
            if arguments.flags.contains("--json") {
                try Output.line(String(decoding: answer.body, as: UTF8.self))
            } else {
                try Output.line(
                    "\(service): \(number("keys")) khóa/keys, \(number("messages")) tin/messages, "
                        + "\(number("handled")) xử lý/handled, \(number("freed")) giải phóng/freed, "
                        + "\(number("failed")) lỗi/failed, \(number("left")) còn/left")
            }
        }
        return failed == 0 ? 0 : 1
    }
}

enum Announce {
    static let command = Operator.Command(
        name: "announce",
        usage: """
              announce [SERVICE…] [--no-wait]    mọi dịch vụ công bố lại dữ kiện hiện tại
                                                 / services emit their current facts again
            """,
        flags: ["--no-wait"]
    ) { arguments, stack in
        for service in arguments.positional where !Stack.names.contains(service) {
            throw Arguments.Problem.unexpected(service)
        }
        let services = arguments.positional.isEmpty ? Stack.names : arguments.positional
        for service in services {
            do {
                _ = try stack.client(of: service).ask("POST", "/v1/operations/announce")
            } catch let refusal as ServiceRefusal where refusal.status == 409 {
                // One is running already: its end is waited for.
                Output.note("\(refusal)")
            }
        }
        guard !arguments.flags.contains("--no-wait") else { return 0 }
        var failed = false
        for service in services {
            let progress = try wait(try stack.client(of: service))
            let ended = progress["ended"] as? String ?? ""
            let emitted = (progress["emitted"] as? NSNumber)?.int64Value ?? 0
            try Output.line("\(service): \(emitted) dữ kiện/facts, \(ended)")
            if ended != "done" { failed = true }
        }
        return failed ? 1 : 0
    }

    /// Asks until the announcement has ended; it holds itself back, so that it may take long.
    private static func wait(_ client: ServiceClient) throws -> [String: Any] {
        while true {
            let progress = try client.ask("GET", "/v1/operations/announce").object
            if progress["running"] as? Bool != true { return progress }
            Thread.sleep(forTimeInterval: 0.2)
        }
    }
}
