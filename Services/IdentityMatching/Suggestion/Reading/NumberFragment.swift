/// What is left of a personal number that was cut, masked or turned into a floating-point number: some of its twelve digits
/// at their places.
///
/// `6.71610E+10`, 67161000000, 079***025109, 0511570132, 025109: none of them is a number that could be looked up, and each
/// tells province, sex and year of birth, or the digits in order of birth.
struct NumberFragment: Hashable, Sendable {
    /// Four bits a digit, the first highest; and 15 where the digit is known.
    private let digits: UInt64
    private let known: UInt64

    private static let length = 12

    /// - Parameter places: the first place of the digits, counted from 0; outside of it nothing is known.
    private init(_ text: [UInt8], at place: Int) {
        var (digits, known): (UInt64, UInt64) = (0, 0)
        for (offset, byte) in text.enumerated() {
            let shift = UInt64(4 * (Self.length - 1 - place - offset))
            if byte >= 0x30, byte <= 0x39 {
                digits |= UInt64(byte & 0xF) << shift
                known |= 0xF << shift
            }
        }
        (self.digits, self.known) = (digits, known)
    }

    /// Whether a number has all the digits that are known.
    func agrees(with number: PackedNumber) -> Bool {
        number.length == Self.length && (number.bits ^ digits) & known == 0
    }

    /// How many of these places are known.
    func count(_ start: Int, _ end: Int) -> Int {
        (start..<end).count { known >> UInt64(4 * (Self.length - 1 - $0)) & 1 == 1 }
    }

    /// The keys of the blocks that are known, where three of the four are.
    func keys(_ body: (KeyFamily, UInt64) -> Void) {
        let blocks = [0, 3, 6, 9].map { count($0, $0 + 3) == 3 }
        guard blocks.count(where: { $0 }) == 3, let open = blocks.firstIndex(of: false) else { return }
        let families: [KeyFamily] = [
            .numberWithoutFirst, .numberWithoutSecond, .numberWithoutThird, .numberWithoutFourth,
        ]
        NumberKeys.parts(PackedNumber(bits: UInt64(Self.length) << 56 | digits)) { family, key in
            if family == families[open] { body(family, key) }
        }
    }

    // MARK: Reading

    /// What a text may be a fragment of; empty where it is none.
    static func read(_ text: String, isScientific: Bool) -> [NumberFragment] {
        let bytes = text.utf8.filter { $0 > 0x20 && $0 != 0x27 }
        if isScientific { return scientific(bytes) }
        if let masked = masked(bytes) { return [masked] }
        guard bytes.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return [] }
        let zeros = bytes.reversed().prefix { $0 == 0x30 }.count
        if zeros >= 4, bytes.count >= 9, bytes.count <= length, zeros < bytes.count {
            return rounded(bytes.dropLast(zeros), width: bytes.count)
        }
        guard bytes.count >= 6, bytes.count <= 10 else { return [] }
        let end = NumberFragment(bytes, at: length - bytes.count)
        return bytes[0] == 0x30 ? [NumberFragment(bytes, at: 0), end] : [end]
    }

    /// The digits shown, or one less in the last place: the number was rounded.
    private static func rounded(_ shown: some Collection<UInt8>, width: Int) -> [NumberFragment] {
        guard width <= length else { return [] }
        let lost = [UInt8](repeating: 0x30, count: length - width)
        var below = Array(shown)
        var place = below.count - 1
        while place >= 0 {
            if below[place] > 0x30 {
                below[place] -= 1
                break
            }
            below[place] = 0x39
            place -= 1
        }
        return [NumberFragment(lost + Array(shown), at: 0), NumberFragment(lost + below, at: 0)]
    }

    /// `1.09E+11`, `5,22030062E+10`.
    private static func scientific(_ bytes: [UInt8]) -> [NumberFragment] {
        guard let mark = bytes.firstIndex(where: { $0 | 0x20 == 0x65 }) else { return [] }
        let shown = bytes[..<mark].filter { $0 >= 0x30 && $0 <= 0x39 }
        let power = bytes[mark...].reduce(0) { $1 >= 0x30 && $1 <= 0x39 ? min(99, $0 * 10 + Int($1 & 0xF)) : $0 }
        guard power >= 7, power < length, shown.count > 1, shown.count <= power + 1 else { return [] }
        return rounded(shown, width: power + 1)
    }

    /// `079***025109`: twelve places, some of them hidden.
    private static func masked(_ bytes: [UInt8]) -> NumberFragment? {
        guard bytes.count == length else { return nil }
        var hidden = 0
        for byte in bytes {
            switch byte {
            case 0x30...0x39: continue
            case UInt8(ascii: "*"), UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "#"), UInt8(ascii: "_"):
                hidden += 1
            default: return nil
            }
        }
        return hidden > 0 && hidden <= 9 ? NumberFragment(bytes, at: 0) : nil
    }
}
