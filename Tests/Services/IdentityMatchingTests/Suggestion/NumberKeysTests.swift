import Testing

@testable import IdentityMatching

@Suite("Keys of numbers")
struct NumberKeysTests {
    static let samples = ["079187012345", "001099000001", "271234567", "5304218", "112233445566", "098765432109"]

    private func number(_ text: String) -> PackedNumber { PackedNumber(cleaned: Array(text.utf8)) }

    /// Whether a record with the typed number meets a person with the registered one by any key that a search looks up.
    private func meets(_ typed: String, _ registered: String) -> Bool {
        let person = number(registered)
        var keys: Set<UInt64> = [NumberKeys.whole(person)]
        NumberKeys.parts(person) { keys.insert($1) }
        var isFound = false
        for form in NumberReading(typed: typed).forms {
            if keys.contains(NumberKeys.whole(form.number)) { return true }
            NumberKeys.parts(form.number) { if keys.contains($1) { isFound = true } }
            NumberKeys.acrossBlocks(form.number) { if keys.contains(NumberKeys.whole($0)) { isFound = true } }
            let length = form.number.length
            for meant in [length - 1, length + 1, length + 2] {
                NumberKeys.parts(form.number, meaning: meant) { if keys.contains($1) { isFound = true } }
            }
        }
        return isFound
    }

    @Test("every error of one digit", arguments: samples)
    func oneDigit(_ sample: String) {
        let digits = Array(sample)
        for place in digits.indices {
            for other in "0123456789" where other != digits[place] {
                var typed = digits
                typed[place] = other
                #expect(meets(String(typed), sample), "\(String(typed))")
                let found = NumberComparer.difference(number(String(typed)), number(sample))
                #expect(found == NumberComparison(agreement: .oneDigit, place: place + 1))
            }
        }
    }

    @Test("every transposition of neighbours", arguments: samples)
    func transpositions(_ sample: String) {
        let digits = Array(sample)
        for place in 0..<(digits.count - 1) where digits[place] != digits[place + 1] {
            var typed = digits
            typed.swapAt(place, place + 1)
            #expect(meets(String(typed), sample), "\(String(typed))")
            let found = NumberComparer.difference(number(String(typed)), number(sample))
            #expect(found == NumberComparison(agreement: .transposed, place: place + 1))
        }
    }

    @Test("every digit left out, every digit put in", arguments: samples)
    func lengths(_ sample: String) {
        let digits = Array(sample)
        for place in digits.indices {
            var typed = digits
            typed.remove(at: place)
            #expect(meets(String(typed), sample), "\(String(typed))")
            #expect(NumberComparer.difference(number(String(typed)), number(sample))?.agreement == .digitMissing)
        }
        for place in 0...digits.count {
            for extra in "0123456789" {
                var typed = digits
                typed.insert(extra, at: place)
                #expect(meets(String(typed), sample), "\(String(typed))")
                #expect(NumberComparer.difference(number(String(typed)), number(sample))?.agreement == .digitExtra)
            }
        }
    }

    @Test("two digits wrong within a block", arguments: samples)
    func block(_ sample: String) {
        let length = sample.count
        let (a, b, c, d, e) = NumberKeys.bounds(length)
        for (start, end) in [(a, b), (b, c), (c, d), (d, e)] where end - start >= 2 {
            var typed = Array(sample)
            for place in start..<end { typed[place] = Character(String((typed[place].wholeNumberValue! + 3) % 10)) }
            #expect(meets(String(typed), sample), "\(String(typed))")
        }
    }

    @Test("zeros lost at the front, letters for digits, labels, two numbers in one cell")
    func forms() {
        #expect(meets("79187012345", "079187012345"))
        #expect(meets("1099000001", "001099000001"))
        #expect(meets("O79187O12345", "079187012345"))
        #expect(meets("CCCD: 079187012345", "079187012345"))
        #expect(meets("079187012345 / 271234567", "271234567"))
        #expect(meets("079.187.012.345", "079187012345"))
        #expect(meets("٠٧٩١٨٧٠١٢٣٤٥", "079187012345"))
        #expect(meets("ab-12 c", "AB12C"))
        #expect(NumberReading(typed: "7.9E+10").isScientific)
        #expect(NumberReading(typed: " . ").isAbsent)
        #expect(!meets("079187012345", "079203456789"))
    }

    @Test("packed numbers keep their digits")
    func packed() {
        for sample in Self.samples { #expect(number(sample).text == sample) }
        #expect(PackedNumber(value: 79_187_012_345, width: 12).text == "079187012345")
        #expect(number("12345678901234567890").text == nil)
        #expect(number("12345678901234567890") != number("12345678901234567891"))
        #expect(number("").isAbsent)
    }
}
