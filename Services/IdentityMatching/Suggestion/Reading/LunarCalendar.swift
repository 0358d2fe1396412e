import Glibc

/// The Vietnamese lunar calendar (âm lịch), by which older people know their birthday: days of the Gregorian calendar for
/// its dates.
///
/// New moons and the sun's longitude by the truncated series of J. Meeus, Astronomical Algorithms, at 7 hours east; right
/// for the days of 1900 to 2100 but for a few in a century.
enum LunarCalendar {
    /// The Julian day number of a lunar date; nil for a month or day that no lunar year has. Of a leap month and the month
    /// before it, the month before.
    static func julianDay(year: Int, month: Int, day: Int) -> Int? {
        guard year >= 1900, year <= 2100, month >= 1, month <= 12, day >= 1, day <= 30 else { return nil }
        let lunarYear = month < 11 ? year - 1 : year
        let (start, end) = (eleventhMonth(of: lunarYear), eleventhMonth(of: lunarYear + 1))
        let first = Int((0.5 + (Double(start) - 2_415_021.077) / 29.530588853).rounded(.down))
        var offset = month < 11 ? month + 1 : month - 11
        if end - start > 365, offset >= leapOffset(first) { offset += 1 }
        return newMoon(first + offset) + day - 1
    }

    /// Where the leap month stands, counted from the eleventh: the first month in which the sun enters no new sign.
    private static func leapOffset(_ first: Int) -> Int {
        var last = sign(newMoon(first + 1))
        for offset in 2..<14 {
            let next = sign(newMoon(first + offset))
            if next == last { return offset - 1 }
            last = next
        }
        return 13
    }

    /// The new moon of the month that holds the winter solstice.
    private static func eleventhMonth(of year: Int) -> Int {
        let lastDay = julianDay(gregorianYear: year)
        let moons = Int((Double(lastDay - 2_415_021) / 29.530588853).rounded(.down))
        let moon = newMoon(moons)
        return sign(moon) >= 9 ? newMoon(moons - 1) : moon
    }

    /// Of 31 December.
    private static func julianDay(gregorianYear year: Int) -> Int {
        let next = year
        return 365 * next + next / 4 - next / 100 + next / 400 + 1_721_425
    }

    /// The day on which the moon after the moon of 1 January 1900 is new for the `count`-th time.
    private static func newMoon(_ count: Int) -> Int {
        let k = Double(count)
        let t = k / 1236.85
        let degree = Double.pi / 180
        let sun = (359.2242 + 29.10535608 * k - 0.0000333 * t * t) * degree
        let moon = (306.0253 + 385.81691806 * k + 0.0107306 * t * t) * degree
        let node = (21.2964 + 390.67050646 * k - 0.0016528 * t * t) * degree
        var day = 2_415_020.75933 + 29.53058868 * k + 0.0001178 * t * t
        day += 0.00033 * sin((166.56 + 132.87 * t) * degree)
        day += (0.1734 - 0.000393 * t) * sin(sun) + 0.0021 * sin(2 * sun)
        day += -0.4068 * sin(moon) + 0.0161 * sin(2 * moon) - 0.0004 * sin(3 * moon)
        day += 0.0104 * sin(2 * node) - 0.0051 * sin(sun + moon) - 0.0074 * sin(sun - moon)
        day += 0.0004 * sin(2 * node + sun) - 0.0004 * sin(2 * node - sun) - 0.0006 * sin(2 * node + moon)
        day += 0.0010 * sin(2 * node - moon) + 0.0005 * sin(2 * moon + sun)
        // Dynamical time to universal time.
        day -= -0.000278 + 0.000265 * t + 0.000262 * t * t
        return Int((day + 0.5 + 7.0 / 24).rounded(.down))
    }

    /// In which twelfth of the ecliptic the sun is at the beginning of a day: 0 from the spring equinox on.
    private static func sign(_ julianDay: Int) -> Int {
        let t = (Double(julianDay) - 2_451_545.5 - 7.0 / 24) / 36_525
        let degree = Double.pi / 180
        let anomaly = (357.52910 + 35_999.05030 * t - 0.0001559 * t * t) * degree
        var longitude = 280.46645 + 36_000.76983 * t + 0.0003032 * t * t
        longitude += (1.914600 - 0.004817 * t) * sin(anomaly)
        longitude += 0.019993 * sin(2 * anomaly) + 0.000290 * sin(3 * anomaly)
        let turns = longitude / 360
        return Int((turns - turns.rounded(.down)) * 12)
    }
}
