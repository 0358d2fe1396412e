import Observability
import RecordModel
import ServiceRuntime
import Storage

/// The background task: verifies again what a switch demands, then tries rule sets; makes room for the live stream.
struct Walker: Sendable {
    let reverifier: Reverifier
    let dryRunner: DryRunner
    let live: LiveTraffic
    let clock: any WallClock

    /// Goes on until the service stops.
    func run(until stop: StopSignal) throws {
        var pace = WalkPace()
        while !stop.isGiven {
            let started = ContinuousClock.now
            var step = try reverifier.step(blocks: pace.blocks)
            if step == .idle { step = try dryRunner.step(blocks: pace.blocks) }
            let seconds = started.duration(to: .now) / .seconds(1)
            let rest =
                switch step {
                case .idle: 0.5
                case .heldBack: 0.05
                case .advanced: pace.rest(afterChunkOf: seconds, besideLive: live.isActive(clock.now()))
                }
            if rest > 0, stop.wait(seconds: rest) { return }
        }
    }
}
