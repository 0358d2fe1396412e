import RecordModel

/// What keeps a record from being right, item by item, in the words of `matching.md` §1.3. Police side only: it tells
/// about the register. Nothing here decides.
///
/// The reason of each item is one function's, which candidates of SUGGEST are explained by too: `NameComparison`,
/// `NumberReason`, `DateReason`.
struct Differences {
    private var names: NameDifference

    init(rules: RuleSet = .first) { names = NameDifference(rules: rules) }

    /// Fills in what differs from the person of the same number; where several hold an old number, from the nearest.
    mutating func explain(
        _ decision: inout Decision, of record: ReadItems, holders: Range<Int>, in register: RegisterAnswers
    ) {
        if record.nationality == .unknown {
            decision.differences = [Difference(field: "nationality", reason: "UNREADABLE")]
        }
        guard let first = holders.first else {
            var alone = Found(record)
            alone.number = NumberReason.of(.different, NumberForm(record.number))
            decision.differences += alone.differences
            return
        }
        decision.traits.insert(.numberKnown)
        var nearest = compare(record, with: register[first], in: register, &decision.name)
        for holder in holders.dropFirst() {
            let found = compare(record, with: register[holder], in: register, &decision.name)
            if found.count < nearest.count { nearest = found }
        }
        if nearest.name != nil { decision.traits.insert(.nameDiffers) }
        if nearest.birthDate != nil { decision.traits.insert(.birthDateDiffers) }
        if nearest.sex != nil { decision.traits.insert(.sexDiffers) }
        decision.differences += nearest.differences
    }

    /// The reason of each item that differs.
    private struct Found {
        var number: String?
        var name: String?
        var birthDate: String?
        var sex: String?

        /// By the record alone: what is absent or cannot be read.
        init(_ record: ReadItems) {
            if !record.hasName { name = "ABSENT" }
            birthDate = DateReason.of(.absent, record.birthDate.form)
            sex = SexReason.of(record.sex, registered: nil, number: record.number)
        }

        var count: Int {
            (number == nil ? 0 : 1) + (name == nil ? 0 : 1) + (birthDate == nil ? 0 : 1) + (sex == nil ? 0 : 1)
        }

        var differences: [Difference] {
            var differences: [Difference] = []
            differences.reserveCapacity(count)
            if let number { differences.append(Difference(field: "id_number", reason: number)) }
            if let name { differences.append(Difference(field: "name", reason: name)) }
            if let birthDate { differences.append(Difference(field: "date_of_birth", reason: birthDate)) }
            if let sex { differences.append(Difference(field: "sex", reason: sex)) }
            return differences
        }
    }

    private mutating func compare(
        _ record: ReadItems, with person: RegisterAnswers.Person, in register: RegisterAnswers,
        _ prepared: inout PreparedName?
    ) -> Found {
        var found = Found(record)
        if record.hasName {
            found.name = register.withName(of: person) {
                names.reason(typed: record.name, prepared: &prepared, registered: $0)
            }
        }
        found.birthDate = DateReason.of(record.birthDate, registered: person.birthDate)
        found.sex = SexReason.of(record.sex, registered: person.sex, number: record.number)
        let isOther = found.name == "OTHER_PERSON" && found.birthDate == "OTHER"
        found.number = NumberReason.of(isOther ? .ofOther : .same, NumberForm(record.number))
        return found
    }
}
