/// `operator announce`: facts told again.
import Foundation
import ToolArguments

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
