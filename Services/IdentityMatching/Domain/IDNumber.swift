/// A typed identity number, read: what kind it is by its form alone (MAT-13).
///
/// `id_kind` never overrules it, and no digit decides more than that it is a digit: province, century, sex and year
/// inside a number give hints only (`matching.md` §0.3, §0.8).
enum IDNumber: Hashable, Sendable {
    case absent
    /// Twelve digits: citizen's card or personal identification number (số định danh cá nhân).
    case personal(Int64)
    /// Nine digits: the old identity card (CMND).
    case old(Int32)
    /// Anything else, as normalised.
    case malformed(String)

    init(typed text: String, rules: RuleSet = .first) {
        var digits = 0
        var value: Int64 = 0
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39:
                digits += 1
                if digits <= 12 { value = value * 10 + Int64(byte - 0x30) }
            case 0x20, 0x2E, 0x09...0x0D:
                continue
            default:
                self = Self.afterRules(text, rules.numbers)
                return
            }
        }
        switch digits {
        case 0: self = .absent
        case 12: self = .personal(value)
        case 9: self = .old(Int32(value))
        default: self = .malformed(Self.withoutSeparators(text))
        }
    }

    private static func withoutSeparators(_ text: String) -> String {
        var kept: [UInt8] = []
        for byte in text.utf8 where byte != 0x20 && byte != 0x2E && !(0x09...0x0D).contains(byte) { kept.append(byte) }
        return String(decoding: kept, as: UTF8.self)
    }

    /// The way of texts that hold more than digits, spaces and full stops.
    private static func afterRules(_ text: String, _ rules: [NormalisationRule]) -> IDNumber {
        // Of ASCII version 1 takes spaces and full stops away, and nothing else.
        let isPlain = rules == RuleSet.numbersOfFirst && text.utf8.allSatisfy { $0 < 0x80 }
        let normalised = isPlain ? withoutSeparators(text) : rules.normalise(text)
        let digits = normalised.utf8
        if digits.isEmpty { return .absent }
        guard digits.count == 12 || digits.count == 9, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return .malformed(normalised)
        }
        let value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
        return digits.count == 12 ? .personal(value) : .old(Int32(value))
    }

    /// Twelve digits of a personal id, leading zeros included.
    static func text(ofPersonalID id: Int64) -> String { padded(id, 12) }

    /// Nine digits of an old identity card, leading zeros included.
    static func text(ofOldID id: Int32) -> String { padded(Int64(id), 9) }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}

/// What the digits of a personal id say (Decree 137/2015 art. 13): evidence, never a judge.
struct PersonalIDDigits: Sendable {
    let province: Int
    let sex: Sex
    let birthYear: Int

    init(_ id: Int64) {
        province = Int(id / 1_000_000_000)
        let century = Int(id / 100_000_000 % 10)
        sex = century % 2 == 0 ? .male : .female
        birthYear = 1900 + century / 2 * 100 + Int(id / 1_000_000 % 100)
    }

    /// Whether the first digits are those of numbers given out so far: a province (001…096) and a birth before 2100.
    static func looksGivenOut(_ id: Int64) -> Bool {
        let province = id / 1_000_000_000
        return province >= 1 && province <= 96 && id / 100_000_000 % 10 <= 3
    }
}
