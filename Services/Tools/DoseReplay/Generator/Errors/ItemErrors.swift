/// The error classes themselves. Each takes the items as `Population` has them (name in NFC, sex as a letter,
/// ISO date, twelve digits) and gives them back with one thing changed.
import RecordModel

enum Errors {
    // MARK: the name

    @Sendable static func decomposedText(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { VietnameseLetters.decomposed($0) }
    }

    @Sendable static func oddSpaces(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let forms = ["  ", "\u{A0}", " \u{A0}", "   "]
        let between = random.pick(forms)
        let after = random.chance(5000) ? " " : ""
        return changingName(items) { name in
            words(name).joined(separator: between) + after
        }
    }

    @Sendable static func upperCase(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { $0.uppercased() }
    }

    @Sendable static func tonePlacement(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { VietnameseLetters.otherTonePlacement($0) }
    }

    @Sendable static func ethForDStroke(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { name in VietnameseLetters.mapped(name) { $0 == "Đ" ? "\u{D0}" : $0 } }
    }

    @Sendable static func invisibleCharacter(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let mark = random.pick(["\u{200B}", "\u{FEFF}", "\u{200E}"])
        return changingName(items) { words($0).joined(separator: " " + mark) }
    }

    @Sendable static func diacriticsLost(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { VietnameseLetters.withoutDiacritics($0) }
    }

    @Sendable static func oneToneWrong(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        var scalars = Array(items.fullName.unicodeScalars)
        let marked = scalars.indices.filter { VietnameseLetters.vowel(scalars[$0]).map { $0.tone != .level } ?? false }
        guard !marked.isEmpty else { return nil }
        let place = random.pick(marked)
        var vowel = VietnameseLetters.vowel(scalars[place])!
        let others = VietnameseLetters.Tone.allCases.filter { $0 != vowel.tone && $0 != .level }
        vowel.tone = random.pick(others)
        scalars[place] = VietnameseLetters.letter(vowel)
        return changingName(items) { _ in text(scalars) }
    }

    @Sendable static func nameLetterWrong(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        var scalars = Array(items.fullName.unicodeScalars)
        let neighbours: [Unicode.Scalar: Unicode.Scalar] = [
            "n": "m", "m": "n", "h": "g", "g": "h", "t": "r", "r": "t", "c": "v", "l": "k", "v": "c", "s": "x",
            "x": "s",
        ]
        let places = scalars.indices.filter { neighbours[scalars[$0]] != nil }
        guard !places.isEmpty else { return nil }
        let place = random.pick(places)
        scalars[place] = neighbours[scalars[place]]!
        return changingName(items) { _ in text(scalars) }
    }

    @Sendable static func middleNameMissing(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { name in
            let parts = words(name)
            return parts.count < 3 ? nil : parts[0] + " " + parts[parts.count - 1]
        }
    }

    @Sendable static func nameOrder(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { name in
            let parts = words(name)
            return parts.count < 2 ? nil : (parts.dropFirst() + parts.prefix(1)).joined(separator: " ")
        }
    }

    @Sendable static func nameMissing(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingName(items) { _ in "" }
    }

    // MARK: the birth date

    @Sendable static func dayMonthSwap(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingDate(items) { date in
            date.day <= 12 && date.day != date.month
                ? CalendarDate(year: date.year, month: date.day, day: date.month)?.iso : nil
        }
    }

    @Sendable static func birthDateDigit(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let years = random.pick([-10, -1, 1, 10])
        let inDay = random.chance(5000)
        return changingDate(items) { date in
            // A neighbouring day keeps its tens, so that one digit differs.
            if inDay, date.day % 10 != 9,
                let moved = CalendarDate(year: date.year, month: date.month, day: date.day + 1)
            {
                return moved.iso
            }
            let year = date.year + years
            let oneDigit = abs(years) == 10 ? year / 100 == date.year / 100 : year / 10 == date.year / 10
            return oneDigit ? CalendarDate(year: year, month: date.month, day: date.day)?.iso : nil
        }
    }

    @Sendable static func firstOfJanuary(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingDate(items) { $0.month == 1 && $0.day == 1 ? nil : digits($0.year, 4) + "-01-01" }
    }

    @Sendable static func bareYear(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingDate(items) { digits($0.year, 4) }
    }

    @Sendable static func birthDateMissing(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingDate(items) { _ in "" }
    }

    @Sendable static func impossibleDate(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let form = random.pick(["-02-30", "-13-05", "-04-31"])
        return changingDate(items) { digits($0.year, 4) + form }
    }

    // MARK: sex

