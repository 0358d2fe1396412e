import Foundation

/// Runs blocking work on a thread of its own and waits for it without blocking the caller's.
public func onThread<R: Sendable>(
    _ name: String, _ work: @escaping @Sendable () throws -> R
) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread {
            continuation.resume(with: Result { try work() })
        }
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
    }
}
