/// A cheap measure of nearness in whole bits, read off the fixed part of a person alone: leaves most of a big bucket out
/// before names are compared.
struct Glance {
    private let query: SearchQuery
    private let relatives: Relatives
    private let given: UInt8
    private let others: UInt8
    /// The year is all that the typed date tells.
    private let knowsYearOnly: Bool

    init(_ query: SearchQuery, _ relatives: Relatives) {
        self.query = query
        self.relatives = relatives
        let keys = query.name.readings.first?.keys ?? NameKeys()
        given = UInt8(truncatingIfNeeded: keys.given >> 24)
        others = UInt8(truncatingIfNeeded: keys.surnameAndMiddle >> 24)
        let date = query.date.best
        knowsYearOnly = date.isFirstOfJanuary || !date.isPossible
    }

    func points(_ person: PersonRow, _ ways: Gathering.Way) -> Int {
        number(person, ways) + date(person) + name(person, ways) + place(person)
    }

    private func number(_ person: PersonRow, _ ways: Gathering.Way) -> Int {
        if query.number.fragments.contains(where: { $0.agrees(with: person.number) }) { return 10 }
        guard ways.contains(.number), let typed = query.number.forms.first?.number else { return 0 }
        if typed == person.number || typed == person.oldNumber { return 24 }
        guard typed.isDigits, typed.length == person.number.length else { return 12 }
        let difference = typed.bits ^ person.number.bits
        let marks = (difference | difference >> 1 | difference >> 2 | difference >> 3) & 0x1111_1111_1111_1111
        return max(8, 22 - 3 * marks.nonzeroBitCount)
    }

    private func date(_ person: PersonRow) -> Int {
        var best = 0
        for date in query.date.readings {
            if date == person.date { return knowsYearOnly ? 10 : 14 }
            if query.slips.contains(where: { $0.date == person.date }) { best = 7 }
            let (year, month, day) = (
                date.year == person.date.year, date.month == person.date.month, date.day == person.date.day
            )
            var points = (year ? 2 : 0) + (month ? 2 : 0) + (day ? 2 : 0)
            if year, knowsYearOnly { points = max(points, 6) }
            if year, date.day == person.date.month, date.month == person.date.day { points = 11 }
            best = max(best, points)
        }
        return best
    }

    private func name(_ person: PersonRow, _ ways: Gathering.Way) -> Int {
        var points = 0
        if given == person.givenMark { points += 6 }
        if others == person.otherMark { points += 8 }
        return ways.contains(.words) ? max(points + 2, 10) : points
    }

    private func place(_ person: PersonRow) -> Int {
        var points = 0
        if query.sex != .unknown, person.sex != .unknown { points += query.sex == person.sex ? 1 : -3 }
        guard let commune = person.commune else { return points }
        if commune == query.commune || relatives.holders.contains(where: { $0.commune == commune }) {
            return points + 8
        }
        if relatives.bornThatDay.contains(commune) || relatives.named.contains(commune) { points += 4 }
        return points
    }
}
