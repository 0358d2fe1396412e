/// `operator close-day`: the end-of-day run that issues passports (Cục Y tế dự phòng).
import Foundation
import Web

enum CloseDay {
    static let command = Operator.Command(
        name: "close-day",
        usage: "  close-day                          khóa ngày, cấp hộ chiếu / the end-of-day run: issues passports"
    ) { _, stack in
        let client = try stack.client(of: "passport-issuance", as: .preventiveMedicine, unit: "CYTDP")
        while true {
            let opened = try client.ask("POST", "/v1/day-runs", body: Data("{}".utf8))
            var run = opened.object
            guard let id = run["id"].map({ "\($0)" }) else { throw Unreadable() }
            while isRunning(run) {
                Thread.sleep(forTimeInterval: 0.1)
                run = try client.ask("GET", "/v1/day-runs/\(segment(id))").object
            }
            try Output.line("khóa ngày / day run: \(Load.brief(run))")
            if state(run) == "failed" { return 1 }
            // A run that somebody had opened before may have passed persons who were signed since: one more.
            if opened.status != 200 { return 0 }
        }
    }

    struct Unreadable: Error, CustomStringConvertible {
        var description: String { "câu trả lời không nêu lượt chạy / the answer names no run" }
    }

    static func state(_ run: [String: Any]) -> String { run["state"] as? String ?? "" }
    static func isRunning(_ run: [String: Any]) -> Bool {
        state(run) == "running"
    }
}