    @Sendable static func sexFlipped(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingSex(items, items.sex == "M" ? "F" : "M")
    }

    @Sendable static func sexMissing(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingSex(items, "")
    }

    // MARK: the number

    @Sendable static func spacedNumber(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let separator = random.chance(5000) ? " " : "."
        return changingNumber(items) { number in
            stride(from: 0, to: number.count, by: 3).map { start in
                text(Array(number[start..<min(start + 3, number.count)]))
            }.joined(separator: separator)
        }
    }

    @Sendable static func knownOldNumber(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        entrant.person.oldID.isEmpty ? nil : changingNumber(items) { _ in entrant.person.oldID }
    }

    @Sendable static func unknownOldNumber(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        // Series 39 to 99 were never given out here, so the register cannot know the number.
        let number = digits(random.within(39...99), 2) + digits(random.below(10_000_000), 7)
        return changingNumber(items) { _ in number }
    }

    @Sendable static func oneDigit(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let place = random.within(0...11)
        let step = random.within(1...9)
        return changingNumber(items) { number in
            var number = number
            guard place < number.count else { return nil }
            number[place] = digit((value(number[place]) + step) % 10)
            return text(number)
        }
    }

    @Sendable static func transposition(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let start = random.within(0...10)
        return changingNumber(items) { number in
            var number = number
            for step in 0..<(number.count - 1) {
                let place = (start + step) % (number.count - 1)
                if number[place] != number[place + 1] {
                    number.swapAt(place, place + 1)
                    return text(number)
                }
            }
            return nil
        }
    }

    @Sendable static func relativesNumber(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        guard let relative = entrant.relative(&random) else { return nil }
        return changingNumber(items) { _ in relative.personalID }
    }

    @Sendable static func noNumber(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingNumber(items) { _ in "" }
    }

    @Sendable static func leadingZeroLost(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingNumber(items) { number in
            number.first == "0" ? text(Array(number.drop { $0 == "0" })) : nil
        }
    }

    @Sendable static func digitMissing(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let place = random.within(1...11)
        return changingNumber(items) { number in
            var number = number
            guard place < number.count else { return nil }
            number.remove(at: place)
            return text(number)
        }
    }

    @Sendable static func letterOForZero(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingNumber(items) { number in
            var number = number
            guard let place = number.firstIndex(of: "0") else { return nil }
            number[place] = "O"
            return text(number)
        }
    }

    @Sendable static func phoneAsNumber(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingNumber(items) { _ in entrant.person.phone }
    }

    @Sendable static func scientificNotation(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        changingNumber(items) { number in
            let significant = Array(number.drop { $0 == "0" })
            guard significant.count > 3 else { return nil }
            return text([significant[0], "."] + significant[1...2]) + "E+" + digits(significant.count - 1, 2)
        }
    }
}

/// The small steps that the classes share: each changes one item, and answers nil where nothing came of it.
extension Errors {
    static func changingName(_ items: TypedIdentity, _ change: (String) -> String?) -> TypedIdentity? {
        guard let name = change(items.fullName), differs(name, items.fullName) else { return nil }
        var items = items
        items.fullName = name
        return items
    }

    static func changingDate(_ items: TypedIdentity, _ change: (CalendarDate) -> String?) -> TypedIdentity? {
        guard let date = CalendarDate(iso: items.dateOfBirth), let typed = change(date),
            differs(typed, items.dateOfBirth)
        else { return nil }
        var items = items
        items.dateOfBirth = typed
        return items
    }

    static func changingNumber(
        _ items: TypedIdentity, _ change: ([Unicode.Scalar]) -> String?
    ) -> TypedIdentity? {
        let number = Array(items.idNumber.unicodeScalars)
        guard !number.isEmpty, let typed = change(number), differs(typed, items.idNumber) else { return nil }
        var items = items
        items.idNumber = typed
        return items
    }

    static func changingSex(_ items: TypedIdentity, _ sex: String) -> TypedIdentity? {
        guard items.sex != sex else { return nil }
        var items = items
        items.sex = sex
        return items
    }

    /// Strings compare by canonical equivalence; what counts here is what was typed.
    static func differs(_ left: String, _ right: String) -> Bool { !left.utf8.elementsEqual(right.utf8) }

    static func words(_ name: String) -> [String] { name.split(separator: " ").map(String.init) }

    static func text(_ scalars: [Unicode.Scalar]) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    static func value(_ scalar: Unicode.Scalar) -> Int { Int(scalar.value) - 0x30 }
    static func digit(_ value: Int) -> Unicode.Scalar { Unicode.Scalar(UInt8(0x30 + value)) }
}
