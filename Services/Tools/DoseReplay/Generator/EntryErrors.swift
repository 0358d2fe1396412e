/// The ways in which facilities typed a person wrongly, each a named function of its own, with its rate.
///
/// A class changes what its name says and nothing else. It gives nil where it does not apply (no day/month swap on
/// the 7th of July); then the row stays as it is. The rates follow the public figures of April 2022: 66 % right,
/// 23 % wrong, 11 % without a usable number or with an item missing; how the 23 % divide is this project's guess.
import RecordModel

/// What the official check says of a row with this class (`matching.md` §0).
enum ExpectedOutcome: String, Sendable {
    case right
    case wrong
    case noID = "no-id"
    case badFormat = "bad-format"
    case missingItem = "missing-item"
    case exempt
    case refused
}

/// What a class may look at besides the typed items.
struct Entrant {
    let person: Person
    /// Numbers of others in the household.
    let relativeIDs: [String]
    let phone: String
}

struct EntryError: Sendable {
    typealias Change = @Sendable (TypedIdentity, Entrant, inout Xoshiro) -> TypedIdentity?

    let name: String
    let outcome: ExpectedOutcome
    /// Of 10,000 registrations of a person at a facility.
    let perMyriad: Int
    let change: Change

    init(_ name: String, _ outcome: ExpectedOutcome, _ perMyriad: Int, _ change: @escaping Change) {
        self.name = name
        self.outcome = outcome
        self.perMyriad = perMyriad
        self.change = change
    }

    /// Every class; what is left of 10,000 is typed cleanly.
    static let table: [EntryError] = [
        // Dirt that the check's normalisation takes away.
        EntryError("decomposed-text", .right, 300, Errors.decomposedText),
        EntryError("odd-spaces", .right, 300, Errors.oddSpaces),
        EntryError("upper-case", .right, 700, Errors.upperCase),
        EntryError("tone-placement", .right, 500, Errors.tonePlacement),
        EntryError("eth-for-d-stroke", .right, 100, Errors.ethForDStroke),
        EntryError("spaced-number", .right, 150, Errors.spacedNumber),
        EntryError("invisible-character", .right, 60, Errors.invisibleCharacter),
        EntryError("known-old-number", .right, 450, Errors.knownOldNumber),
        // Wrong: the number, or one of the three other items, is not the register's.
        EntryError("diacritics-lost", .wrong, 450, Errors.diacriticsLost),
        EntryError("one-tone-wrong", .wrong, 190, Errors.oneToneWrong),
        EntryError("name-letter-wrong", .wrong, 190, Errors.nameLetterWrong),
        EntryError("middle-name-missing", .wrong, 140, Errors.middleNameMissing),
        EntryError("name-order", .wrong, 60, Errors.nameOrder),
        EntryError("day-month-swap", .wrong, 330, Errors.dayMonthSwap),
        EntryError("birth-date-digit", .wrong, 150, Errors.birthDateDigit),
        EntryError("first-of-january", .wrong, 100, Errors.firstOfJanuary),
        EntryError("one-digit", .wrong, 380, Errors.oneDigit),
        EntryError("transposition", .wrong, 170, Errors.transposition),
        EntryError("relatives-number", .wrong, 240, Errors.relativesNumber),
        EntryError("unknown-old-number", .wrong, 120, Errors.unknownOldNumber),
        EntryError("sex-flipped", .wrong, 160, Errors.sexFlipped),
        // Cannot be verified.
        EntryError("no-number", .noID, 430, Errors.noNumber),
        EntryError("leading-zero-lost", .badFormat, 290, Errors.leadingZeroLost),
        EntryError("digit-missing", .badFormat, 90, Errors.digitMissing),
        EntryError("letter-o-for-zero", .badFormat, 50, Errors.letterOForZero),
        EntryError("phone-as-number", .badFormat, 50, Errors.phoneAsNumber),
        EntryError("scientific-notation", .badFormat, 20, Errors.scientificNotation),
        EntryError("bare-year", .missingItem, 80, Errors.bareYear),
        EntryError("birth-date-missing", .missingItem, 35, Errors.birthDateMissing),
        EntryError("impossible-date", .missingItem, 20, Errors.impossibleDate),
        EntryError("sex-missing", .missingItem, 20, Errors.sexMissing),
        EntryError("name-missing", .missingItem, 15, Errors.nameMissing),
    ]

    /// The class of a registration; nil for a clean one.
    static let draw: Weighted<EntryError?> = {
        let used = table.reduce(0) { $0 + $1.perMyriad }
        return Weighted(table.map { ($0, $0.perMyriad) } + [(nil, 10_000 - used)])
    }()

    /// Among the wrong classes, for the few registrations that are wrong twice.
    static let drawWrong = Weighted(table.filter { $0.outcome == .wrong }.map { ($0, $0.perMyriad) })
}
