/// One step by which what was typed and what the register holds are made comparable.
///
/// Every step has a name of its own, so that a verdict's rule version says exactly what was done. A step that is not
/// here is not done: diacritics, `đ`, i/y, words and their order are never folded, and nothing is repaired. The order of
/// the cases is the order in which the steps are applied, whatever a set lists first.
enum NormalisationRule: String, CaseIterable, Sendable {
    /// Unicode category Cf: zero-width characters, soft hyphens, byte order marks, direction marks.
    case invisibleCharactersRemoved = "invisible-characters-removed"
    /// Unicode normalisation form C.
    case canonicalComposition = "nfc"
    /// Ð (U+00D0, Icelandic) typed for Đ (U+0110).
    case capitalEthIsDStroke = "capital-eth-is-d-stroke"
    /// U+2019, U+02BC, U+0060 and U+00B4 are U+0027.
    case apostrophesUnified = "apostrophes-unified"
    /// U+FF10…U+FF19 are 0…9.
    case fullWidthDigitsNarrowed = "full-width-digits-narrowed"
    /// Not of version 1: an apostrophe before a number, by which a spreadsheet keeps it a text.
    case leadingApostropheRemoved = "leading-apostrophe-removed"
    /// Not of version 1: hyphens and dashes in a name are spaces (Niê-Kđăm = Niê Kđăm).
    case dashesAreSpaces = "dashes-are-spaces"
    /// Not of version 1: full stops and commas in a name are spaces (Đỗ Thị Thúy. = Đỗ Thị Thúy).
    case fullStopsAreSpaces = "full-stops-are-spaces"
    /// Unicode White_Space trimmed and collapsed to one space.
    case spacesCollapsed = "spaces-collapsed"
    /// Spaces and full stops inside a number.
    case numberSeparatorsRemoved = "number-separators-removed"
    /// Not of version 1: hyphens and dashes inside a number (079-187-012-345).
    case numberDashesRemoved = "number-dashes-removed"
    /// Not of version 1: `dd-MM-yyyy` and `dd.MM.yyyy` are `dd/MM/yyyy`; day first, never month first.
    case dateSeparatorsUnified = "date-separators-unified"
    /// Full case folding, the result composed again.
    case caseFolded = "case-folded"
    /// hòa = hoà, khỏe = khoẻ, thúy = thuý: open syllables oa, oe, uy that do not follow q.
    case tonePlacementUnified = "tone-placement-unified"
    /// Not of version 1: a syllable's one tone mark on whichever of its neighbouring vowels (hòan = hoàn, qúy = quý).
    /// Which vowels they are, and which tone, still decides.
    case syllableToneUnified = "syllable-tone-unified"

    /// What a rule is applied to.
    enum Item: CaseIterable, Sendable { case names, numbers, values }

    /// Where a set that adds this rule to those of version 1 applies it.
    var items: [Item] {
        switch self {
        case .dashesAreSpaces, .fullStopsAreSpaces, .syllableToneUnified, .tonePlacementUnified, .capitalEthIsDStroke,
            .apostrophesUnified:
            [.names]
        case .leadingApostropheRemoved, .numberSeparatorsRemoved, .numberDashesRemoved: [.numbers]
        case .dateSeparatorsUnified: [.values]
        case .canonicalComposition, .spacesCollapsed, .caseFolded: [.names, .values]
        case .invisibleCharactersRemoved, .fullWidthDigitsNarrowed: Item.allCases
        }
    }

    /// The rules that a set may add.
    static let addable: [NormalisationRule] = allCases.filter { !RuleSet.first.rules.contains($0) }
}

/// The rules of VERIFY under one version; the version stands in every verdict that was given under it.
///
/// Version 1 is `matching.md` §0 and the floor: another set adds rules of the catalogue to it and takes none away. Which
/// set judges is not a constant but a row beside the register's state (`StandingRegister.rules`); the sets themselves are
/// rows too (`RuleSets`), so that one can be proposed and tried without a new program. Names are normalised on both sides
/// when they are compared, so a generation belongs to no set.
///
/// A class because batches hand it on with every record: one reference instead of five. It never changes.
final class RuleSet: Hashable, Sendable {
    let version: String
    /// Beyond those of version 1, in the order of the catalogue.
    let added: [NormalisationRule]
    let names: [NormalisationRule]
    let numbers: [NormalisationRule]
    /// Sex and date of birth.
    let values: [NormalisationRule]

    init(version: String, adding added: some Sequence<NormalisationRule>) {
        let extra = Set(added)
        func inOrder(_ first: [NormalisationRule], _ item: NormalisationRule.Item) -> [NormalisationRule] {
            let all = Set(first).union(extra.filter { $0.items.contains(item) })
            return NormalisationRule.allCases.filter(all.contains)
        }
        self.version = version
        names = inOrder(Self.namesOfFirst, .names)
        numbers = inOrder(Self.numbersOfFirst, .numbers)
        values = inOrder(Self.valuesOfFirst, .values)
        let first = Set(Self.namesOfFirst + Self.numbersOfFirst + Self.valuesOfFirst)
        self.added = NormalisationRule.allCases.filter { extra.contains($0) && !first.contains($0) }
    }

    static func == (one: RuleSet, other: RuleSet) -> Bool {
        one === other || one.version == other.version && one.added == other.added
    }

    func hash(into hasher: inout Hasher) { hasher.combine(version) }

    /// Every rule that it applies to anything.
    var rules: [NormalisationRule] {
        NormalisationRule.allCases.filter { names.contains($0) || numbers.contains($0) || values.contains($0) }
    }

    private static let namesOfFirst: [NormalisationRule] = [
        .invisibleCharactersRemoved, .canonicalComposition, .capitalEthIsDStroke, .apostrophesUnified,
        .fullWidthDigitsNarrowed, .spacesCollapsed, .caseFolded, .tonePlacementUnified,
    ]
    static let numbersOfFirst: [NormalisationRule] = [
        .invisibleCharactersRemoved, .fullWidthDigitsNarrowed, .numberSeparatorsRemoved,
    ]
    private static let valuesOfFirst: [NormalisationRule] = [
        .invisibleCharactersRemoved, .canonicalComposition, .fullWidthDigitsNarrowed, .spacesCollapsed, .caseFolded,
    ]

    /// `matching.md` §0, version 1: what stands until somebody switches.
    static let first = RuleSet(version: "1", adding: [])

    /// A candidate: dirt of typing and of spreadsheets that §0 counts as a difference. It never folds a letter.
    static let second = RuleSet(
        version: "2",
        adding: [
            .leadingApostropheRemoved, .dashesAreSpaces, .fullStopsAreSpaces, .numberDashesRemoved,
            .dateSeparatorsUnified, .syllableToneUnified,
        ])

    /// The sets that come with the service.
    static let builtIn = [first, second]
}
