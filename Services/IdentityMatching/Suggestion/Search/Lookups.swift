/// The look-ups of one record.
enum Lookups {
    /// Keys of what was typed and of what one mistake in each item would have made of it.
    static func first(_ query: SearchQuery, _ index: RegisterIndex, into gathering: inout Gathering) {
        number(query.number, index, into: &gathering)
        let dates = meantDates(query.date)
        for (rank, reading) in query.name.readings.enumerated() where !reading.words.isEmpty {
            let keys = reading.keys
            let words = reading.words.count > 1 && rank < 2 ? wordKeys(reading) : []
            for date in dates {
                if keys.given != 0 {
                    gathering.add(.birthDateAndGiven, DateNameKeys.birthDateAndGiven(date, keys.given), .dateName)
                }
                if keys.surnameAndMiddle != 0 {
                    gathering.add(
                        .birthDateAndOthers, DateNameKeys.birthDateAndOthers(date, keys.surnameAndMiddle), .dateName)
                }
                // The given name may stand anywhere: other orders, words added at the end.
                for word in words where word != keys.given {
                    gathering.add(.birthDateAndGiven, DateNameKeys.birthDateAndGiven(date, word), .dateName)
                }
            }
            for date in query.date.readings { pairs(date, keys, .dateName, into: &gathering) }
            // Where only the year is known: bare years, the first of January, dates that cannot be.
            for date in query.date.readings where !date.isPossible || date.isFirstOfJanuary {
                gathering.add(.yearAndName, DateNameKeys.yearAndName(date.year, keys.sound), [.dateName, .words])
            }
        }
    }

    /// Wider keys, for a record whose first look-ups found nobody convincing.
    ///
    /// - Parameter communes: where the record's person may live.
    static func wider(
        _ query: SearchQuery, _ communes: [UInt32], _ index: RegisterIndex, into gathering: inout Gathering
    ) {
        let dates = meantDates(query.date)
        for date in dates { gathering.add(.birthDate, DateNameKeys.birthDate(date), .widened) }
        for reading in query.name.readings where !reading.words.isEmpty {
            gathering.add(.name, DateNameKeys.name(reading.keys.sound), [.widened, .words])
            for date in query.date.readings {
                for year in [date.year, date.year - 1, date.year + 1] where year > 0 {
                    gathering.add(.yearAndName, DateNameKeys.yearAndName(year, reading.keys.sound), [.widened, .words])
                }
                if date.isFull { pairs(date.swapped, reading.keys, .widened, into: &gathering) }
                months(of: date.year, reading.keys, into: &gathering)
            }
            for date in query.slips.map(\.date) {
                gathering.add(
                    .birthDateAndGiven, DateNameKeys.birthDateAndGiven(date, reading.keys.given), .widened)
                gathering.add(
                    .birthDateAndOthers, DateNameKeys.birthDateAndOthers(date, reading.keys.surnameAndMiddle),
                    [.widened, .words])
            }
        }
        households(query, communes, into: &gathering)
        for reading in query.name.readings.prefix(2) {
            moved(NameOrders(reading.foldedWords), query, dates, into: &gathering)
            neighbours(reading, query, dates, index, into: &gathering)
        }
        gathering.addLeftOut(upTo: SearchWorker.widerCap)
    }

    /// Those of the record's own commune, or of the commune of somebody it points at, who have its given name or were born
    /// in its year.
    static func households(_ query: SearchQuery, _ communes: [UInt32], into gathering: inout Gathering) {
        for commune in communes {
            for reading in query.name.readings.prefix(2) where reading.keys.given != 0 {
                for given in [reading.keys.given] + wordKeys(reading) {
                    gathering.add(.communeAndGiven, DateNameKeys.communeAndGiven(commune, given), .widened)
                }
            }
            for date in query.date.readings {
                gathering.add(.communeAndYear, DateNameKeys.communeAndYear(commune, date.year), .widened)
            }
        }
    }

    /// Surname and given name, or all but the surname, with any month of the year: two parts of the date wrong beside a part
    /// of the name. Common names are left out.
    private static func months(of year: Int, _ keys: NameKeys, into gathering: inout Gathering) {
        guard year > 0 else { return }
        for month in 1...12 {
            let code = UInt64(year * 100 + month)
            for (family, name) in [
                (KeyFamily.yearMonthSurnameGiven, keys.surnameAndGiven),
                (.yearMonthMiddleGiven, keys.middleAndGiven),
            ] where name != 0 {
                gathering.addFew(family, family.key(code, name), [.widened, .words], most: few)
            }
        }
    }

    /// Persons under a key that is guessed.
    private static let few = 64

