// DoseReplay: makes and replays dose streams.
//
// What it is
//   generate   units.csv, register.csv, doses.csv and truth.csv from a seed, byte for byte the same everywhere
//   errors     the ways of typing somebody wrongly, with their rates
//   replay     reads a dose stream and hands it to Intake as submissions; holds every row until Intake has
//              committed past it, waits until nothing is in flight, and can go on where it was stopped
//
// How it fails
//   Wrong arguments end with 64, an unreadable or unwritable file with 66 or 73, an unreachable broker with 69, a
//   stream that did not come to rest in time with 75. A replay that was killed is repeated or resumed: what Intake
//   already has is recognised there as a duplicate.
//
// Who may touch it: whoever works on trying the pipeline out. It knows no service from inside; it uses the topics and
// the status routes as any facility's own system could.
import Glibc
import Messaging
import ServiceRuntime
import ToolArguments

@main
struct DoseReplay {
    static func main() {
        exit(run(Array(CommandLine.arguments.dropFirst())))
    }

    static let usage = """
        dose-replay: tạo và phát lại luồng mũi tiêm / generates and replays dose streams

          dose-replay generate --seed S --doses N [--persons P] [--errors RATES] [--format csv|ndjson] --out DIR
          dose-replay errors [--errors RATES]
          dose-replay replay FILE --bootstrap HOST:PORT | --bootstrap-file F [--rate ROWS_PER_SECOND]
                      [--resume STATEFILE] [--embedded] [--services NAME=URL,… [--token-file F]]
                      [--timeout SECONDS] [--summary FILE] [--quiet]
          dose-replay settle --bootstrap HOST:PORT | --bootstrap-file F [--services NAME=URL,… [--token-file F]]
                      [--timeout SECONDS]

          --errors    tỉ lệ các loại lỗi: tệp JSON, hoặc / rates of the error classes: a JSON file, or
                      \(ErrorRates.shipped.keys.sorted().joined(separator: ", ")); xem / see: dose-replay errors
          --bootstrap-file  địa chỉ broker nằm trong tệp và có thể đổi khi broker trong bộ nhớ được khởi động lại
                      / the broker's address stands in a file; a broker in memory that is started again has another
          --resume    ghi những dòng đã chắc chắn vào tệp, và đi tiếp từ đó / keeps there what is confirmed, goes on from it
          --embedded  broker phát triển: giữ dưới dung lượng của nó / the development broker: stay below what it keeps
          --services  hỏi các dịch vụ tới khi không còn gì trên đường (hoặc TIEMCHUNG_SERVICES)
                      / ask the services until nothing is in flight (or TIEMCHUNG_SERVICES)
          settle      chỉ chờ tới khi không còn gì trên đường / only waits until nothing is in flight
        """

    static func run(_ arguments: [String]) -> Int32 {
        guard let command = arguments.first, !arguments.contains("--help"), !arguments.contains("-h") else {
            print(usage)
            return arguments.isEmpty ? 64 : 0
        }
        do {
            switch command {
            case "generate": return try generate(arguments.dropFirst())
            case "errors": return try listErrors(arguments.dropFirst())
            case "replay": return try ReplayCommand(arguments.dropFirst()).run()
            case "settle": return try SettleCommand(arguments.dropFirst()).run()
            default:
                complain("không có lệnh / no such command: \(command)\n\n\(usage)")
                return 64
            }
        } catch let problem as Arguments.Problem {
            complain("\(problem)\n\n\(usage)")
            return 64
        } catch let error as KafkaError {
            complain("không kết nối được broker / the broker cannot be reached: \(error)")
            return 69
        } catch let refused as ConfigurationRefused {
            complain("\(refused)")
            return 78
        } catch let problem as ErrorRates.Problem {
            complain("\(problem)")
            return 64
        } catch let failure as FileFailure {
            complain("\(failure)")
            return 73
        } catch {
            complain("\(error)")
            return 70
        }
    }

    private static func generate(_ rest: ArraySlice<String>) throws -> Int32 {
        let arguments = try Arguments(
            rest, options: ["--seed", "--doses", "--persons", "--errors", "--format", "--out"])
        if let extra = arguments.positional.first { throw Arguments.Problem.unexpected(extra) }
        var generation = Generation()
        let seed = arguments.values["--seed"] ?? "1"
        guard let number = UInt64(seed) else { throw Arguments.Problem.notANumber(option: "--seed", value: seed) }
        generation.seed = number
        generation.doses = try arguments.count("--doses") ?? generation.doses
        generation.persons = try arguments.count("--persons")
        guard generation.personCount <= Population.largest else {
            throw Arguments.Problem.unexpected("--persons \(generation.personCount) (≤ \(Population.largest))")
        }
        if let rates = arguments.values["--errors"] { generation.errors = try ErrorRates(named: rates) }
        generation.directory = try arguments.required("--out")
        if let name = arguments.values["--format"] {
            guard let format = Generation.Format(rawValue: name) else { throw Arguments.Problem.unexpected(name) }
            generation.format = format
        }
        do {
            let summary = try generation.run()
            print(
                "đơn vị/units \(summary.units), dân cư/register \(summary.persons), dòng/rows \(summary.rows):",
                summary.outcomes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
            return 0
        } catch let problem as Generation.Problem {
            complain("\(problem)")
            return 64
        }
    }

    /// Each class with what the official check says of it, and its rate of 10,000.
    private static func listErrors(_ rest: ArraySlice<String>) throws -> Int32 {
        let arguments = try Arguments(rest, options: ["--errors"])
        if let extra = arguments.positional.first { throw Arguments.Problem.unexpected(extra) }
        let rates = try ErrorRates(named: arguments.values["--errors"] ?? "april-2022")
        for error in EntryError.classes { print(error.name, error.outcome.rawValue, rates.classes[error.name] ?? 0) }
        return 0
    }

    static func complain(_ text: String) {
        var bytes = Array("dose-replay: \(text)\n".utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
