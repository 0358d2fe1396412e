import Dispatch
import Glibc
import Synchronization

/// Waits for SIGTERM or SIGINT. A second signal ends the process at once; so does a first one before `started`, with 0:
/// a start that is broken off has taken nothing on that the next start would miss.
final class TerminationSignals: Sendable {
    private struct State {
        var hasStarted = false
        var name: String?
        var waiter: CheckedContinuation<String, Never>?
    }

    private let state = Mutex(State())
    nonisolated(unsafe) private var sources: [any DispatchSourceSignal] = []

    init() {
        let queue = DispatchQueue(label: "tiemchung.signals")
        for (number, name) in [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [weak self] in self?.received(number, name) }
            source.resume()
            sources.append(source)
        }
    }

    private func received(_ number: Int32, _ name: String) {
        let (hasStarted, isSecond, waiter) = state.withLock { state in
            defer {
                state.name = state.name ?? name
                state.waiter = nil
            }
            return (state.hasStarted, state.name != nil, state.waiter)
        }
        if !hasStarted { _exit(0) }
        if isSecond { _exit(128 + number) }
        waiter?.resume(returning: name)
    }

    /// From now on a signal is waited for instead of ending the process.
    func started() { state.withLock { $0.hasStarted = true } }

    /// The name of the first signal.
    func first() async -> String {
        await withCheckedContinuation { continuation in
            let name = state.withLock { state -> String? in
                if state.name == nil { state.waiter = continuation }
                return state.name
            }
            if let name { continuation.resume(returning: name) }
        }
    }
}
