import RecordModel
import Synchronization

/// When the live stream was last at work, so that walks make room for it.
final class LiveTraffic: Sendable {
    private let newest = Atomic<Int64>(Int64.min)

    init() {}

    /// A batch of the stream is handled now.
    func mark(_ now: Instant) { newest.store(now.microseconds, ordering: .relaxed) }

    /// Whether one was within the last second.
    func isActive(_ now: Instant) -> Bool {
        let last = newest.load(ordering: .relaxed)
        return last != Int64.min && now.microseconds - last < 1_000_000
    }
}

/// How much a walk takes at once, and how long it rests after it.
///
/// Alone it takes chunks of up to half a second, some twenty thousand records, and does not rest. Beside live batches its
/// chunks are of a twentieth of a second, so that a batch that needs a row waits no longer than that, and it rests as long
/// as it worked: at least half of the database and of the processor is left to the stream.
struct WalkPace: Equatable, Sendable {
    /// Blocks of 8 kB: 64 are about a thousand rows.
    private(set) var blocks: Int64

    static let fewest: Int64 = 8
    static let most: Int64 = 1_024
    static let secondsAlone = 0.5
    static let secondsBesideLive = 0.05

    init(blocks: Int64 = 64) { self.blocks = min(max(blocks, Self.fewest), Self.most) }

    /// After a chunk that took so long.
    /// - Returns: seconds to rest.
    mutating func rest(afterChunkOf seconds: Double, besideLive: Bool) -> Double {
        let wanted = besideLive ? Self.secondsBesideLive : Self.secondsAlone
        let fitting = Double(blocks) * wanted / max(seconds, 0.001)
        let next = min(max(fitting, Double(blocks) / 4), Double(blocks) * 2)
        blocks = min(max(Int64(next), Self.fewest), Self.most)
        return besideLive ? min(seconds, 1) : 0
    }
}
