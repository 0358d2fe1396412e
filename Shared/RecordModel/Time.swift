import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An instant in microseconds since 1970-01-01T00:00:00Z.
public struct Instant: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var microseconds: Int64

    @inlinable
    public init(microseconds: Int64) { self.microseconds = microseconds }

    public static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    public func adding(seconds: Int64) -> Instant { Instant(microseconds: microseconds + seconds * 1_000_000) }

    /// Reads RFC 3339, fractions to the microsecond, any offset; nil for anything else.
    public init?(rfc3339 text: String) {
        var bytes = Array(text.utf8)[...]
        func digits(_ count: Int) -> Int? {
            guard bytes.count >= count else { return nil }
            var value = 0
            for byte in bytes.prefix(count) {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            bytes.removeFirst(count)
            return value
        }
        func skip(_ accepted: Unicode.Scalar...) -> Bool {
            guard let first = bytes.first, accepted.contains(Unicode.Scalar(first)) else { return false }
            bytes.removeFirst()
            return true
        }
        guard let year = digits(4), skip("-"), let month = digits(2), skip("-"), let day = digits(2),
            skip("T", "t", " "), let hour = digits(2), skip(":"), let minute = digits(2), skip(":"),
            let second = digits(2), hour < 24, minute < 60, second <= 60,
            let date = CalendarDate(year: year, month: month, day: day)
        else { return nil }
        var fraction: Int64 = 0
        if skip(".", ",") {
            var scale: Int64 = 100_000
            var seen = 0
            while let byte = bytes.first, byte >= 0x30, byte <= 0x39 {
                fraction += Int64(byte - 0x30) * scale
                scale /= 10
                seen += 1
                bytes.removeFirst()
            }
            guard seen > 0, seen <= 9 else { return nil }
        }
        var offset = 0
        if !skip("Z", "z") {
            guard let sign = bytes.first, sign == 0x2B || sign == 0x2D else { return nil }
            bytes.removeFirst()
            guard let hours = digits(2), skip(":"), let minutes = digits(2), hours < 24, minutes < 60 else {
                return nil
            }
            offset = (hours * 60 + minutes) * (sign == 0x2B ? 60 : -60)
        }
        guard bytes.isEmpty else { return nil }
        let seconds = Int64(date.daysSince1970) * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    /// RFC 3339 in UTC, with microseconds only where there are any.
    public var rfc3339: String {
        let day = microseconds.floorDivided(by: 86_400_000_000)
        let rest = microseconds - day * 86_400_000_000
        let seconds = rest / 1_000_000
        let fraction = rest % 1_000_000
        var text = CalendarDate(daysSince1970: Int(day)).iso
        text +=
            "T" + pad(Int(seconds / 3600), 2) + ":" + pad(Int(seconds / 60 % 60), 2) + ":" + pad(Int(seconds % 60), 2)
        if fraction != 0 { text += "." + pad(Int(fraction), 6) }
        return text + "Z"
    }

    public var description: String { rfc3339 }

    /// The date in Asia/Ho_Chi_Minh (UTC+7 all year).
    public func calendarDate() -> CalendarDate {
        CalendarDate(daysSince1970: Int((microseconds + 7 * 3_600_000_000).floorDivided(by: 86_400_000_000)))
    }
}

/// A date of the Gregorian calendar; no time zone ever moves it.
public struct CalendarDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let year: Int
    public let month: Int
    public let day: Int

    /// Nil for a date that does not exist.
    public init?(year: Int, month: Int, day: Int) {
        guard year >= 1, year <= 9999, month >= 1, month <= 12, day >= 1,
            day <= CalendarDate.length(ofMonth: month, in: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// `YYYY-MM-DD`, nothing else.
    public init?(iso text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == 0x2D, bytes[7] == 0x2D else { return nil }
        var parts = [0, 0, 0]
        for (index, byte) in bytes.enumerated() where index != 4 && index != 7 {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let part = index < 4 ? 0 : index < 7 ? 1 : 2
            parts[part] = parts[part] * 10 + Int(byte - 0x30)
        }
        self.init(year: parts[0], month: parts[1], day: parts[2])
    }

    public init(daysSince1970 days: Int) {
        // Civil from days: eras of 400 years that begin on 1 March.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    public var daysSince1970: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    public var iso: String { pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) }
    public var description: String { iso }

    /// Days from this date to the other; negative when the other is earlier.
    public func days(to other: CalendarDate) -> Int { other.daysSince1970 - daysSince1970 }

    public func adding(days: Int) -> CalendarDate { CalendarDate(daysSince1970: daysSince1970 + days) }

    /// The instant at which this date begins in Asia/Ho_Chi_Minh.
    public var startOfDay: Instant { Instant(microseconds: (Int64(daysSince1970) * 86_400 - 7 * 3600) * 1_000_000) }

    public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    private static func length(ofMonth month: Int, in year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }
}

/// Where the time comes from; injected, so that deadlines can be tested.
public protocol WallClock: Sendable {
    func now() -> Instant
}

public struct SystemClock: WallClock {
    public init() {}
    public func now() -> Instant { Instant.now() }
}

/// A clock that stands still until it is set.
public final class ManualClock: WallClock {
    private let instant: Mutex<Instant>
    public init(_ instant: Instant) { self.instant = Mutex(instant) }
    public func now() -> Instant { instant.withLock { $0 } }
    public func set(_ value: Instant) { instant.withLock { $0 = value } }
    public func advance(seconds: Int64) { instant.withLock { $0 = $0.adding(seconds: seconds) } }
}

extension Int64 {
    func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

func pad(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return text.utf8.count >= width ? text : String(repeating: "0", count: width - text.utf8.count) + text
}
