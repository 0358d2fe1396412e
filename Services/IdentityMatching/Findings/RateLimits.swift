import RecordModel
import Synchronization
import Web

/// How often one account, and all accounts of one unit together, may ask: token buckets in memory, an instance each.
///
/// A bucket holds a minute's allowance and fills evenly. An answer counts when it is asked for, whatever it says: what is
/// refused tells nothing about what would have been answered.
final class RateLimits: Sendable {
    struct Allowance: Sendable {
        /// Requests a minute of one account.
        let account: Int
        /// Requests a minute of one unit.
        let unit: Int
    }

    private struct Bucket {
        var left: Double
        var at: Instant
    }

    private struct Key: Hashable {
        let isUnit: Bool
        let name: String
    }

    private let allowance: Allowance
    private let clock: any WallClock
    private let buckets = Mutex<[Key: Bucket]>([:])
    /// Above this many, full buckets are forgotten.
    private static let remembered = 20_000

    init(_ allowance: Allowance, clock: any WallClock) {
        self.allowance = allowance
        self.clock = clock
    }

    /// Lets a request pass.
    /// - Throws: `Problem` 429 with `retry-after`.
    func admit(_ principal: Principal) throws(Problem) {
        let now = clock.now()
        let waits = buckets.withLock { buckets -> Double? in
            if buckets.count > Self.remembered { Self.forgetFull(&buckets, allowance, now) }
            let account = Key(isUnit: false, name: principal.subject)
            let unit = Key(isUnit: true, name: principal.unit)
            let mine = Self.filled(buckets[account], allowance.account, now)
            let ours = Self.filled(buckets[unit], allowance.unit, now)
            let wait = max(Self.wait(mine, allowance.account), Self.wait(ours, allowance.unit))
            if wait > 0 { return wait }
            buckets[account] = Bucket(left: mine - 1, at: now)
            // A role without a unit shares no bucket with others of its kind.
            if !principal.unit.isEmpty { buckets[unit] = Bucket(left: ours - 1, at: now) }
            return nil
        }
        guard let waits else { return }
        throw Problem(
            status: 429, type: "too-many-questions", titleVI: "Truy vấn quá nhiều: hãy chờ rồi thử lại",
            titleEN: "Too many questions: wait and try again",
            detail: "an account may ask \(allowance.account) times a minute, a unit \(allowance.unit) times",
            retryAfter: max(1, Int(waits.rounded(.up))))
    }

    private static func filled(_ bucket: Bucket?, _ perMinute: Int, _ now: Instant) -> Double {
        guard let bucket else { return Double(perMinute) }
        let seconds = Double(max(0, now.microseconds - bucket.at.microseconds)) / 1_000_000
        return min(Double(perMinute), bucket.left + seconds * Double(perMinute) / 60)
    }

    /// Seconds until one request may pass.
    private static func wait(_ left: Double, _ perMinute: Int) -> Double {
        left >= 1 ? 0 : (1 - left) * 60 / Double(perMinute)
    }

    private static func forgetFull(_ buckets: inout [Key: Bucket], _ allowance: Allowance, _ now: Instant) {
        buckets = buckets.filter { key, bucket in
            let full = key.isUnit ? allowance.unit : allowance.account
            return filled(bucket, full, now) < Double(full)
        }
    }
}
