import RecordModel

/// A day that may have been meant, had one named thing happened to it.
struct DateSlip: Hashable, Sendable {
    enum Kind: Sendable {
        /// Known by the lunar calendar.
        case lunar
        /// A spreadsheet that counts days from 1904 opened in one that counts from 1900, or the other way round.
        case calendar1904
        /// Midnight in Viet Nam written as the evening before in universal time.
        case universalTime

        /// log2 of how much oftener such a slip leads to the record's person than chance to another.
        var bits: Double {
            switch self {
            case .lunar: 7
            case .calendar1904: 5
            case .universalTime: 6
            }
        }

        var evidence: String {
            switch self {
            case .lunar: "ngày âm lịch / the day by the lunar calendar"
            case .calendar1904:
                "lệch 1.462 ngày do hai lịch của bảng tính / 1,462 days apart, as two calendars of spreadsheets"
            case .universalTime: "sớm một ngày do giờ quốc tế / the day before, as in universal time"
            }
        }
    }

    let date: DateParts
    let kind: Kind

    /// The days that a typed date may have stood for.
    static func all(of typed: DateParts) -> [DateSlip] {
        guard typed.isFull else { return [] }
        var slips: [DateSlip] = []
        if let day = LunarCalendar.julianDay(year: typed.year, month: typed.month, day: typed.day) {
            slips.append(DateSlip(date: DateParts(CalendarDate(daysSince1970: day - 2_440_588)), kind: .lunar))
        }
        guard let date = CalendarDate(year: typed.year, month: typed.month, day: typed.day) else { return slips }
        for (days, kind) in [(1, Kind.universalTime), (-1462, .calendar1904), (1462, .calendar1904)] {
            slips.append(DateSlip(date: DateParts(date.adding(days: days)), kind: kind))
        }
        return slips
    }
}
