import Dispatch
import Foundation
import Messaging

/// Signals and commands. Everything runs on the main queue.
final class BrokerControl {
    private let broker: EmbeddedBroker
    private let end: () -> Void
    private var sources: [any DispatchSourceProtocol] = []
    private var pending: [UInt8] = []
    private var lastCommand = ""

    init(_ broker: EmbeddedBroker, end: @escaping () -> Void) {
        self.broker = broker
        self.end = end
    }

    /// Serves until a signal or `quit` ends the process.
    func serve(controlFile: String?, until signals: EndSignals) -> Never {
        signals.onArrival(end)
        // A terminal that hangs up or a closed pipe is no reason to end.
        signal(SIGHUP, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        readStandardInput()
        if let controlFile { watch(controlFile) }
        dispatchMain()
    }

    private func readStandardInput() {
        let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: .main)
        source.setEventHandler { [self] in
            var room = [UInt8](repeating: 0, count: 4_096)
            let count = read(STDIN_FILENO, &room, room.count)
            guard count > 0 else { return source.cancel() }
            pending += room.prefix(count)
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                obey(String(decoding: pending[..<end], as: UTF8.self))
                pending.removeSubrange(...end)
            }
        }
        source.resume()
        sources.append(source)
    }

    /// The file's whole content is the state that is wanted; looked at ten times a second.
    private func watch(_ file: String) {
        let source = DispatchSource.makeTimerSource(queue: .main)
        source.schedule(deadline: .now(), repeating: .milliseconds(100))
        source.setEventHandler { [self] in
            guard let text = try? String(contentsOfFile: file, encoding: .utf8), text != lastCommand else { return }
            lastCommand = text
            obey(text)
        }
        source.resume()
        sources.append(source)
    }

    private func obey(_ command: String) {
        switch command.trimmingCharacters(in: .whitespacesAndNewlines) {
        case "down":
            broker.goDown()
            answer("down")
        case "up":
            broker.comeUp()
            answer("up")
        case "quit": end()
        case "": break
        default: answer("unknown command: say down, up or quit")
        }
    }

    private func answer(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }
}

/// Catches SIGTERM and SIGINT from its making on, so that one that comes while the broker starts is not lost: it waits for
/// the main queue, which runs only when everything is there.
final class EndSignals {
    private var sources: [any DispatchSourceSignal] = []
    private var action: () -> Void = { exit(0) }

    init() {
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .main)
            source.setEventHandler { [self] in action() }
            source.resume()
            sources.append(source)
        }
    }

    /// Runs the action on the main queue when a signal comes or has come.
    func onArrival(_ action: @escaping () -> Void) { self.action = action }
}
