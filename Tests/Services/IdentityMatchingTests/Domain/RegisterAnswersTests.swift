import RecordModel
import Testing

@testable import IdentityMatching

@Suite("The persons who hold a batch's numbers")
struct RegisterAnswersTests {
    private static let numbers: [IDNumber] = [
        .old(123_456_789), .personal(79_187_012_345), .absent, .personal(1), .malformed("x"), .old(7),
        .personal(79_187_012_345), .old(123_456_789), .personal(999_999_999_999),
    ]

    @Test("each number is asked once, in order, and every place of the batch finds its own")
    func asked() {
        let asked = AskedNumbers(Self.numbers)
        #expect(Array(asked.personalIDs) == [1, 79_187_012_345, 999_999_999_999])
        #expect(Array(asked.oldIDs) == [7, 123_456_789])
        for (index, number) in Self.numbers.enumerated() {
            let place = Int(asked.places[index])
            #expect(AskedNumbers.key(of: number) == (place < 0 ? nil : asked.keys[place]))
        }
    }

    @Test("a batch larger than a sort's short way is asked the same way")
    func large() {
        var generator = SeededGenerator(seed: 11)
        let numbers = (0..<5_000).map { _ in
            IDNumber.personal(Int64.random(in: 0..<1_000_000_000_000, using: &generator) % 4_000 * 250_000_001)
        }
        let asked = AskedNumbers(numbers)
        #expect(asked.keys == Set(numbers.compactMap(AskedNumbers.key)).sorted())
        for index in numbers.indices {
            #expect(asked.keys[Int(asked.places[index])] == AskedNumbers.key(of: numbers[index]))
        }
    }

    @Test("persons may come in any order; of several holders the lowest personal id is first; strangers disturb nobody")
    func holders() {
        let asked = AskedNumbers(Self.numbers)
        var answers = RegisterAnswers(to: asked)
        func add(_ key: Int64, _ id: Int64, _ name: String) {
            answers.add(
                key: key, personalID: id, sex: .male, birthDate: CalendarDate(daysSince1970: 0), keyID: id
            ) { $0.append(contentsOf: name.utf8) }
        }
        add(AskedNumbers.key(ofOld: 123_456_789), 30, "C")
        add(79_187_012_345, 79_187_012_345, "Đỗ An")
        add(5, 5, "nobody asked")
        add(AskedNumbers.key(ofOld: 123_456_789), 20, "B")
        answers.complete()
        func found(_ index: Int) -> [String] {
            answers.holders(at: index).map { holder in
                answers.withName(of: answers[holder]) { name in
                    String(decoding: name.indices.map { name[$0] }, as: UTF8.self)
                }
            }
        }
        #expect(found(0) == ["B", "C"] && found(7) == ["B", "C"])
        #expect(found(1) == ["Đỗ An"] && found(6) == ["Đỗ An"])
        for index in [2, 3, 4, 5, 8] { #expect(found(index).isEmpty) }
    }
}
