internal import Dispatch
internal import Synchronization

/// Runs closures that block on at most so many threads, in the order of arrival.
final class BlockingExecutor: Sendable {
    private struct State {
        var running = 0
        var pending = Queue<@Sendable () -> Void>()
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
            let job = state.pending.popFirst()
            if job == nil { state.running -= 1 }
            return job
        }
    }
}
