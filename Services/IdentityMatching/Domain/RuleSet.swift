/// One step by which what was typed and what the register holds are made comparable.
///
/// Every step has a name of its own, so that a verdict's rule version says exactly what was done. A step that is not
/// here is not done: diacritics, `đ`, i/y, words and their order are never folded, and nothing is repaired.
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
    /// Unicode White_Space trimmed and collapsed to one space.
    case spacesCollapsed = "spaces-collapsed"
    /// Full case folding, the result composed again.
    case caseFolded = "case-folded"
    /// hòa = hoà, khỏe = khoẻ, thúy = thuý: open syllables oa, oe, uy that do not follow q.
    case tonePlacementUnified = "tone-placement-unified"
    /// Spaces and full stops inside a number.
    case numberSeparatorsRemoved = "number-separators-removed"
}

/// The rules of VERIFY under one version; the version stands in every verdict.
///
/// A register generation is normalised when it is loaded and carries the version too: a set with other rules needs the
/// generation loaded again.
struct RuleSet: Sendable {
    let version: String
    let names: [NormalisationRule]
    let numbers: [NormalisationRule]
    /// Sex and date of birth.
    let values: [NormalisationRule]

    /// `matching.md` §0, version 1.
    static let current = RuleSet(
        version: "1",
        names: [
            .invisibleCharactersRemoved, .canonicalComposition, .capitalEthIsDStroke, .apostrophesUnified,
            .fullWidthDigitsNarrowed, .spacesCollapsed, .caseFolded, .tonePlacementUnified,
        ],
        numbers: [.invisibleCharactersRemoved, .fullWidthDigitsNarrowed, .numberSeparatorsRemoved],
        values: [
            .invisibleCharactersRemoved, .canonicalComposition, .fullWidthDigitsNarrowed, .spacesCollapsed,
            .caseFolded,
        ])
}
