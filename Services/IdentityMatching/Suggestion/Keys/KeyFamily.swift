/// The equality keys by which persons are found: no scan ever compares a record with the whole register.
///
/// What they cover, whatever else is wrong with the record:
/// - *the number*: any damage within one of its four blocks leaves the other three whole (`numberWithout…`): every one-digit
///   error, every transposition inside a block, one digit lost or put in. The three transpositions across two blocks,
///   restored zeros and letters for digits are exact look-ups of what was meant.
/// - *number absent or wholly another's*: the birth date with the given name, or with the words before it (any error in one
///   of the two), by ear; any two parts of the birth date with surname and given name, or with all but the surname
///   (any error in one part of the date and in the middle name, or in the surname); the year with the whole name.
/// - *several items at once*: the residence commune with the given name or with the year of birth, where the record has one.
/// - Where buckets are small, the birth date alone and the whole name alone; the caller skips buckets above a cap.
enum KeyFamily: UInt8, CaseIterable, Sendable {
    /// Personal or old number, whole.
    case number = 1
    case numberWithoutFirst
    case numberWithoutSecond
    case numberWithoutThird
    case numberWithoutFourth
    case birthDate
    case birthDateAndGiven
    case birthDateAndOthers
    case yearMonthSurnameGiven
    case yearDaySurnameGiven
    case monthDaySurnameGiven
    case yearMonthMiddleGiven
    case yearDayMiddleGiven
    case monthDayMiddleGiven
    case yearAndName
    case name
    case communeAndGiven
    case communeAndYear

    /// The hash of a key of this family.
    @inline(__always)
    func key(_ first: UInt64, _ second: UInt64 = 0) -> UInt64 {
        Mixing.spread(Mixing.mix(first, second &+ UInt64(rawValue) &* 0x9E37_79B9_7F4A_7C15))
    }
}
