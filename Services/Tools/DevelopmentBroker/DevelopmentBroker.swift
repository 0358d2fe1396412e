// DevelopmentBroker: the embedded broker as a process. See README.md.
//
// Fails with 64 for arguments it does not understand, 70 when the broker cannot be started, 73 when the address cannot
// be written. Whoever may open its port may do anything with it: it listens on 127.0.0.1 only.
import Foundation
import Messaging
import Observability

@main
struct DevelopmentBroker {
    static func main() {
        let options: BrokerOptions
        do {
            guard let parsed = try BrokerOptions(CommandLine.arguments.dropFirst()) else {
                print(BrokerOptions.usage)
                exit(0)
            }
            options = parsed
        } catch {
            FileHandle.standardError.write(Data("development-broker: \(error)\n\(BrokerOptions.usage)\n".utf8))
            exit(64)
        }
        let ending = EndSignals()
        let log = Log(service: "development-broker", level: .error)
        let broker: EmbeddedBroker
        do { broker = try EmbeddedBroker(log: log) } catch {
            FileHandle.standardError.write(Data("development-broker: \(error)\n".utf8))
            exit(70)
        }
        do { try announce(broker, options) } catch {
            FileHandle.standardError.write(
                Data(
                    "development-broker: the address cannot be written to \(options.bootstrapFile ?? "standard output"): \(error)\n"
                        .utf8))
            exit(73)
        }
        let control = BrokerControl(broker) {
            if let file = options.bootstrapFile { unlink(file) }
            broker.close()
            exit(0)
        }
        control.serve(controlFile: options.controlFile, until: ending)
    }

    /// One JSON line for whoever started us; the file gets the bare address, never half of it.
    private static func announce(_ broker: EmbeddedBroker, _ options: BrokerOptions) throws {
        var json = JSONWriter()
        json.object { json in
            json.member("bootstrap_servers", broker.bootstrapServers)
            json.member("storage", "memory")
            json.member("note", "everything is lost when this process ends")
            json.member("pid", getpid())
        }
        json.raw(UInt8(ascii: "\n"))
        try FileHandle.standardOutput.write(contentsOf: Data(json.bytes))
        guard let file = options.bootstrapFile else { return }
        let temporary = file + ".\(getpid())"
        try Data((broker.bootstrapServers + "\n").utf8).write(to: URL(fileURLWithPath: temporary))
        guard rename(temporary, file) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }
}
