/// The ways in which facilities typed a person wrongly, each a named function of its own; how often each happens stands in a
/// file (`ErrorRates`).
///
/// A class changes what its name says and nothing else. It gives nil where it does not apply (no day/month swap on
/// the 7th of July); then the row stays as it is. To add one: write the function, name it in `classes`, give it a rate.
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
    let population: Population

    /// Somebody of the same household.
    func relative(_ random: inout Xoshiro) -> Person? {
        let relatives = population.relatives(of: person.index)
        return relatives.isEmpty ? nil : population.person(random.pick(relatives))
    }

    /// Anybody else.
    func stranger(_ random: inout Xoshiro) -> Person? {
        let index = random.below(population.count)
        return index == person.index ? nil : population.person(index)
    }
}

struct EntryError: Sendable {
    typealias Change = @Sendable (TypedIdentity, Entrant, inout Xoshiro) -> TypedIdentity?

    let name: String
    let outcome: ExpectedOutcome
    let change: Change

    init(_ name: String, _ outcome: ExpectedOutcome, _ change: @escaping Change) {
        self.name = name
        self.outcome = outcome
        self.change = change
    }

    /// Every class.
    static let classes: [EntryError] = dirt + names + people + dates + numbers + unusable

    /// Dirt that the check's normalisation takes away.
    private static let dirt = [
        EntryError("decomposed-text", .right, Errors.decomposedText),
        EntryError("odd-spaces", .right, Errors.oddSpaces),
        EntryError("upper-case", .right, Errors.upperCase),
        EntryError("tone-placement", .right, Errors.tonePlacement),
        EntryError("eth-for-d-stroke", .right, Errors.ethForDStroke),
        EntryError("spaced-number", .right, Errors.spacedNumber),
        EntryError("invisible-character", .right, Errors.invisibleCharacter),
        EntryError("windows-1258-text", .right, Errors.windows1258Text),
        EntryError("known-old-number", .right, Errors.knownOldNumber),
    ]

    private static let names = [
        EntryError("diacritics-lost", .wrong, Errors.diacriticsLost),
        EntryError("one-tone-wrong", .wrong, Errors.oneToneWrong),
        EntryError("hook-for-tilde", .wrong, Errors.hookForTilde),
        EntryError("name-letter-wrong", .wrong, Errors.nameLetterWrong),
        EntryError("name-letter-missing", .wrong, Errors.nameLetterMissing),
        EntryError("name-letters-swapped", .wrong, Errors.nameLettersSwapped),
        EntryError("spelled-by-ear", .wrong, Errors.spelledByEar),
        EntryError("middle-name-missing", .wrong, Errors.middleNameMissing),
        EntryError("middle-name-extra", .wrong, Errors.middleNameExtra),
        EntryError("name-abbreviated", .wrong, Errors.nameAbbreviated),
        EntryError("name-order", .wrong, Errors.nameOrder),
        EntryError("name-glued", .wrong, Errors.nameGlued),
        EntryError("title-in-name", .wrong, Errors.titleInName),
        EntryError("note-in-name", .wrong, Errors.noteInName),
        EntryError("telex-residue", .wrong, Errors.telexResidue),
        EntryError("vni-residue", .wrong, Errors.vniResidue),
        EntryError("viqr-text", .wrong, Errors.viqrText),
        EntryError("tcvn3-text", .wrong, Errors.tcvn3Text),
        EntryError("vni-font-text", .wrong, Errors.vniFontText),
        EntryError("windows-1258-misread", .wrong, Errors.windows1258Misread),
        EntryError("utf-8-misread", .wrong, Errors.utf8Misread),
    ]

    private static let people = [
        EntryError("surname-changed", .wrong, Errors.surnameChanged),
        EntryError("relatives-name", .wrong, Errors.relativesName),
        EntryError("relatives-number", .wrong, Errors.relativesNumber),
        EntryError("relatives-birth-date", .wrong, Errors.relativesBirthDate),
        EntryError("strangers-number", .wrong, Errors.strangersNumber),
        EntryError("sex-flipped", .wrong, Errors.sexFlipped),
    ]

    private static let dates = [
        EntryError("day-month-swap", .wrong, Errors.dayMonthSwap),
        EntryError("birth-date-digit", .wrong, Errors.birthDateDigit),
        EntryError("first-of-january", .wrong, Errors.firstOfJanuary),
        EntryError("other-birth-date", .wrong, Errors.otherBirthDate),
    ]

    private static let numbers = [
        EntryError("one-digit", .wrong, Errors.oneDigit),
        EntryError("two-digits", .wrong, Errors.twoDigits),
        EntryError("transposition", .wrong, Errors.transposition),
        EntryError("unknown-old-number", .wrong, Errors.unknownOldNumber),
    ]

    /// Cannot be verified.
    private static let unusable = [
        EntryError("no-number", .noID, Errors.noNumber),
        EntryError("leading-zero-lost", .badFormat, Errors.leadingZeroLost),
        EntryError("digit-missing", .badFormat, Errors.digitMissing),
        EntryError("letter-o-for-zero", .badFormat, Errors.letterOForZero),
        EntryError("phone-as-number", .badFormat, Errors.phoneAsNumber),
        EntryError("scientific-notation", .badFormat, Errors.scientificNotation),
        EntryError("bare-year", .missingItem, Errors.bareYear),
        EntryError("birth-date-missing", .missingItem, Errors.birthDateMissing),
        EntryError("impossible-date", .missingItem, Errors.impossibleDate),
        EntryError("sex-missing", .missingItem, Errors.sexMissing),
        EntryError("name-missing", .missingItem, Errors.nameMissing),
    ]

    static func named(_ name: String) -> EntryError? { classes.first { $0.name == name } }
}
