internal import Dispatch
internal import Synchronization

/// Runs closures that block on at most so many threads, in the order of arrival.
final class BlockingExecutor: Sendable {
    private struct State {
        var running = 0
        var pending: [@Sendable () -> Void] = []
        var first = 0
    }
    private let queue = DispatchQueue(label: "tiemchung.storage.blocking", attributes: .concurrent)
    private let state = Mutex(State())
    private let threads: Int

    init(threads: Int) { self.threads = threads }

    func run<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            submit { continuation.resume(with: Result(catching: work)) }
        }
    }

    private func submit(_ job: @escaping @Sendable () -> Void) {
        let startsThread = state.withLock { state in
            if state.running < threads {
                state.running += 1
                return true
            }
            state.pending.append(job)
            return false
        }
        guard startsThread else { return }
        queue.async {
            var next: (@Sendable () -> Void)? = job
            while let job = next {
                job()
                next = self.next()
            }
        }
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.first < state.pending.count else {
                state.running -= 1
                state.pending.removeAll(keepingCapacity: true)
                state.first = 0
                return nil
            }
            let job = state.pending[state.first]
            state.first += 1
            if state.first > 1024 {
                state.pending.removeFirst(state.first)
                state.first = 0
            }
            return job
        }
    }
}
