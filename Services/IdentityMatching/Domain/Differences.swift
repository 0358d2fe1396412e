import RecordModel

/// What keeps a record from being right, item by item, in the words of `matching.md` §1.3. Police side only: it tells
/// about the register. Nothing here decides.
enum Differences {
    /// Fills in what differs from the person of the same number; where several hold an old number, from the nearest.
    static func explain(
        _ decision: inout Decision, of record: ReadItems, holders: ArraySlice<RegisterPerson>,
        names: inout NameDifference
    ) {
        if record.nationality == .unknown {
            decision.differences = [Difference(field: "nationality", reason: "UNREADABLE")]
        }
        if !holders.isEmpty { decision.traits.insert(.numberKnown) }
        let explained = holders.map { items(of: record, against: $0, names: &names) }
        guard let nearest = explained.min(by: { $0.count < $1.count }) else {
            decision.differences += items(of: record, against: nil, names: &names)
            return
        }
        for difference in nearest {
            switch difference.field {
            case "name": decision.traits.insert(.nameDiffers)
            case "date_of_birth": decision.traits.insert(.birthDateDiffers)
            case "sex": decision.traits.insert(.sexDiffers)
            default: break
            }
        }
        decision.differences += nearest
    }

    private static func items(
        of record: ReadItems, against person: RegisterPerson?, names: inout NameDifference
    ) -> [Difference] {
        let name = names.reason(
            typed: record.typedName, normalised: record.name, registered: person?.name)
        let birthDate = BirthDateDifference.reason(typed: record.birthDate, registered: person?.birthDate)
        let sex = SexDifference.reason(typed: record.sex, registered: person?.sex, number: record.number)
        var differences: [Difference] = []
        let isOther = name == "OTHER_PERSON" && birthDate == "OTHER"
        if let reason = NumberDifference.reason(record.number, isKnown: person != nil, isOfAnother: isOther) {
            differences.append(Difference(field: "id_number", reason: reason))
        }
        if let name { differences.append(Difference(field: "name", reason: name)) }
        if let birthDate { differences.append(Difference(field: "date_of_birth", reason: birthDate)) }
        if let sex { differences.append(Difference(field: "sex", reason: sex)) }
        return differences
    }
}

enum NumberDifference {
    static func reason(_ number: IDNumber, isKnown: Bool, isOfAnother: Bool) -> String? {
        switch number {
        case .absent: return "ABSENT"
        case .malformed(let text):
            guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return "MALFORMED" }
            return LostZero.isLikely(in: text) ? "LEADING_ZERO_LOST" : "WRONG_LENGTH"
        case .personal:
            return isOfAnother ? "BELONGS_TO_OTHER" : isKnown ? nil : "NOT_IN_REGISTER"
        case .old:
            return isOfAnother ? "BELONGS_TO_OTHER" : isKnown ? nil : "CMND_UNKNOWN"
        }
    }
}

enum SexDifference {
    static func reason(typed: SexReading, registered: Sex?, number: IDNumber) -> String? {
        switch typed {
        case .absent: return "ABSENT"
        case .unreadable: return "UNREADABLE"
        case .known(let sex):
            guard let registered, registered != sex else { return nil }
            if case .personal(let id) = number, PersonalIDDigits(id).sex != sex { return "CONTRADICTS_ID" }
            return "FLIPPED"
        }
    }
}

enum BirthDateDifference {
    static func reason(typed: BirthDateReading, registered: CalendarDate?) -> String? {
        switch typed {
        case .absent: return "ABSENT"
        case .bareYear: return "YEAR_ONLY"
        case .impossible: return "IMPOSSIBLE_DATE"
        case .unreadable: return "UNREADABLE"
        case .known(let date):
            guard let registered, registered != date else { return nil }
            return reason(date, registered)
        }
    }

    private static func reason(_ typed: CalendarDate, _ registered: CalendarDate) -> String {
        let sameDay = typed.day == registered.day && typed.month == registered.month
        if typed.year == registered.year {
            if typed.month == 1, typed.day == 1 { return "YEAR_ONLY" }
            if typed.day == registered.month, typed.month == registered.day { return "DAY_MONTH_SWAP" }
        }
        if sameDay, (typed.year - registered.year) % 100 == 0 { return "CENTURY" }
        let differing = zip(typed.iso.utf8, registered.iso.utf8).filter { $0 != $1 }.count
        return differing == 1 ? "ONE_DIGIT" : "OTHER"
    }
}

/// A number that a spreadsheet has shortened: every personal id given out at home begins with 0.
enum LostZero {
    static func isLikely(in digits: String) -> Bool {
        guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int64(digits) else { return false }
        switch digits.utf8.count {
        case 10, 11: return PersonalIDDigits.looksGivenOut(value)
        case 8: return true
        default: return false
        }
    }
}
