/// `operator why`: which step blocks a dose's passport, since when, and which unit must act (PAS-06).
import Foundation
import Observability
import ToolArguments

enum Why {
    static let command = Operator.Command(
        name: "why",
        usage: """
              why --facility F --record R [--json]
                                                 vì sao chưa có hộ chiếu / which step blocks the passport, who must act
            """,
        options: ["--facility", "--record"], flags: ["--json"]
    ) { arguments, stack in
        let facility = try arguments.required("--facility")
        let record = try arguments.required("--record")
        let answers = try Stack.names.map { service in
            let path = "/v1/why/\(segment(facility))/\(segment(record))"
            return Answer(try ask(stack.client(of: service), path), service: service)
        }
        let verdict = judge(answers)
        guard verdict.known else {
            Output.note("không có bản ghi này / no such record")
            return 1
        }
        try Output.line(arguments.flags.contains("--json") ? verdict.json : verdict.text(facility, record))
        return 0
    }

    /// A service that has not heard of the record may say so with 404.
    private static func ask(_ client: ServiceClient, _ path: String) throws -> [String: Any] {
        do { return try client.ask("GET", path).object } catch let refusal as ServiceRefusal where refusal.status == 404
        {
            return ["known": false]
        }
    }

    /// What one service says.
    struct Answer {
        var known = false
        var step = "none"
        var blocked = false
        var since: String?
        var unit = ""
        var vietnamese = ""
        var english = ""
        var passport: String?

        init(_ object: [String: Any], service: String) {
            known = object["known"] as? Bool ?? false
            step = object["step"] as? String ?? "none"
            blocked = object["blocked"] as? Bool ?? false
            since = object["since"] as? String
            unit = object["unit_code"] as? String ?? ""
            let reason = object["reason"] as? [String: Any] ?? [:]
            vietnamese = reason["vi"] as? String ?? ""
            english = reason["en"] as? String ?? ""
            passport = object["passport"] as? String
        }

        var json: String {
            var json = JSONWriter()
            json.object { json in
                json.member("step", step)
                json.member("since", since)
                json.member("unit_code", unit)
                json.object("reason") { json in
                    json.member("vi", vietnamese)
                    json.member("en", english)
                }
                json.member("passport", passport)
            }
            return String(decoding: json.bytes, as: UTF8.self)
        }

        func text(_ facility: String, _ record: String) -> String {
            var lines = ["Bản ghi / record: \(facility) \(record)"]
            lines.append("Bước / step: \(step)")
            if !vietnamese.isEmpty { lines.append("Lý do / reason: \(vietnamese)\n    \(english)") }
            if let since, !since.isEmpty { lines.append("Từ / since: \(since)") }
            if !unit.isEmpty { lines.append("Đơn vị phải xử lý / unit that must act: \(unit)") }
            lines.append("Hộ chiếu / passport: \(passport ?? "chưa có / none yet")")
            return lines.joined(separator: "\n")
        }
    }

    /// The first blocking step in the order of a dose's way, with the passport that there may be all the same. Where the
    /// identity check blocks and a task is open, the task is shown: it names the unit that must act.
    static func judge(_ answers: [Answer]) -> Answer {
        let known = answers.contains { $0.known }
        let passport = answers.compactMap(\.passport).last
        var shown = answers.first { $0.known && $0.blocked } ?? answers.last { $0.known } ?? answers.last
        if let blocking = shown, blocking.blocked, blocking.step == "identity",
            let task = answers.first(where: { $0.known && $0.blocked && $0.step == "correction" })
        {
            shown = task
        }
        guard var answer = shown else { return Answer([:], service: "") }
        answer.known = known
        answer.passport = passport
        if !answer.blocked { answer.step = "none" }
        return answer
    }
}
