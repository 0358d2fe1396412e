/// `dose-replay replay`: sends a stream and comes back when Intake has all of it and nothing is in flight.
import Foundation
import Observability
import RecordModel
import Tabular
import ToolArguments

struct ReplayCommand {
    var file = ""
    let broker: BrokerAddress
    var rate: Int?
    var resume: String?
    var embedded = false
    var quiet = false
    var summary: String?
    /// Seconds that coming to rest may take.
    var timeout = 1800
    var services: ServiceAddresses
    /// Rows of one publication.
    static let batchRows = 500
    /// Bytes of rows that wait for Intake's confirmation at most.
    static let windowBytes = 48 << 20

    init(_ rest: some Sequence<String>) throws {
        let arguments = try Arguments(
            rest,
            options: BrokerAddress.options.union([
                "--rate", "--resume", "--summary", "--timeout", "--services", "--token-file",
            ]),
            flags: ["--embedded", "--quiet", "--help"])
        guard let first = arguments.positional.first else { throw Arguments.Problem.missing("FILE") }
        if arguments.positional.count > 1 { throw Arguments.Problem.unexpected(arguments.positional[1]) }
        let environment = ProcessInfo.processInfo.environment
        file = first
        broker = try BrokerAddress(arguments, environment: environment)
        rate = try arguments.count("--rate")
        resume = arguments.values["--resume"]
        summary = arguments.values["--summary"]
        timeout = try arguments.count("--timeout") ?? timeout
        embedded = arguments.flags.contains("--embedded")
        quiet = arguments.flags.contains("--quiet")
        services = try ServiceAddresses(
            text: arguments.values["--services"] ?? environment["TIEMCHUNG_SERVICES"] ?? "",
            tokenFile: arguments.values["--token-file"] ?? environment["TIEMCHUNG_TOKEN_FILE"], environment: environment
        )
    }

    func run() throws -> Int32 {
        var state: ResumeState?
        if let resume { state = try ResumeState.load(resume, for: file) }
        let log = Log(service: "dose-replay")
        let sender = try Sender(
            broker: broker, embedded: embedded, rate: rate, progress: Progress(quiet: quiet),
            confirmedThrough: state?.confirmedThrough ?? 0, log: log)
        defer { sender.close() }
        sender.saveState = { [resume, state] row in
            guard let resume, var state else { return }
            state.confirmedThrough = row
            try state.save(resume)
        }
        let outcome: Sender.Outcome
        do {
            outcome = try sender.send(file)
        } catch let error as TabularError {
            DoseReplay.complain("\(file): \(error)")
            return 66
        }
        let rest = Rest(broker: broker, services: services, log: log)
        let settled = try rest.wait(timeout: .seconds(timeout))
        try write(outcome, settled: settled)
        guard case .still = settled else {
            DoseReplay.complain("\(settled)")
            return 75
        }
        return 0
    }

    private func write(_ outcome: Sender.Outcome, settled: Rest.Outcome) throws {
        guard let summary else { return }
        var json = JSONWriter()
        json.object { json in
            json.member("rows", outcome.rows)
            json.member("unreadable", outcome.unreadable)
            json.member("seconds", outcome.seconds)
            json.member("in_flight", settled.inFlight)
        }
        json.raw(0x0A)
        try Data(json.bytes).write(to: URL(fileURLWithPath: summary), options: .atomic)
    }
}
