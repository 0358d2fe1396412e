/// `operator summary`: what a replay came to, as the table of the demonstration or as the JSON of formats.md.
import Foundation
import Observability
import ToolArguments

enum Summary {
    static let command = Operator.Command(
        name: "summary",
        usage: """
              summary [--json]                   tóm tắt số liệu / the figures
                      [--before F | --since F [--replay F] [--seconds S] [--phase NAME=S,…]]
            """,
        options: ["--before", "--since", "--replay", "--seconds", "--phase"], flags: ["--json"]
    ) { arguments, stack in
        let figures = Figures(try ready(stack))
        if let path = arguments.values["--before"] {
            var json = JSONWriter()
            json.object { json in figures.write(to: &json) }
            try Data(json.bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
            return 0
        }
        var report = Report(now: figures)
        if let path = arguments.values["--since"] { report.before = Figures(try object(path)) }
        if let path = arguments.values["--replay"] { report.take(replay: try object(path)) }
        if let text = arguments.values["--seconds"] { report.seconds = Double(text) ?? 0 }
        report.phases = (arguments.values["--phase"] ?? "").split(separator: ",").compactMap { part in
            let pair = part.split(separator: "=").map(String.init)
            return pair.count == 2 ? Double(pair[1]).map { (pair[0], $0) } : nil
        }
        try Output.line(arguments.flags.contains("--json") ? report.json : report.table)
        return 0
    }

    /// The state of all services; patient with one that is just being started again.
    private static func ready(_ stack: Stack) throws -> [Status.State] {
        let deadline = ContinuousClock.now + .seconds(stack.patience)
        while true {
            let states = try Status.read(stack)
            guard let missing = states.first(where: { !$0.ready && $0.counts.isEmpty }) else { return states }
            guard ContinuousClock.now < deadline else {
                throw ServiceUnreachable(
                    service: missing.instance, address: "", reason: missing.reasons.joined(separator: "; "))
            }
            Thread.sleep(forTimeInterval: 0.3)
        }
    }

    private static func object(_ path: String) throws -> [String: Any] {
        guard let data = FileManager.default.contents(atPath: path),
            let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { throw InputUnreadable(path: path) }
        return object
    }

    /// The figures of all services together, by the names of formats.md.
    struct Figures: Equatable {
        static let outcomes = ["right", "wrong", "cannot-verify", "exempt", "not-yet-verified"]

        var entered: Int64 = 0
        var accepted: Int64 = 0
        var rejected: Int64 = 0
        var duplicates: Int64 = 0
        var verdicts: [String: Int64] = [:]
        var tasksOpen: Int64 = 0
        var signed: Int64 = 0
        var passports: Int64 = 0
        /// Nil where a service could not tell.
        var inFlight: Int64?

        init(_ states: [Status.State]) {
            func count(_ service: String, _ name: String) -> Int64 {
                states.first { $0.service == service && !$0.counts.isEmpty }?.count(name) ?? 0
            }
            entered = count("intake", "entered")
            accepted = count("intake", "accepted")
            rejected = count("intake", "rejected")
            duplicates = count("intake", "duplicates")
            for outcome in Self.outcomes { verdicts[outcome] = count("identity-matching", outcome) }
            tasksOpen = count("correction-tasks", "tasks_open")
            signed = count("signing", "signed")
            passports = count("passport-issuance", "passports")
            inFlight = Status.inFlight(states)
        }

        /// Reads what `write` wrote.
        init(_ object: [String: Any]) {
            func number(_ name: String) -> Int64 { (object[name] as? NSNumber)?.int64Value ?? 0 }
            entered = number("entered")
            accepted = number("accepted")
            rejected = number("rejected")
            duplicates = number("duplicates")
            verdicts = (object["verdicts"] as? [String: Any] ?? [:]).compactMapValues { ($0 as? NSNumber)?.int64Value }
            tasksOpen = number("tasks_open")
            signed = number("signed")
            passports = number("passports")
            inFlight = (object["in_flight"] as? NSNumber)?.int64Value
        }

        func write(to json: inout JSONWriter) {
            json.member("entered", entered)
            json.member("accepted", accepted)
            json.member("rejected", rejected)
            json.member("duplicates", duplicates)
            json.object("verdicts") { json in
                for outcome in Self.outcomes { json.member(outcome, verdicts[outcome] ?? 0) }
            }
            json.member("tasks_open", tasksOpen)
            json.member("signed", signed)
            json.member("passports", passports)
            if let inFlight { json.member("in_flight", inFlight) } else { json.member("in_flight", String?.none) }
        }
    }

    /// What a replay came to: its own rows, and the state after it.
    struct Report {
        var now: Figures
        var before: Figures?
        /// Rows of the file, those that could not be read included.
        var rows: Int64?
        var unreadable: Int64 = 0
        var inFlight: Int64?
        var seconds = 0.0
        /// Seconds that sending and coming to rest took.
        var replaySeconds = 0.0
        var phases: [(String, Double)] = []

        init(now: Figures) { self.now = now }

        mutating func take(replay: [String: Any]) {
            func number(_ name: String) -> Int64 { (replay[name] as? NSNumber)?.int64Value ?? 0 }
            unreadable = number("unreadable")
            rows = number("rows") + unreadable
            inFlight = number("in_flight")
            replaySeconds = (replay["seconds"] as? NSNumber)?.doubleValue ?? 0
        }

        var accepted: Int64 { now.accepted - (before?.accepted ?? 0) }
        var rejected: Int64 { now.rejected - (before?.rejected ?? 0) + unreadable }
        var duplicates: Int64 { now.duplicates - (before?.duplicates ?? 0) }
        var doses: Int64 { rows ?? accepted + rejected + duplicates }
        /// Rows a second from the first row sent until the last passport.
        var rate: Double { seconds > 0 ? Double(doses) / seconds : 0 }

        var json: String {
            var json = JSONWriter()
            json.object { json in
                json.member("doses", doses)
                json.member("accepted", accepted)
                json.member("rejected", rejected)
                json.member("duplicates", duplicates)
                json.object("verdicts") { json in
                    for outcome in Figures.outcomes { json.member(outcome, now.verdicts[outcome] ?? 0) }
                }
                json.member("tasks_open", now.tasksOpen)
                json.member("signed", now.signed)
                json.member("passports", now.passports)
                json.member("seconds", (seconds * 1000).rounded() / 1000)
                json.member("doses_per_second", (rate * 10).rounded() / 10)
                let known = [inFlight, now.inFlight].compactMap { $0 }.max()
                if let known { json.member("in_flight", known) } else { json.member("in_flight", String?.none) }
                json.member("entered", now.entered)
                if !phases.isEmpty {
                    json.object("phases") { json in for (name, value) in phases { json.member(name, value) } }
                }
            }
            return String(decoding: json.bytes, as: UTF8.self)
        }

        var table: String {
            var rows: [(String, String)] = []
            if before != nil {
                rows.append(("Dòng đã gửi / rows sent", String(doses)))
                rows.append(
                    (
                        "  nhận / từ chối / trùng (accepted / rejected / duplicate)",
                        "\(accepted) / \(rejected) / \(duplicates)"
                    ))
            }
            rows += [
                ("Mũi tiêm đã nhập / entered", String(now.entered)),
                ("  đúng / right", String(now.verdicts["right"] ?? 0)),
                ("  sai / wrong", String(now.verdicts["wrong"] ?? 0)),
                ("  không thể xác minh / cannot verify", String(now.verdicts["cannot-verify"] ?? 0)),
                ("  không phải xác minh (người nước ngoài) / exempt", String(now.verdicts["exempt"] ?? 0)),
                ("  chưa xác minh / not yet verified", String(now.verdicts["not-yet-verified"] ?? 0)),
                ("Việc cần sửa / tasks open", String(now.tasksOpen)),
                ("Mũi tiêm đã ký / signed", String(now.signed)),
                ("Hộ chiếu vắc xin / passports", String(now.passports)),
            ]
            if seconds > 0 {
                rows.append(("Thời gian / seconds", String((seconds * 10).rounded() / 10)))
                rows.append(("Tốc độ / doses per second", String(Int(rate))))
            }
            for (name, value) in phases { rows.append(("  \(name)", "\((value * 10).rounded() / 10) s")) }
            let width = (rows.map { $0.0.count }.max() ?? 0) + 2
            return rows.map { name, value in
                name + String(repeating: " ", count: width - name.count)
                    + String(repeating: " ", count: max(0, 12 - value.count)) + value
            }.joined(separator: "\n")
        }
    }
}
