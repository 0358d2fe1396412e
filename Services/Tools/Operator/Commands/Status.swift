/// `operator status`, `operator lag`: how the services are, each asked over HTTP.
import Foundation
import Observability
import ToolArguments

enum Status {
    static let command = Operator.Command(
        name: "status",
        usage: "  status [--json]                    tình trạng, số đếm, độ trễ / health, counts, lag, outbox, parked",
        flags: ["--json"]
    ) { arguments, stack in
        let states = try read(stack)
        try Output.line(arguments.flags.contains("--json") ? json(states) : table(states))
        return states.allSatisfy { $0.ready } ? 0 : 1
    }

    static let lagCommand = Operator.Command(
        name: "lag",
        usage: "  lag [--json]                       tin nhắn chưa đọc, theo chủ đề / messages not yet read, by topic",
        flags: ["--json"]
    ) { arguments, stack in
        let states = try read(stack)
        for state in states {
            if !state.lagKnown { try Output.line("\(state.instance)\t?\tchưa biết/not known yet") }
            for (topic, messages) in state.lag.sorted(by: { $0.key < $1.key }) {
                try Output.line("\(state.instance)\t\(topic)\t\(messages)")
            }
        }
        if arguments.flags.contains("--json") { try Output.line(json(states)) }
        return 0
    }

    /// What one instance says of itself.
    struct State {
        var service: String
        var instance: String
        var ready: Bool
        var reasons: [String] = []
        var counts: [(String, Int64)] = []
        var lag: [String: Int64] = [:]
        /// False where it does not answer, or is not in its group yet: that is not the same as no lag.
        var lagKnown = false
        var outboxRows: Int64 = 0
        var outboxBytes: Int64 = 0
        var outboxSeconds: Double = 0
        var parked: Int64 = 0
        var totalLag: Int64 { lag.values.reduce(0, +) }

        func count(_ name: String) -> Int64 { counts.first { $0.0 == name }?.1 ?? 0 }
    }

    /// All instances; one that does not answer is listed as not ready.
    static func read(_ stack: Stack) throws -> [State] {
        try stack.addresses.map { name, url in
            let service = Stack.service(of: name)
            do {
                let object = try stack.client(at: url, service: name).ask("GET", "/v1/operations/status").object
                return state(object, service: service, instance: name)
            } catch let error as ServiceUnreachable {
                return State(service: service, instance: name, ready: false, reasons: ["\(error.reason)"])
            } catch let error as ServiceRefusal where error.status >= 500 {
                return State(service: service, instance: name, ready: false, reasons: ["\(error)"])
            }
        }
    }

    static func state(_ object: [String: Any], service: String, instance: String) -> State {
        func number(_ value: Any?) -> Int64 { (value as? NSNumber)?.int64Value ?? 0 }
        let outbox = object["outbox"] as? [String: Any] ?? [:]
        return State(
            service: service, instance: instance, ready: object["ready"] as? Bool ?? false,
            reasons: object["reasons"] as? [String] ?? [],
            counts: (object["counts"] as? [String: Any] ?? [:]).map { ($0.key, number($0.value)) }
                .sorted { $0.0 < $1.0 },
            lag: (object["lag"] as? [String: Any] ?? [:]).mapValues(number), lagKnown: object["lag"] is [String: Any],
            outboxRows: number(outbox["rows"]),
            outboxBytes: number(outbox["bytes"]),
            outboxSeconds: (outbox["oldest_seconds"] as? NSNumber)?.doubleValue ?? 0, parked: number(object["parked"]))
    }

    /// Messages unread and outbox rows; a service's instances share one outbox. Nil where an instance cannot tell.
    static func inFlight(_ states: [State]) -> Int64? {
        guard states.allSatisfy(\.lagKnown) else { return nil }
        let lag = states.reduce(0) { $0 + $1.totalLag }
        let outboxes = Dictionary(states.map { ($0.service, $0.outboxRows) }) { max($0, $1) }
        return lag + outboxes.values.reduce(0, +)
    }

    static func table(_ states: [State]) -> String {
        var lines: [String] = []
        for state in states {
            let health =
                state.ready ? "sẵn sàng/ready" : "CHƯA SẴN SÀNG/NOT READY (\(state.reasons.joined(separator: "; ")))"
            lines.append("\(state.instance): \(health)")
            let counts = state.counts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
            if !counts.isEmpty { lines.append("    \(counts)") }
            let lag = state.lagKnown ? "\(state.totalLag)" : "chưa biết/not known yet"
            lines.append("    lag \(lag), outbox \(state.outboxRows), parked \(state.parked)")
        }
        let inFlight = inFlight(states).map(String.init) ?? "chưa biết/not known yet"
        lines.append("đang trên đường / in flight: \(inFlight)")
        return lines.joined(separator: "\n")
    }

    static func json(_ states: [State]) -> String {
        var json = JSONWriter()
        json.object { json in
            json.array("services") { json in
                for state in states { json.object { json in write(state, to: &json) } }
            }
            Summary.Figures(states).write(to: &json)
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static func write(_ state: State, to json: inout JSONWriter) {
        json.member("service", state.service)
        json.member("instance", state.instance)
        json.member("ready", state.ready)
        json.array("reasons") { json in for reason in state.reasons { json.element(reason) } }
        json.object("counts") { json in for (name, count) in state.counts { json.member(name, count) } }
        if state.lagKnown { json.member("lag", state.totalLag) } else { json.member("lag", String?.none) }
        json.object("lag_by_topic") { json in
            for (topic, messages) in state.lag.sorted(by: { $0.key < $1.key }) { json.member(topic, messages) }
        }
        json.member("outbox_rows", state.outboxRows)
        json.member("outbox_bytes", state.outboxBytes)
        json.member("outbox_oldest_seconds", state.outboxSeconds)
        json.member("parked", state.parked)
    }
}
