import Dispatch
import Synchronization

/// Tells threads that it is time to stop. Given once, never taken back.
public final class StopSignal: Sendable {
    private struct State {
        var isGiven = false
        var waiting: [Int: DispatchSemaphore] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    public init() {}

    public var isGiven: Bool { state.withLock { $0.isGiven } }

    /// Wakes everybody who waits.
    public func give() {
        let waiting = state.withLock { state -> [DispatchSemaphore] in
            state.isGiven = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for semaphore in waiting { semaphore.signal() }
    }

    /// Waits until the signal is given or the time is over. Blocks the calling thread.
    /// - Returns: whether the signal was given.
    @discardableResult
    public func wait(seconds: Double) -> Bool {
        let semaphore = DispatchSemaphore(value: 0)
        let ticket = state.withLock { state -> Int? in
            guard !state.isGiven else { return nil }
            state.next += 1
            state.waiting[state.next] = semaphore
            return state.next
        }
        guard let ticket else { return true }
        _ = semaphore.wait(timeout: .now() + seconds)
        return state.withLock { state in
            state.waiting.removeValue(forKey: ticket)
            return state.isGiven
        }
    }
}
