/// Hands batches from the polling thread to the working thread, one at a time.
final class BatchGate: Sendable {
    enum Phase: Sendable {
        case idle
        case offered([InboundMessage])
        case working
        /// `effective`: the transaction committed; otherwise the batch was given up and is delivered again.
        case done(effective: Bool)
        case closed
    }

    private struct State {
        var phase = Phase.idle
        var cancelled = false
    }

    private let state = Monitor(State())

    // MARK: The polling thread

    func offer(_ batch: [InboundMessage]) {
        state.update { state in
            state.phase = .offered(batch)
            state.cancelled = false
        }
    }

    /// Waits for the batch in flight.
    ///
    /// - Returns: whether it took effect, or nil when it is still being worked on.
    func result(within timeout: Duration) -> Bool? {
        state.wait(timeout) { state in
            guard case .done(let effective) = state.phase else { return nil }
            state.phase = .idle
            return effective
        }
    }

    /// Asks the worker to give up at its next pause; a transaction under way still ends by itself.
    func cancel() { state.update { $0.cancelled = true } }

    func close() {
        state.update { state in
            state.phase = .closed
            state.cancelled = true
        }
    }

    // MARK: The working thread

    /// The next batch, or nil when the gate is closed.
    func take() -> [InboundMessage]? {
        let next: [InboundMessage]?? = state.wait { state in
            switch state.phase {
            case .offered(let batch):
                state.phase = .working
                return .some(.some(batch))
            case .closed: return .some(nil)
            default: return nil
            }
        }
        return next ?? nil
    }

    func finish(effective: Bool) {
        state.update { state in
            if case .working = state.phase { state.phase = .done(effective: effective) }
        }
    }

    var isCancelled: Bool { state.update { $0.cancelled } }

    /// Pauses the worker between two attempts. Returns false when it should give up instead.
    func pause(_ duration: Duration) -> Bool {
        state.wait(duration) { $0.cancelled ? true : nil } == nil
    }
}

/// What handles a batch on the working thread.
protocol BatchSink: Sendable {
    /// - Returns: true when the batch took effect; false when it was given up because `gate` was cancelled.
    func process(_ batch: [InboundMessage], gate: BatchGate) -> Bool
}
