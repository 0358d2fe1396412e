import Dispatch
public import RecordModel
public import Storage
import Synchronization

/// An event publisher that keeps what it was given. It acknowledges at once, or holds every acknowledgement back until the
/// test lets it go, or fails.
public final class RecordingPublisher: EventPublisher {
    public enum Mode: Sendable { case acknowledge, hold, fail }
    public struct Unavailable: Error {}
    private typealias Completion = @Sendable (Result<Void, any Error>) -> Void
    private struct State {
        var mode: Mode
        var events: [OutgoingEvent] = []
        var held: [Completion] = []
        var waiting: [(count: Int, signal: DispatchSemaphore)] = []
    }
    private let state: Mutex<State>

    public init(_ mode: Mode = .acknowledge) { state = Mutex(State(mode: mode)) }

    /// Everything published so far, in order; what failed is not in it.
    public var events: [OutgoingEvent] { state.withLock { $0.events } }
    public var heldCount: Int { state.withLock { $0.held.count } }

    public func publish(_ events: [OutgoingEvent], completion: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        let (mode, signals) = state.withLock { state in
            if state.mode != .fail { state.events.append(contentsOf: events) }
            if state.mode == .hold { state.held.append(completion) }
            let count = state.events.count
            let due = state.waiting.filter { $0.count <= count }.map(\.signal)
            state.waiting.removeAll { $0.count <= count }
            return (state.mode, due)
        }
        switch mode {
        case .acknowledge: completion(.success(()))
        case .fail: completion(.failure(Unavailable()))
        case .hold: break
        }
        for signal in signals { signal.signal() }
    }

    /// Acknowledges what was held back, and behaves so from now on.
    public func set(_ mode: Mode) {
        let held = state.withLock { state in
            state.mode = mode
            defer { state.held = [] }
            return state.held
        }
        for completion in held { completion(mode == .fail ? .failure(Unavailable()) : .success(())) }
    }

    /// Blocks until so many events were published; false after ten seconds.
    public func wait(for count: Int, seconds: Int = 10) -> Bool {
        let signal: DispatchSemaphore? = state.withLock { state in
            if state.events.count >= count { return nil }
            let signal = DispatchSemaphore(value: 0)
            state.waiting.append((count, signal))
            return signal
        }
        return signal?.wait(timeout: .now() + .seconds(seconds)) ?? .success == .success
    }
}
