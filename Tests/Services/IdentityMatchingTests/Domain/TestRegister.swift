import RecordModel

@testable import IdentityMatching

/// A register in memory that is asked as the service asks one: by the numbers of a batch.
struct TestRegister {
    struct Person: Equatable {
        let personalID: Int64
        let oldID: Int32?
        let name: String
        let sex: Sex
        let birthDate: CalendarDate
    }

    private var holders: [Int64: [Person]] = [:]

    init(_ persons: [Person] = []) {
        for person in persons {
            holders[person.personalID, default: []].append(person)
            if let old = person.oldID { holders[AskedNumbers.key(ofOld: old), default: []].append(person) }
        }
    }

    func answers(to numbers: [IDNumber]) -> RegisterAnswers {
        let asked = AskedNumbers(numbers)
        var answers = RegisterAnswers(to: asked)
        // Not in the order of the numbers: answers need none.
        for key in asked.keys.reversed() {
            for person in holders[key] ?? [] {
                answers.add(
                    key: key, personalID: person.personalID, sex: person.sex, birthDate: person.birthDate,
                    keyID: person.personalID
                ) { $0.append(contentsOf: person.name.utf8) }
            }
        }
        answers.complete()
        return answers
    }

    func decide(_ items: ReadItems, by verify: inout Verify) -> Decision {
        let answers = answers(to: [items.askedNumber])
        return verify.decide(items, holders: answers.holders(at: 0), in: answers)
    }

    func decide(_ typed: TypedItems, rules: RuleSet = .first) -> Decision {
        var verify = Verify(rules: rules)
        return decide(verify.read(typed), by: &verify)
    }
}
