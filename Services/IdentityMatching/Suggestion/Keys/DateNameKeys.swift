/// The keys of birth dates and names; the register's side has each once, a record one for every way of reading it.
enum DateNameKeys {
    static func birthDate(_ date: DateParts) -> UInt64 { KeyFamily.birthDate.key(UInt64(date.code)) }

    static func birthDateAndGiven(_ date: DateParts, _ given: UInt64) -> UInt64 {
        KeyFamily.birthDateAndGiven.key(UInt64(date.code), given)
    }

    static func birthDateAndOthers(_ date: DateParts, _ others: UInt64) -> UInt64 {
        KeyFamily.birthDateAndOthers.key(UInt64(date.code), others)
    }

    static func yearAndName(_ year: Int, _ sound: UInt64) -> UInt64 { KeyFamily.yearAndName.key(UInt64(year), sound) }

    static func name(_ sound: UInt64) -> UInt64 { KeyFamily.name.key(sound) }

    static func communeAndGiven(_ commune: UInt32, _ given: UInt64) -> UInt64 {
        KeyFamily.communeAndGiven.key(UInt64(commune), given)
    }

    static func communeAndYear(_ commune: UInt32, _ year: Int) -> UInt64 {
        KeyFamily.communeAndYear.key(UInt64(commune), UInt64(year))
    }

    /// Two parts of a date: year and month, year and day, month and day.
    enum Pair: CaseIterable {
        case yearMonth, yearDay, monthDay

        func code(_ date: DateParts) -> UInt64? {
            switch self {
            case .yearMonth: date.year > 0 && date.month > 0 ? UInt64(date.year * 100 + date.month) : nil
            case .yearDay: date.year > 0 && date.day > 0 ? UInt64(date.year * 100 + date.day) : nil
            case .monthDay: date.month > 0 && date.day > 0 ? UInt64(date.month * 100 + date.day) : nil
            }
        }

        var withSurnameGiven: KeyFamily {
            switch self {
            case .yearMonth: .yearMonthSurnameGiven
            case .yearDay: .yearDaySurnameGiven
            case .monthDay: .monthDaySurnameGiven
            }
        }

        var withMiddleGiven: KeyFamily {
            switch self {
            case .yearMonth: .yearMonthMiddleGiven
            case .yearDay: .yearDayMiddleGiven
            case .monthDay: .monthDayMiddleGiven
            }
        }
    }

    /// Gives every key of a registered person's date, name and commune.
    static func all(
        _ date: DateParts, _ name: NameKeys, _ commune: UInt32?, _ body: (KeyFamily, UInt64) -> Void
    ) {
        if let commune {
            if name.given != 0 { body(.communeAndGiven, communeAndGiven(commune, name.given)) }
            if date.year > 0 { body(.communeAndYear, communeAndYear(commune, date.year)) }
        }
        if date.isFull {
            body(.birthDate, birthDate(date))
            if name.given != 0 { body(.birthDateAndGiven, birthDateAndGiven(date, name.given)) }
            if name.surnameAndMiddle != 0 {
                body(.birthDateAndOthers, birthDateAndOthers(date, name.surnameAndMiddle))
            }
        }
        guard name.sound != 0 else { return }
        body(.name, Self.name(name.sound))
        if date.year > 0 { body(.yearAndName, yearAndName(date.year, name.sound)) }
        for pair in Pair.allCases {
            guard let code = pair.code(date) else { continue }
            if name.surnameAndGiven != 0 {
                body(pair.withSurnameGiven, pair.withSurnameGiven.key(code, name.surnameAndGiven))
            }
            if name.middleAndGiven != 0 {
                body(pair.withMiddleGiven, pair.withMiddleGiven.key(code, name.middleAndGiven))
            }
        }
    }
}
