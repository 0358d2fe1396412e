// signing-agent: runs next to the key of a facility's head and signs prepared turns. A key file stands for the token
// (USB Token) now; `DocumentSigner` is where tokens will come in.
//
// What is signed is what is shown: the agent fetches the readable doses of a turn, computes every digest of the manifest
// again from them, and refuses to sign where one differs (`TurnContentCheck`). The private key never leaves it.
//
// How it fails: with one line in Vietnamese and English on standard error and an exit code of sysexits: 64 the command
// line, 69 the service cannot be reached, 77 the PIN or the key, 1 the service or the check has refused. What was signed
// before stays signed; running it again goes on where it stopped.
//
// Who may touch it: the head of the facility. `sign-all` with an issuer and `demo-authority` are for development only.
import Foundation
import Glibc
import Observability
import RecordModel

@main
struct SigningAgent {
    static func main() async {
        let environment = ProcessInfo.processInfo.environment
        if CommandLine.arguments.contains("--help") || CommandLine.arguments.contains("-h") {
            write(usage + "\n", to: 1)
            return
        }
        do {
            let arguments = try AgentArguments(Array(CommandLine.arguments.dropFirst()), environment: environment)
            try await run(arguments)
        } catch {
            print(error: error)
            exit(status(of: error))
        }
    }

    static let usage = """
        signing-agent sign --service URL --unit U --key F --certificate F (--token T | --token-file F)
                           [--pin-file F] [--from DATE] [--to DATE] [--persons N] [--all] [--json]
        signing-agent sign-all --service URL --directory DIR [--issuer DIR | --token T] [--units A,B] [--parallel N]
                           [--from DATE] [--to DATE] [--persons N] [--json]
        signing-agent demo-authority --directory DIR --units (FILE.csv | A,B) [--service URL (--issuer DIR | --token T)]
        Options may also come from the environment: SIGNING_TOKEN, SIGNING_SERVICE …; the PIN from SIGNING_PIN.
        """

    private static func run(_ arguments: AgentArguments) async throws {
        let commands = AgentCommands(clock: SystemClock()) { line in write(line + "\n", to: 1) }
        switch arguments.command {
        case "sign": finish(try await commands.sign(arguments), json: arguments.has("json"))
        case "sign-all": finish(try await commands.signAll(arguments), json: arguments.has("json"))
        case "demo-authority":
            guard arguments.isDevelopment else {
                throw UsageError(description: "demo-authority works in development mode only (DEVELOPMENT_MODE=true)")
            }
            let (units, made) = try await commands.demoAuthority(arguments)
            write("TEST: \(units) đơn vị/units, \(made) khóa mới/new keys\n", to: 1)
        case "help": write(usage + "\n", to: 1)
        default: throw UsageError(description: "\(arguments.command) is not a command")
        }
    }

    private static func finish(_ summary: RunSummary, json: Bool) {
        write(
            "Lượt ký/turns: \(summary.turns), đối tượng/persons: \(summary.persons), mũi/doses: \(summary.doses)\n",
            to: 1)
        defer { if summary.refused > 0 { exit(1) } }
        guard json else { return }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("turns", summary.turns)
            writer.member("persons", summary.persons)
            writer.member("doses", summary.doses)
            writer.member("repeated", summary.repeated)
            writer.member("refused", summary.refused)
        }
        write(String(decoding: writer.bytes, as: UTF8.self) + "\n", to: 1)
    }

    private static func print(error: any Error) {
        write("signing-agent: \(error)\n", to: 2)
        if error is UsageError { write(usage + "\n", to: 2) }
    }

    static func status(of error: any Error) -> Int32 {
        switch error {
        case is UsageError: 64
        case is ServiceUnreachable: 69
        case is KeyProblem: 77
        default: 1
        }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
            guard count > 0 else { return }
            written += count
        }
    }
}

extension AgentArguments {
    /// Whether demo keys and the development issuer are allowed.
    var isDevelopment: Bool { setting("DEVELOPMENT_MODE") == "true" }
}
