/// Letters and the combining marks of Vietnamese, composed as normalisation form C does it: text from some phones and old
/// programs comes decomposed, wholly or by half (windows-1258: `ê` and a mark).
///
/// Form C of a text and one scalar more is form C of its form C and that scalar, so marks can be joined one after the other.
/// Only letters of a to z and what they become are held.
struct CombiningMarks: Sendable {
    static let shared = CombiningMarks()

    /// Grave, acute, circumflex, tilde, breve, hook above, horn, dot below.
    static let marks: [UInt32] = [0x300, 0x301, 0x302, 0x303, 0x306, 0x309, 0x31B, 0x323]
    private static let end: UInt32 = 0x1F00

    /// For each letter below U+1F00 and each mark the one scalar that they become; 0 where they become none.
    private let composed: [UInt16]

    private init() {
        var composed = [UInt16](repeating: 0, count: Int(Self.end) * Self.marks.count)
        var letters: [UInt32] = Array(0x41...0x5A) + Array(0x61...0x7A)
        var known = Set(letters)
        while let letter = letters.popLast() {
            for (place, mark) in Self.marks.enumerated() {
                let pair = [letter, mark].compactMap(Unicode.Scalar.init)
                let joined = NormalisationRule.composed(pair)
                guard joined.count == 1, let one = joined.first?.value, one < Self.end else { continue }
                composed[Int(letter) * Self.marks.count + place] = UInt16(one)
                if known.insert(one).inserted { letters.append(one) }
            }
        }
        self.composed = composed
    }

    /// Which of the marks it is; nil for any other scalar.
    @inline(__always)
    static func place(of scalar: UInt32) -> Int? {
        if scalar < 0x300 || scalar > 0x323 { return nil }
        switch scalar {
        case 0x300...0x303: return Int(scalar - 0x300)
        case 0x306: return 4
        case 0x309: return 5
        case 0x31B: return 6
        case 0x323: return 7
        default: return nil
        }
    }

    /// The scalar that a letter and a mark become; 0 where they become none.
    func composed(_ letter: UInt32, _ place: Int) -> UInt32 {
        letter < Self.end ? UInt32(composed[Int(letter) * Self.marks.count + place]) : 0
    }
}
