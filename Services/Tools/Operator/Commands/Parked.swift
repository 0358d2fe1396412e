/// `operator parked list|show|redrive|discard|discarded`: messages that were put aside.
import Foundation
import Observability
import ToolArguments

enum Parked {
    static let command = Operator.Command(
        name: "parked",
        usage: """
              parked list [--service S] [--topic T] [--error-class C]
              parked show --service S --id N     một tin đang giữ lại / one parked message (never its content)
              parked redrive [--service S] [--topic T] [--error-class C] [--id N] [--dry-run] [--json]
                                                 xử lý lại / handle again, key by key, in order
              parked discard --service S --id N --reason TEXT [--dry-run] [--json]
                                                 bỏ hẳn một tin không xử lý được; giữ lại làm hồ sơ, các tin chờ sau nó được xử lý
                                                 / give one up that cannot be handled: it is kept as a record, and what
                                                 waits behind it is handled; the reason holds no personal data
              parked discarded [--service S]     tin đã bỏ: ai, lúc nào, vì sao / what was given up: who, when, why
            """,
        options: ["--service", "--topic", "--error-class", "--id", "--reason"], flags: ["--dry-run", "--json"]
    ) { arguments, stack in
        guard let act = arguments.positional.first else {
            throw Arguments.Problem.missing("list | show | redrive | discard | discarded")
        }
        if arguments.positional.count > 1 { throw Arguments.Problem.unexpected(arguments.positional[1]) }
        let services = try chosen(arguments)
        switch act {
        case "list": return try list(arguments, services, stack)
        case "show":
            _ = try arguments.required("--id")
            return try list(arguments, [try arguments.required("--service")], stack, whole: true)
        case "redrive": return try redrive(arguments, services, stack)
        case "discard": return try discard(arguments, stack)
        case "discarded": return try discarded(services, stack)
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

    /// Ends with 1 where something of the key is still parked.
    private static func discard(_ arguments: Arguments, _ stack: Stack) throws -> Int32 {
        let service = try arguments.required("--service")
        guard let id = Int64(try arguments.required("--id")) else { throw Arguments.Problem.unexpected("--id") }
        let reason = try arguments.required("--reason")
        let dryRun = arguments.flags.contains("--dry-run")
        var wish = JSONWriter()
        wish.object { json in
            json.member("id", id)
            json.member("reason", reason)
            json.member("dry_run", dryRun)
        }
        let client = try stack.client(of: try chosen(arguments)[0])
        let answer = try client.ask("POST", "/v1/operations/discard", body: Data(wish.bytes))
        func number(_ name: String) -> Int64 { (answer.object[name] as? NSNumber)?.int64Value ?? 0 }
        if arguments.flags.contains("--json") {
            try Output.line(String(decoding: answer.body, as: UTF8.self))
        } else {
            let given = answer.object["discarded"] as? Bool == true
            let what =
                given
                ? "đã bỏ, giữ làm hồ sơ/given up, kept as a record"
                : "xử lý được, không bỏ/could be handled, not given up"
            var line = "\(service): \(dryRun ? "(thử/dry run) " : "")\(what), \(number("handled")) xử lý/handled, "
            line += "\(number("left")) còn/left"
            if let obstacle = answer.object["obstacle"] as? String { line += " (\(obstacle))" }
            try Output.line(line)
        }
        return number("left") == 0 ? 0 : 1
    }

    private static func discarded(_ services: [String], _ stack: Stack) throws -> Int32 {
        for service in services {
            let client = try stack.client(of: service)
            var after: Int64? = 0
            while let from = after {
                let object = try client.ask("GET", "/v1/operations/discarded?after=\(from)").object
                for message in object["discarded"] as? [[String: Any]] ?? [] {
                    func text(_ name: String) -> String { message[name].map { "\($0)" } ?? "" }
                    try Output.line(
                        [
                            service, text("id"), text("topic"), text("partition"), text("offset"), text("error_class"),
                            text("discarded_at"), text("discarded_by"), text("note"),
                        ].joined(separator: "\t"))
                }
                after = (object["next"] as? NSNumber)?.int64Value
            }
        }
        return 0
    }
}
