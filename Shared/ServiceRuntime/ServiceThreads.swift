import Dispatch
import Foundation
import Observability
import Synchronization

/// The threads of a service's background tasks.
final class ServiceThreads: Sendable {
    /// Given once, when the service stops.
    let stop = StopSignal()
    private let log: Log
    private let health: Health
    private let running = Mutex<[DispatchSemaphore]>([])

    init(log: Log, health: Health) {
        self.log = log
        self.health = health
    }

    /// Runs a task on a thread of its own; again after a pause when it throws, until the stop.
    func run(_ task: BackgroundTask) {
        let ended = DispatchSemaphore(value: 0)
        running.withLock { $0.append(ended) }
        let thread = Thread { [self] in
            var pause = 1.0
            while !stop.isGiven {
                do {
                    try task.run(stop)
                    health.task(task.name, trouble: nil)
                    break
                } catch {
                    health.task(task.name, trouble: "\(error)")
                    log.warning(
                        "background task failed; it is tried again",
                        ["task": .string(task.name), "error": .error(error)])
                    stop.wait(seconds: pause)
                    pause = min(pause * 2, 30)
                }
            }
            ended.signal()
        }
        thread.name = task.name
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Gives the stop signal and waits for the tasks' ends, all together until the deadline.
    func join(until end: ContinuousClock.Instant) {
        stop.give()
        let deadline = DispatchTime.now() + ContinuousClock.now.duration(to: end) / .seconds(1)
        for ended in running.withLock({ $0 }) where ended.wait(timeout: deadline) == .timedOut {
            log.warning("a background task did not end in time")
        }
    }
}
