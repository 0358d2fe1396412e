/// How far a typed name agrees with a registered one, the nearest first. The raw value is the level of the weights table.
enum NameAgreement: UInt8, CaseIterable, Comparable, Sendable {
    /// Equal as VERIFY compares.
    case same
    /// Equal once titles, typing residue or an old encoding are read.
    case sameAfterDecoding
    /// The tone mark stands on another letter of the syllable.
    case tonePlacement
    /// Only hỏi and ngã are exchanged.
    case toneByEar
    case toneDiffers
    case diacriticsDiffer
    /// `Nguy?n`: letters lost in a code page that lacks them.
    case lettersLost
    /// Words glued together or split.
    case spacingDiffers
    case orderDiffers
    case soundsAlike
    /// One letter put in, left out, replaced, or two neighbours exchanged.
    case oneEdit
    case abbreviated
    case middleMissing
    case middleExtra
    /// Two small differences.
    case twoEdits
    /// All but the surname agrees: marriage abroad, a change of surname, or no surname typed.
    case surnameDiffers
    /// Surname and given name agree, the words between do not.
    case middleDiffers
    /// Nothing but initials, all of them right.
    case initials
    /// Surname and middle names agree: brothers and sisters, or a given name cut off.
    case givenDiffers
    case givenOnly
    case surnameOnly
    case different
    /// Nothing typed, or nothing registered.
    case absent

    static func < (one: NameAgreement, other: NameAgreement) -> Bool { one.rawValue < other.rawValue }

    /// Whether the name is taken for another person's.
    var isOtherPerson: Bool { self >= .givenDiffers && self != .absent }
}

/// What was seen on the way to an agreement.
struct NameEvidence: OptionSet, Hashable, Sendable {
    let rawValue: UInt32
    static let tones = NameEvidence(rawValue: 1 << 0)
    static let diacritics = NameEvidence(rawValue: 1 << 1)
    static let byEar = NameEvidence(rawValue: 1 << 2)
    static let edit = NameEvidence(rawValue: 1 << 3)
    static let abbreviation = NameEvidence(rawValue: 1 << 4)
    static let order = NameEvidence(rawValue: 1 << 5)
    static let spacing = NameEvidence(rawValue: 1 << 6)
    static let wordMissing = NameEvidence(rawValue: 1 << 7)
    static let wordExtra = NameEvidence(rawValue: 1 << 8)
    static let lostLetters = NameEvidence(rawValue: 1 << 9)
    static let surnameMissing = NameEvidence(rawValue: 1 << 10)
    static let givenMissing = NameEvidence(rawValue: 1 << 11)
}

/// The outcome of one comparison.
struct NameComparison: Hashable, Sendable {
    var agreement: NameAgreement
    /// Which reading of the typed name agrees best.
    var reading: Int
    var source: ReadingSource
    var evidence: NameEvidence
    /// The words of the registered name that agree but for diacritics: bit 0 is the first.
    var agreeingWords: UInt32

    /// What was seen, in words for people: Vietnamese, then English. Holds nothing of the register.
    var text: String { NameEvidenceText.text(of: self) }

    /// The reason in the words of `matching.md` §1.3 and its additions; nil where the names are the same.
    var reason: String? {
        switch agreement {
        case .same: nil
        case .sameAfterDecoding: decodingReason
        case .tonePlacement, .toneByEar, .toneDiffers: "TONE_MARK_DIFFERS"
        case .diacriticsDiffer: "DIACRITICS_ONLY"
        case .lettersLost: "LETTERS_LOST"
        case .spacingDiffers: "SPACING"
        case .orderDiffers: "ORDER"
        case .soundsAlike: "SPELLING_BY_EAR"
        case .oneEdit: "SPELLING_1"
        case .abbreviated, .initials: "ABBREVIATED"
        case .middleMissing: "MIDDLE_MISSING"
        case .middleExtra: "MIDDLE_EXTRA"
        case .twoEdits: "SPELLING_2"
        case .surnameDiffers: "SURNAME_DIFFERS"
        case .middleDiffers: "MIDDLE_DIFFERS"
        case .givenDiffers, .givenOnly, .surnameOnly, .different: "OTHER_PERSON"
        case .absent: "ABSENT"
        }
    }

    private var decodingReason: String {
        switch source {
        case .asTyped, .cleaned: "TITLE_OR_NOTE"
        case .telex, .vni, .viqr: "TYPING_RESIDUE"
        case .tcvn3, .vniWindows, .windows1258, .mojibake: "ENCODING"
        case .lookAlikes: "LOOK_ALIKE"
        }
    }
}
