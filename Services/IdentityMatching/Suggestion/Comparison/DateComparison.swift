/// How a typed birth date agrees with the registered one, the nearest first. The raw value is the level of the weights table.
enum DateAgreement: UInt8, CaseIterable, Comparable, Sendable {
    case same
    /// Day and month exchanged.
    case swapped
    /// A hundred years off.
    case century
    case oneDigit
    /// Two neighbouring digits exchanged.
    case transposed
    /// Only the year is known on one side (bare year, month and year, first of January), and it agrees.
    case yearOnly
    /// Two of day, month and year agree.
    case twoParts
    case sameYear
    /// The years are next to each other.
    case nextYear
    case different
    case absent

    static func < (one: DateAgreement, other: DateAgreement) -> Bool { one.rawValue < other.rawValue }

    var isNear: Bool { self <= .twoParts }
    var keepsYear: Bool { self == .same || self == .swapped || self == .yearOnly || self == .sameYear }
    var label: String { "\(self)" }
}

struct DateComparison: Hashable, Sendable {
    var agreement: DateAgreement
    /// Which of year (4), month (2) and day (1) agree.
    var parts: UInt8 = 0

    /// The reason in the words of `matching.md` §1.3; nil where the dates are the same.
    func reason(_ reading: DateReading) -> String? { DateReason.of(agreement, reading.form) }

    /// In words of the rule; no value of the register.
    var evidence: String {
        switch agreement {
        case .transposed: return "đảo hai chữ số liền nhau / two neighbouring digits exchanged"
        case .oneDigit, .twoParts:
            switch parts {
            case 3: return "khác năm / the year differs"
            case 5: return "khác tháng / the month differs"
            case 6: return "khác ngày / the day differs"
            default: return ""
            }
        case .sameYear: return "chỉ đúng năm / only the year agrees"
        case .nextYear: return "năm liền nhau / the years are next to each other"
        default: return ""
        }
    }
}

extension DateReading {
    /// What was typed, by itself.
    var form: DateForm {
        if readings.isEmpty { return isUnreadable ? .unreadable : .absent }
        if !best.isFull { return .yearOnly }
        return best.isPossible ? .known : .impossible
    }
}

enum DateComparer {
    /// The nearest agreement of any reading of the typed date.
    static func compare(_ reading: DateReading, _ registered: DateParts) -> DateComparison {
        guard let first = reading.readings.first, !registered.isAbsent else {
            return DateComparison(agreement: .absent)
        }
        var best = compare(first, registered)
        for other in reading.readings.dropFirst() {
            let found = compare(other, registered)
            if found.agreement < best.agreement { best = found }
        }
        return best
    }

    static func compare(_ typed: DateParts, _ registered: DateParts) -> DateComparison {
        if typed.isFull, typed == registered { return DateComparison(agreement: .same, parts: 7) }
        let years = typed.year == registered.year && typed.year > 0
        let months = typed.month == registered.month && typed.month > 0
        let days = typed.day == registered.day && typed.day > 0
        let parts: UInt8 = (years ? 4 : 0) | (months ? 2 : 0) | (days ? 1 : 0)
        func found(_ agreement: DateAgreement) -> DateComparison { DateComparison(agreement: agreement, parts: parts) }
        if years {
            if typed.isFull, typed.day == registered.month, typed.month == registered.day { return found(.swapped) }
            if isYearOnly(typed) || isYearOnly(registered) {
                // A month that is known must agree.
                if typed.month == 0 || months || typed.day > 0 { return found(.yearOnly) }
            }
        }
        if typed.isFull, registered.isFull {
            if months, days, (typed.year - registered.year) % 100 == 0 { return found(.century) }
            let differing = digitsThatDiffer(typed.code, registered.code)
            if differing.count == 1 { return found(.oneDigit) }
            if differing.isExchange { return found(.transposed) }
        }
        if parts.nonzeroBitCount == 2 { return found(.twoParts) }
        if years { return found(.sameYear) }
        let apart = typed.year - registered.year
        return found(apart == 1 || apart == -1 ? .nextYear : .different)
    }

    private static func isYearOnly(_ date: DateParts) -> Bool {
        date.month == 0 || date.day == 0 || date.month == 1 && date.day == 1
    }

    private static func digitsThatDiffer(_ one: UInt32, _ other: UInt32) -> (count: Int, isExchange: Bool) {
        var (left, right) = (one, other)
        var count = 0
        var first = -1
        var place = 0
        var isExchange = false
        var (lowLeft, lowRight): (UInt32, UInt32) = (0, 0)
        while left > 0 || right > 0 {
            let (digitLeft, digitRight) = (left % 10, right % 10)
            if digitLeft != digitRight {
                count += 1
                if first < 0 {
                    (first, lowLeft, lowRight) = (place, digitLeft, digitRight)
                } else {
                    isExchange = count == 2 && place == first + 1 && digitLeft == lowRight && digitRight == lowLeft
                }
            }
            (left, right) = (left / 10, right / 10)
            place += 1
        }
        return (count, count == 2 && isExchange)
    }
}

/// How sexes agree; the raw value is the level of the weights table.
enum SexAgreement: UInt8, CaseIterable, Sendable {
    case same
    case differs
    case absent

    init(_ typed: SexMark, _ registered: SexMark) {
        self = typed == .unknown || registered == .unknown ? .absent : typed == registered ? .same : .differs
    }

    var label: String { "\(self)" }
}
