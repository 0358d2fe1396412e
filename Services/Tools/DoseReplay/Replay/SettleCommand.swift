/// `dose-replay settle`: waits until nothing is in flight, without sending anything.
import Foundation
import Observability
import ToolArguments

struct SettleCommand {
    private let rest: Rest
    private let timeout: Int

    init(_ rest: some Sequence<String>) throws {
        let arguments = try Arguments(
            rest, options: BrokerAddress.options.union(["--timeout", "--services", "--token-file"]))
        if let extra = arguments.positional.first { throw Arguments.Problem.unexpected(extra) }
        let environment = ProcessInfo.processInfo.environment
        timeout = try arguments.count("--timeout") ?? 1800
        self.rest = Rest(
            broker: try BrokerAddress(arguments, environment: environment),
            services: try ServiceAddresses(
                text: arguments.values["--services"] ?? environment["TIEMCHUNG_SERVICES"] ?? "",
                tokenFile: arguments.values["--token-file"] ?? environment["TIEMCHUNG_TOKEN_FILE"],
                environment: environment),
            log: Log(service: "dose-replay"))
    }

    func run() throws -> Int32 {
        let outcome = try rest.wait(timeout: .seconds(timeout))
        guard case .still = outcome else {
            DoseReplay.complain("\(outcome)")
            return 75
        }
        return 0
    }
}
