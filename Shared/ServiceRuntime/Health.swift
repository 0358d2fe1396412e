import Messaging
import Storage
import Synchronization

/// What the service knows about its own health. Written by the monitor and the lifecycle, read by health pages.
final class Health: Sendable {
    struct Sample: Sendable {
        /// Why the database is not usable; nil when it is.
        var databaseTrouble: String? = "not connected yet"
        var consumer: ConsumerHealth?
        var ownReasons: [String] = []
        /// Nil until the database has been asked once.
        var outbox: OutboxDepth?
        var parked = 0
    }

    private struct State {
        var phase = Phase.starting
        var sample = Sample()
        var lastTick: ContinuousClock.Instant?
        var taskTrouble: [String: String] = [:]
    }

    enum Phase: String, Sendable { case starting, running, stopping }

    private let state = Mutex(State())
    /// Given and replaced with each change.
    private let change = Mutex(StopSignal())

    var sample: Sample { state.withLock { $0.sample } }

    func enter(_ phase: Phase) {
        state.withLock { $0.phase = phase }
        changed()
    }

    /// The monitor has turned once more.
    func tick(_ sample: Sample) {
        state.withLock { state in
            state.sample = sample
            state.lastTick = .now
        }
        changed()
    }

    private func changed() {
        change.withLock { change in
            defer { change = StopSignal() }
            return change
        }.give()
    }

    /// Waits until the condition holds, looking again after each change; false when the time is over. Blocks.
    func wait(seconds: Double, until condition: (Health) -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let next = change.withLock { $0 }
            if condition(self) { return true }
            let left = ContinuousClock.now.duration(to: deadline) / .seconds(1)
            if left <= 0 { return false }
            next.wait(seconds: left)
        }
    }

    func task(_ name: String, trouble: String?) { state.withLock { $0.taskTrouble[name] = trouble } }

    /// Why the service should not get traffic; empty when it is ready. As of the monitor's last turn.
    var notReady: [String] { notReady(consumer: sample.consumer) }

    /// The same with what the consumer says now. A consumer outside its group, or in it but not yet knowing how far it is
    /// behind, is no consumer without lag.
    func notReady(consumer: ConsumerHealth?) -> [String] {
        let state = state.withLock { $0 }
        switch state.phase {
        case .starting: return ["starting"]
        case .stopping: return ["stopping"]
        case .running: break
        }
        var reasons: [String] = []
        if let trouble = state.sample.databaseTrouble { reasons.append("database: \(trouble)") }
        if let consumer {
            if !consumer.joined {
                reasons.append("consumer: not in its group yet")
            } else if !consumer.lagKnown {
                reasons.append("consumer: in its group, how far it is behind is not known yet")
            }
        }
        reasons += state.sample.ownReasons
        return reasons
    }

    /// Why the process should be restarted; nil while its threads turn.
    var notLive: String? {
        let state = state.withLock { $0 }
        guard state.phase == .running else { return nil }
        if let tick = state.lastTick, tick.duration(to: .now) > .seconds(60) { return "the monitor stands still" }
        if let consumer = state.sample.consumer, !consumer.isLive { return "the consumer stands still" }
        return nil
    }

    var taskTrouble: [String: String] { state.withLock { $0.taskTrouble } }
}
