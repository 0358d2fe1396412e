// Operator: one command line for those who run the platform. Reads and acts over the services' HTTP interfaces with a
// role, never by SQL; verifies passports offline.
//
// How it fails
//   One line in Vietnamese and English on standard error and an exit code: 1 refused (a passport, a redrive that failed),
//   64 the command line, 66 an input file, 69 a service cannot be reached, 73 an output file, 77 the token or role is not
//   enough, 78 KAFKA_PROPERTIES. An export appears under its name only when it is complete.
//
// Who may touch it: nothing here decides anything about a record; rules live in the services. A new export needs a line
// in `Export.table` and a route in its service.
import Foundation
import Glibc
import ServiceRuntime
import ToolArguments

@main
struct Operator {
    static func main() {
        exit(run(Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment))
    }

    /// A command: its name as typed, what it takes, what it does.
    struct Command: Sendable {
        let name: String
        let usage: String
        var options: Set<String> = []
        var flags: Set<String> = []
        let run: @Sendable (Arguments, Stack) throws -> Int32
    }

    static let commands: [Command] = [
        Status.command, Status.lagCommand, Parked.command, Announce.command, Export.command, Why.command,
        VerifyPassport.command, PassportQR.command, Token.command, Load.command, CloseDay.command, Summary.command,
        Topics.command, Contract.command,
    ]

    static var usage: String {
        """
        operator: dòng lệnh của người vận hành / the operator's command line

        \(commands.map(\.usage).joined(separator: "\n"))

        Mọi lệnh nhận / every command takes: --services intake=http://…,identity-matching=…  --token-file F
        Chế độ phát triển / development mode: DEVELOPMENT_MODE=true, DEVELOPMENT_ISSUER_DIR (tự cấp thẻ / own tokens)
        """
    }

    static func run(_ arguments: [String], environment: [String: String]) -> Int32 {
        guard let name = arguments.first, !["--help", "-h", "help"].contains(name) else {
            try? Output.line(usage)
            return arguments.isEmpty ? 64 : 0
        }
        guard let command = commands.first(where: { $0.name == name }) else {
            Output.note("operator: không có lệnh / no such command: \(name)\n\n\(usage)")
            return 64
        }
        do {
            let parsed = try Arguments(
                arguments.dropFirst(), options: command.options.union(["--services", "--token-file"]),
                flags: command.flags.union(["--help"]))
            if parsed.flags.contains("--help") {
                try Output.line(command.usage)
                return 0
            }
            return try command.run(parsed, try Stack(parsed, environment: environment))
        } catch {
            Output.note("operator \(name): \(error)")
            if error is Arguments.Problem { Output.note(command.usage) }
            return status(of: error)
        }
    }

    static func status(of error: any Error) -> Int32 {
        switch error {
        case is Arguments.Problem: 64
        case is InputUnreadable: 66
        case is ServiceUnreachable: 69
        case is OutputUnwritable: 73
        case is Stack.Problem: 77
        case is ConfigurationRefused: 78
        case let refusal as ServiceRefusal: [401, 403].contains(refusal.status) ? 77 : refusal.status >= 500 ? 69 : 1
        default: 1
        }
    }
}
