import Foundation
import Glibc

/// How many threads a batch is parted over, and which.
enum Parallelism {
    static let width = max(1, min(16, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))

    /// By how much a batch's threads stand back behind all others of the machine (nice): a batch has the time that the
    /// question of a person has not.
    private static let niceness: Int32 = 10

    /// Runs the closure on so many threads of their own, for a batch, and waits for all of them.
    ///
    /// Not on the threads that Dispatch and Swift's tasks share, of which there is one for each processor: a batch would hold
    /// them all, and whoever asks over HTTP would wait for its end.
    static func run(_ body: @escaping @Sendable () -> Void) {
        let ended = DispatchSemaphore(value: 0)
        for _ in 0..<width {
            let thread = Thread {
                // For this thread alone; where it is refused the batch competes with the rest.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
                body()
                ended.signal()
            }
            thread.name = "candidates"
            thread.stackSize = 1 << 20
            thread.start()
        }
        for _ in 0..<width { ended.wait() }
    }
}
