import RecordModel

/// The fixed part of a person in the index file, 32 bytes.
///
/// ```
/// 0   personal number (PackedNumber)      25  bytes of the name
/// 8   old number (PackedNumber)           26  residence commune + 1, 0 where there is none (3 bytes)
/// 16  date of birth, and sex above it     29  marks of the given name and of the words before it, by ear
/// 20  place of the text (5 bytes)         31  flags
/// ```
/// The text: a length and the number where it is registered with more than digits, the same of the old number, then the
/// name in the normalised form.
struct PersonRow: Sendable {
    static let size = 32

    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        static let numberIsText = Flags(rawValue: 1)
        static let oldNumberIsText = Flags(rawValue: 2)
    }

    var number: PackedNumber
    var oldNumber: PackedNumber
    var date: DateParts
    var sex: SexMark
    var textPlace: UInt64
    var nameLength: UInt8
    /// The code of the commune as a number.
    var commune: UInt32?
    var givenMark: UInt8
    var otherMark: UInt8
    var flags: Flags

    func write(to bytes: inout [UInt8]) {
        append(number.bits, 8, &bytes)
        append(oldNumber.bits, 8, &bytes)
        append(UInt64(date.code) | UInt64(sex.rawValue) << 27, 4, &bytes)
        append(textPlace, 5, &bytes)
        bytes.append(nameLength)
        append(UInt64(commune.map { $0 + 1 } ?? 0), 3, &bytes)
        bytes.append(givenMark)
        bytes.append(otherMark)
        bytes.append(flags.rawValue)
    }

    private func append(_ value: UInt64, _ count: Int, _ bytes: inout [UInt8]) {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }

    /// Reads the person at this byte offset.
    @inline(__always)
    init(_ file: MappedFile, at place: Int) {
        number = PackedNumber(bits: file.load(place))
        oldNumber = PackedNumber(bits: file.load(place + 8))
        let born: UInt32 = file.load(place + 16)
        date = DateParts(code: born & 0x7FF_FFFF)
        sex = SexMark(rawValue: UInt8(born >> 27 & 3)) ?? .unknown
        let rest: UInt64 = file.load(place + 20)
        textPlace = rest & 0xFF_FFFF_FFFF
        nameLength = UInt8(truncatingIfNeeded: rest >> 40)
        let last: UInt64 = file.load(place + 24)
        let code = UInt32(truncatingIfNeeded: last >> 16 & 0xFF_FFFF)
        commune = code == 0 ? nil : code - 1
        givenMark = UInt8(truncatingIfNeeded: last >> 40)
        otherMark = UInt8(truncatingIfNeeded: last >> 48)
        flags = Flags(rawValue: UInt8(truncatingIfNeeded: last >> 56))
    }

    init(
        number: PackedNumber, oldNumber: PackedNumber, date: DateParts, sex: SexMark, textPlace: UInt64,
        nameLength: UInt8, commune: UInt32?, givenMark: UInt8, otherMark: UInt8, flags: Flags
    ) {
        self.number = number
        self.oldNumber = oldNumber
        self.date = date
        self.sex = sex
        self.textPlace = textPlace
        self.nameLength = nameLength
        self.commune = commune
        self.givenMark = givenMark
        self.otherMark = otherMark
        self.flags = flags
    }
}

/// Sex in two bits.
enum SexMark: UInt8, Sendable {
    case male = 0
    case female = 1
    case unknown = 2

    init(_ reading: SexReading) {
        switch reading {
        case .known(.male): self = .male
        case .known(.female): self = .female
        case .absent, .unreadable: self = .unknown
        }
    }

    /// More words than VERIFY takes.
    init(typed text: String) {
        self.init(SexReading(typed: text))
        guard self == .unknown else { return }
        switch text.filter({ $0 != " " }).lowercased() {
        case "male", "man", "trai", "ông": self = .male
        case "female", "woman", "nu", "gái", "bà": self = .female
        default: break
        }
    }

    init(_ sex: Sex) { self = sex == .male ? .male : .female }

    /// As in `register.csv`.
    var letter: String {
        switch self {
        case .male: "M"
        case .female: "F"
        case .unknown: ""
        }
    }
}
