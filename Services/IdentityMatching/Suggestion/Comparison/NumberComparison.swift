/// How a typed number agrees with a person's, the nearest first. The raw value is the level of the weights table.
enum NumberAgreement: UInt8, CaseIterable, Comparable, Sendable {
    /// The person's personal number, as typed.
    case same
    /// The person's old number, as typed.
    case sameOld
    /// The same once zeros lost at the front are put back.
    case zerosRestored
    /// The same once letters are read as the digits they look like, or a label is taken off.
    case lettersForDigits
    /// Two neighbours exchanged.
    case transposed
    case oneDigit
    case digitMissing
    case digitExtra
    /// The old number but for one digit or one transposition.
    case oldNear
    /// Two digits, or one and another mistake of form.
    case twoDigits
    /// One block of four is damaged, the rest agrees.
    case partly
    /// Another person's number, and that person lives in the same commune.
    case ofRelative
    /// Another person's number.
    case ofOther
    /// A number of nobody, far from this person's.
    case different
    /// Nothing typed, nothing readable, or nothing registered.
    case absent

    static func < (one: NumberAgreement, other: NumberAgreement) -> Bool { one.rawValue < other.rawValue }

    /// Whether the number points at this person although nothing else may.
    var isNear: Bool { self <= .partly }
    var isExact: Bool { self <= .lettersForDigits }

    /// The level's name in the weights table.
    var label: String { "\(self)" }
}

/// A level with what made it.
struct NumberComparison: Hashable, Sendable {
    var agreement: NumberAgreement
    /// The place of the first digit that differs, counted from 1; 0 where there is no such place.
    var place = 0
    /// Whether it is the person's old number that agrees.
    var isOld = false

    /// The reason in the words of `matching.md` §1.3; nil where the number is the person's.
    func reason(_ reading: NumberReading) -> String? { NumberReason.of(agreement, reading.form) }

    /// What made the reason, in words of the rule; no value of the register.
    var evidence: String {
        let whose = isOld ? "số CMND cũ / old number" : ""
        switch agreement {
        case .transposed: return "đảo chữ số \(place) và \(place + 1) / digits \(place) and \(place + 1) exchanged"
        case .oneDigit: return "khác chữ số \(place) / digit \(place) differs"
        case .oldNear: return "số CMND cũ, khác chữ số \(place) / old number, digit \(place) differs"
        case .digitMissing: return "thiếu một chữ số ở vị trí \(place) / a digit is missing at place \(place)"
        case .digitExtra: return "thừa một chữ số ở vị trí \(place) / a digit too many at place \(place)"
        case .twoDigits, .partly: return "khác từ chữ số \(place) / digits differ from place \(place) on"
        case .ofRelative: return "số của người khác cùng xã / the number of another person of the same commune"
        case .ofOther: return "số của người khác / the number of another person"
        default: return whose
        }
    }
}

extension NumberReading {
    /// What was typed, by itself.
    var form: NumberForm {
        if isAbsent { return .absent }
        if isScientific { return .scientific }
        switch typed.length {
        case 0: return .malformed
        case 9: return .old
        case 12: return .personal
        default: return .otherLength(zeroLost: typed.text.map(LostZero.isLikely) ?? false)
        }
    }
}

/// Compares numbers in their packed form: a few instructions each.
enum NumberComparer {
    /// The nearest agreement of any reading of the typed number with the person's numbers; nil where all are far.
    static func near(_ reading: NumberReading, _ person: PersonRow) -> NumberComparison? {
        var best: NumberComparison?
        for form in reading.forms {
            if let found = compare(form, person.number, isOld: false), found.agreement < best?.agreement ?? .absent {
                best = found
            }
            if let found = compare(form, person.oldNumber, isOld: true), found.agreement < best?.agreement ?? .absent {
                best = found
            }
        }
        return best
    }