    /// The name with its words in another order, or with one that was left out.
    private static func moved(
        _ names: NameOrders, _ query: SearchQuery, _ dates: [DateParts], into gathering: inout Gathering
    ) {
        for date in dates {
            gathering.add(
                .birthDateAndOthers, DateNameKeys.birthDateAndOthers(date, names.withoutGiven), [.widened, .words])
        }
        var surnameless = NameKeys()
        surnameless.middleAndGiven = names.withoutSurname
        for date in query.date.readings {
            pairs(date, surnameless, .widened, into: &gathering)
            for keys in names.orders {
                pairs(date, keys, .widened, into: &gathering)
                gathering.addFew(
                    .yearAndName, DateNameKeys.yearAndName(date.year, keys.sound), [.widened, .words], most: few)
            }
        }
        for keys in names.orders {
            gathering.addFew(.name, DateNameKeys.name(keys.sound), [.widened, .words], most: few)
        }
    }

    /// The name with one word replaced by a word of the register one letter away.
    private static func neighbours(
        _ reading: Reading, _ query: SearchQuery, _ dates: [DateParts], _ index: RegisterIndex,
        into gathering: inout Gathering
    ) {
        let words = reading.foldedWords
        guard words.count <= 6 else { return }
        for place in words.indices {
            for near in index.vocabulary.neighbours(of: words[place], most: 24) {
                var changed = words
                changed[place] = near
                let keys = NameKeys(foldedWords: changed)
                for date in dates {
                    if place == words.count - 1 {
                        gathering.add(
                            .birthDateAndGiven, DateNameKeys.birthDateAndGiven(date, keys.given), .widened)
                    } else {
                        gathering.add(
                            .birthDateAndOthers, DateNameKeys.birthDateAndOthers(date, keys.surnameAndMiddle),
                            [.widened, .words])
                    }
                }
                for date in query.date.readings {
                    pairs(date, keys, .widened, into: &gathering)
                    if date.year > 0 {
                        gathering.addFew(
                            .yearAndName, DateNameKeys.yearAndName(date.year, keys.sound), [.widened, .words], most: few
                        )
                    }
                }
                let name = DateNameKeys.name(keys.sound)
                if query.date.readings.isEmpty {
                    gathering.add(.name, name, [.widened, .words])
                } else {
                    gathering.addFew(.name, name, [.widened, .words], most: few)
                }
            }
        }
    }

    private static func number(_ reading: NumberReading, _ index: RegisterIndex, into gathering: inout Gathering) {
        for fragment in reading.fragments { fragment.keys { gathering.add($0, $1, .number) } }
        for form in reading.forms {
            for ordinal in index.holders(of: form.number) { gathering.add(ordinal, .number) }
            guard form.number.isDigits, form.source != .oneOfSeveral else { continue }
            let length = form.number.length
            if index.hasNumbers(ofLength: length) {
                NumberKeys.parts(form.number) { gathering.add($0, $1, .number) }
                NumberKeys.acrossBlocks(form.number) { swapped in
                    for ordinal in index.holders(of: swapped) { gathering.add(ordinal, .number) }
                }
            }
            guard form.source != .zerosRestored else { continue }
            for meant in [length - 1, length + 1, length + 2] where index.hasNumbers(ofLength: meant) {
                NumberKeys.parts(form.number, meaning: meant) { gathering.add($0, $1, .number) }
            }
        }
    }

    private static func pairs(
        _ date: DateParts, _ keys: NameKeys, _ way: Gathering.Way, into gathering: inout Gathering
    ) {
        for pair in DateNameKeys.Pair.allCases {
            guard let code = pair.code(date) else { continue }
            let way = way.union(.words)
            if keys.surnameAndGiven != 0 {
                gathering.add(pair.withSurnameGiven, pair.withSurnameGiven.key(code, keys.surnameAndGiven), way)
            }
            if keys.middleAndGiven != 0 {
                gathering.add(pair.withMiddleGiven, pair.withMiddleGiven.key(code, keys.middleAndGiven), way)
            }
        }
    }

    /// The full dates that may have been meant: as read, day and month exchanged, a century off.
    private static func meantDates(_ reading: DateReading) -> [DateParts] {
        var dates: [DateParts] = []
        func add(_ date: DateParts) {
            if date.isFull, !dates.contains(date) { dates.append(date) }
        }
        for date in reading.readings { add(date) }
        for date in reading.readings {
            if date.day <= 12 { add(date.swapped) }
            if date.year < 1870 { add(date.adding(years: 100)) }
            if date.year >= 2000, date.year < 2030 { add(date.adding(years: -100)) }
            if date.year >= 1900, date.year < 1930 { add(date.adding(years: 100)) }
        }
        return dates
    }

    /// Each word as if it were the given name.
    private static func wordKeys(_ reading: Reading) -> [UInt64] {
        guard reading.words.count <= 6 else { return [] }
        return reading.foldedWords.map { NameKeys(foldedWords: [$0]).given }
    }
}
