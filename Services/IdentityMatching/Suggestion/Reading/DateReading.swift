import RecordModel

/// A date of birth as its three parts, possible or not: yyyymmdd in decimal, a part that is not known being 0.
struct DateParts: Hashable, Sendable {
    let code: UInt32

    static let absent = DateParts(code: 0)

    init(code: UInt32) { self.code = code }
    init(year: Int, month: Int, day: Int) {
        code = UInt32(clamping: min(max(year, 0), 9999) * 10_000 + min(max(month, 0), 99) * 100 + min(max(day, 0), 99))
    }
    init(_ date: CalendarDate) { self.init(year: date.year, month: date.month, day: date.day) }

    var year: Int { Int(code / 10_000) }
    var month: Int { Int(code / 100 % 100) }
    var day: Int { Int(code % 100) }
    var isAbsent: Bool { code == 0 }
    /// Year, month and day are there, whether or not there was such a day.
    var isFull: Bool { year > 0 && month > 0 && day > 0 }
    /// The day that stands for a year of which no more is known.
    var isFirstOfJanuary: Bool { month == 1 && day == 1 }
    /// A day of the calendar.
    var isPossible: Bool { CalendarDate(year: year, month: month, day: day) != nil }

    var swapped: DateParts { DateParts(year: year, month: day, day: month) }
    func adding(years: Int) -> DateParts { DateParts(year: year + years, month: month, day: day) }
}

/// A typed date of birth, read every plausible way: more forms than VERIFY takes, because nothing is decided here.
struct DateReading: Sendable {
    /// Best first; day before month where both are possible. Empty where nothing can be read.
    private(set) var readings: [DateParts] = []
    /// Something was typed, but nothing that is a date.
    private(set) var isUnreadable = false

    /// What was most likely meant by the typed text.
    var best: DateParts { readings.first ?? .absent }

    init(typed text: String) {
        var groups: [(value: Int, digits: Int)] = []
        var letters: UInt32 = 0
        var value = 0
        var digits = 0
        var sawAny = false
        for byte in text.utf8 {
            letters = byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A ? letters << 8 | UInt32(byte | 0x20) : 0
            if byte >= 0x30, byte <= 0x39 {
                sawAny = true
                if digits < 9 { value = value * 10 + Int(byte & 0xF) }
                digits += 1
            } else {
                if byte > 0x20 { sawAny = true }
                // A time after the date is no part of it.
                if digits > 0, groups.count < 4 { groups.append((value, digits)) }
                value = 0
                digits = 0
                if letters > 0xFFFF, groups.count < 4, let month = Self.months[letters] {
                    groups.append((month, Self.named))
                }
            }
        }
        if digits > 0, groups.count < 4 { groups.append((value, digits)) }
        if groups.count > 3 { groups.removeLast(groups.count - 3) }
        // A count of days with a time behind the point: 24131.29.
        if groups.count == 2, groups[0].digits == 5, groups[1].digits != 4 { groups.removeLast() }
        read(groups)
        isUnreadable = sawAny && readings.isEmpty
    }

    private mutating func read(_ groups: [(value: Int, digits: Int)]) {
        switch groups.count {
        case 1: readOne(groups[0].value, groups[0].digits)
        case 2:
            // A month and a year, or a year and a month.
            let (first, second) = (groups[0], groups[1])
            if second.digits == 6, second.value / 10_000 <= 12 {
                // A separator was left out: 10/012013, 1001/2013.
                add(second.value % 10_000, second.value / 10_000, first.value)
            } else if second.digits == 4, first.digits >= 3 {
                add(second.value, first.value % 100, first.value / 100)
            } else if second.digits == 4 {
                add(second.value, first.value, 0)
            }
            if groups[0].digits == 4 { add(groups[0].value, groups[1].value, 0) }
        case 3:
            let (first, second, third) = (groups[0], groups[1], groups[2])
            if first.digits == Self.named {
                // May 12, 1990
                read([second, first, third])
            } else if first.digits == 3, third.digits == 4 {
                // A digit of the day twice: 013/09/1967, 255/12/1974.
                add(third.value, second.value, first.value % 100)
                add(third.value, second.value, first.value / 10)
            } else if first.digits >= 3 {
                add(first.value, second.value, third.value)
            } else if third.digits >= 3 {
                add(third.value, second.value, first.value)
            } else {
                for century in [1900, 2000] { add(century + third.value, second.value, first.value) }
            }
        default: break
        }
    }

    private mutating func readOne(_ value: Int, _ digits: Int) {
        switch digits {
        case 4: add(value, 0, 0)
        case 5:
            // A spreadsheet's count of days: 20,000 is in 1954, 60,000 in 2064.
            if value >= 1_000, value < 60_000 {
                let date = DateParts(CalendarDate(daysSince1970: value - 25_569))
                add(date.year, date.month, date.day)
            }
        case 8:
            let yearFirst = DateParts(year: value / 10_000, month: value / 100 % 100, day: value % 100)
            let yearLast = DateParts(year: value % 10_000, month: value / 10_000 % 100, day: value / 1_000_000)
            let lastIsBetter = !yearFirst.isPossible && yearLast.isPossible
            for parts in lastIsBetter ? [yearLast] : [yearFirst] { add(parts.year, parts.month, parts.day) }
        case 6, 7:
            // ddMMyyyy that lost a zero, or ddMMyy.
            if digits == 7 { add(value % 10_000, value / 10_000 % 100, value / 1_000_000) }
            if digits == 6 {
                for century in [1900, 2000] { add(century + value % 100, value / 100 % 100, value / 10_000) }
            }
        default: break
        }
    }

    /// The first three letters of the English months, as `12-May-1990` has them.
    private static let months: [UInt32: Int] = {
        let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        return Dictionary(
            uniqueKeysWithValues: names.enumerated().map { ($1.utf8.reduce(0) { $0 << 8 | UInt32($1) }, $0 + 1) })
    }()
    /// Stands for the count of digits of a month that was named.
    private static let named = -1

    private mutating func add(_ year: Int, _ month: Int, _ day: Int) {
        guard year > 0, readings.count < 2 else { return }
        let parts = DateParts(year: year, month: month, day: day)
        if !readings.contains(parts) { readings.append(parts) }
    }
}
