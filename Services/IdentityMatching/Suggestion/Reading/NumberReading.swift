/// A typed number, read every plausible way.
///
/// The typed form comes first. The others are what one named mistake would have made of it: zeros lost at the front (a
/// spreadsheet), letters for digits (O, I, l), a label before it, two numbers in one cell.
struct NumberReading: Sendable {
    enum Source: UInt8, Sendable {
        case asTyped
        /// `O` for 0, `I` or `l` for 1 and the like.
        case lettersForDigits
        /// Zeros put back at the front.
        case zerosRestored
        /// The digits alone of a text with a label or with two numbers.
        case oneOfSeveral
    }

    struct Form: Hashable, Sendable {
        let number: PackedNumber
        let source: Source
    }

    /// Best first, at most six, no number twice; empty where nothing was typed.
    private(set) var forms: [Form] = []
    /// `1.09E+11`: only the first digits were kept.
    private(set) var isScientific = false
    /// What was typed may be a part of these.
    private(set) var fragments: [NumberFragment] = []
    /// Something was typed, but nothing that could be compared.
    private(set) var isUnreadable = false

    var isAbsent: Bool { forms.isEmpty && !isUnreadable }
    /// As it was typed; `.none` where nothing was.
    var typed: PackedNumber { forms.first?.number ?? .none }

    private static let most = 6

    init(typed text: String) {
        if text.isEmpty { return }
        let cleaned = NumberCleaning.clean(text)
        guard !cleaned.isEmpty else { return }
        if Self.looksScientific(text) {
            isScientific = true
            isUnreadable = true
            fragments = NumberFragment.read(text, isScientific: true)
            return
        }
        add(PackedNumber(cleaned: cleaned), .asTyped)
        if !forms[0].number.isDigits {
            readDigitsAmongLetters(text, cleaned)
        }
        if let whole = Self.withoutFraction(text) { add(PackedNumber(cleaned: whole), .zerosRestored) }
        for form in forms { restoreZeros(of: form.number) }
        if forms[0].number.length != 12 || forms[0].number.bits & 0xFFFF == 0 {
            fragments = NumberFragment.read(text, isScientific: false)
        }
    }

    /// `79148019396.0`: the digits before a fraction of nothing but one or two zeros, which a spreadsheet has added.
    private static func withoutFraction(_ text: String) -> [UInt8]? {
        guard text.utf8.contains(where: { $0 == 0x2E || $0 == 0x2C }) else { return nil }
        let bytes = text.utf8.filter { $0 > 0x20 }
        guard bytes.last == 0x30, let mark = bytes.lastIndex(where: { $0 == 0x2E || $0 == 0x2C }),
            bytes.count - mark <= 3, bytes[(mark + 1)...].allSatisfy({ $0 == 0x30 }), mark >= 9
        else { return nil }
        return bytes[..<mark].filter { $0 >= 0x30 && $0 <= 0x39 }
    }

    private mutating func add(_ number: PackedNumber, _ source: Source) {
        guard forms.count < Self.most, !forms.contains(where: { $0.number == number }) else { return }
        forms.append(Form(number: number, source: source))
    }

    /// A citizen's number begins with 0 and has 12 digits, an old one has 9.
    private mutating func restoreZeros(of number: PackedNumber) {
        let length = number.length
        switch length {
        case 9, 10, 11: add(Self.padded(number, to: 12), .zerosRestored)
        case 6, 7, 8: add(Self.padded(number, to: 9), .zerosRestored)
        case 12:
            // An old number filled up to twelve digits; no province is 000.
            if number.part(0, 3) == 0 { add(PackedNumber(digits: Array(number.digits[3...])), .zerosRestored) }
            if number.part(9, 12) == 0 { add(PackedNumber(digits: Array(number.digits[..<9])), .oneOfSeveral) }
        default: break
        }
    }

    private static func padded(_ number: PackedNumber, to width: Int) -> PackedNumber {
        PackedNumber(bits: UInt64(width) << 56 | number.bits & ((1 << 56) - 1))
    }

    private mutating func readDigitsAmongLetters(_ text: String, _ cleaned: [UInt8]) {
        let digits = cleaned.reduce(0) { $0 + ($1 >= 0x30 && $1 <= 0x39 ? 1 : 0) }
        if cleaned.count <= 14, digits * 2 > cleaned.count {
            let mapped = cleaned.compactMap(Self.digitMeant)
            if mapped.count == cleaned.count { add(PackedNumber(cleaned: mapped), .lettersForDigits) }
        }
        // Runs of digits with nothing but separators in them: after a label, or one of two numbers.
        var run: [UInt8] = []
        var runs: [[UInt8]] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: run.append(byte)
            case 0x20, 0x2E, 0x2D: continue
            default:
                runs.append(run)
                run = []
            }
        }
        runs.append(run)
        // Two numbers without anything between them.
        for run in runs where run.count > 14 && run.count <= 26 {
            for part in [run.prefix(12), run.suffix(12), run.prefix(9), run.suffix(9)] {
                add(PackedNumber(cleaned: part), .oneOfSeveral)
            }
        }
        for run in runs where run.count >= 7 && run.count <= 14 { add(PackedNumber(cleaned: run), .oneOfSeveral) }
    }

    private static func digitMeant(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte
        case UInt8(ascii: "O"), UInt8(ascii: "D"), UInt8(ascii: "Q"): 0x30
        case UInt8(ascii: "I"), UInt8(ascii: "L"): 0x31
        case UInt8(ascii: "Z"): 0x32
        case UInt8(ascii: "A"): 0x34
        case UInt8(ascii: "S"): 0x35
        case UInt8(ascii: "G"): 0x36
        case UInt8(ascii: "T"): 0x37
        case UInt8(ascii: "B"): 0x38
        default: nil
        }
    }

    private static func looksScientific(_ text: String) -> Bool {
        var sawExponent = false
        var digitsAfter = 0
        var digitsBefore = 0
        var sawPoint = false
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39:
                if sawExponent { digitsAfter += 1 } else { digitsBefore += 1 }
            case 0x45, 0x65:
                if sawExponent || digitsBefore == 0 { return false }
                sawExponent = true
            case 0x2E, 0x2C: sawPoint = true
            case 0x2B, 0x20: continue
            default: return false
            }
        }
        return sawExponent && (1...2).contains(digitsAfter) && digitsBefore < (sawPoint ? 12 : 8)
    }
}