    private static func compare(
        _ form: NumberReading.Form, _ registered: PackedNumber, isOld: Bool
    ) -> NumberComparison? {
        guard !registered.isAbsent else { return nil }
        if form.number == registered {
            switch form.source {
            case .asTyped: return NumberComparison(agreement: isOld ? .sameOld : .same, isOld: isOld)
            case .zerosRestored: return NumberComparison(agreement: .zerosRestored, isOld: isOld)
            case .lettersForDigits, .oneOfSeveral:
                return NumberComparison(agreement: .lettersForDigits, isOld: isOld)
            }
        }
        guard form.number.isDigits, registered.isDigits, form.source != .oneOfSeveral,
            var found = difference(form.number, registered)
        else { return nil }
        found.isOld = isOld
        if isOld {
            guard found.agreement <= .oneDigit, form.source == .asTyped else { return nil }
            found.agreement = .oldNear
        } else if form.source != .asTyped {
            guard found.agreement < .twoDigits else { return nil }
            found.agreement = .twoDigits
        }
        return found
    }

    /// How two different numbers of digits differ; nil where they are far from each other.
    static func difference(_ typed: PackedNumber, _ registered: PackedNumber) -> NumberComparison? {
        let length = registered.length
        guard typed.length >= NumberKeys.shortest, length >= NumberKeys.shortest else { return nil }
        if typed.length == length { return ofEqualLength(typed, registered) }
        guard abs(typed.length - length) == 1 else { return nil }
        let (long, short) = typed.length > length ? (typed, registered) : (registered, typed)
        let start = commonStart(long, short)
        // What follows the digit too many must be the rest of the shorter number.
        let rest = short.length - start
        guard rest == 0 || long.part(start + 1, long.length) == short.part(start, short.length) else { return nil }
        return NumberComparison(agreement: typed.length > length ? .digitExtra : .digitMissing, place: start + 1)
    }

    private static func ofEqualLength(_ typed: PackedNumber, _ registered: PackedNumber) -> NumberComparison? {
        let length = registered.length
        let difference = typed.bits ^ registered.bits
        let marks = (difference | difference >> 1 | difference >> 2 | difference >> 3) & 0x1111_1111_1111_1111
        let count = marks.nonzeroBitCount
        let first = length - 1 - (63 - marks.leadingZeroBitCount) / 4
        switch count {
        case 1: return NumberComparison(agreement: .oneDigit, place: first + 1)
        case 2:
            let next = first + 1
            if next < length, typed.digit(first) == registered.digit(next), typed.digit(next) == registered.digit(first)
            {
                return NumberComparison(agreement: .transposed, place: first + 1)
            }
            return NumberComparison(agreement: .twoDigits, place: first + 1)
        default:
            if isShifted(typed, registered, from: first) {
                return NumberComparison(agreement: .twoDigits, place: first + 1)
            }
            guard length >= 7 else { return nil }
            // Within one block.
            let last = length - 1 - marks.trailingZeroBitCount / 4
            let (_, b, c, d, _) = NumberKeys.bounds(length)
            func block(_ place: Int) -> Int { place < b ? 0 : place < c ? 1 : place < d ? 2 : 3 }
            guard block(first) == block(last) || count <= 3 && length >= 12 else { return nil }
            return NumberComparison(agreement: .partly, place: first + 1)
        }
    }

    /// One digit left out in one place and one put in at another.
    private static func isShifted(_ one: PackedNumber, _ other: PackedNumber, from start: Int) -> Bool {
        let length = one.length
        var end = length
        while end > start, one.digit(end - 1) == other.digit(end - 1) { end -= 1 }
        guard end - start >= 3 else { return false }
        return one.part(start + 1, end) == other.part(start, end - 1)
            || other.part(start + 1, end) == one.part(start, end - 1)
    }

    private static func commonStart(_ one: PackedNumber, _ other: PackedNumber) -> Int {
        let most = min(one.length, other.length)
        var start = 0
        while start < most, one.digit(start) == other.digit(start) { start += 1 }
        return start
    }
}
