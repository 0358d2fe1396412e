import Foundation

/// The normalisation rules one by one, over Unicode scalars: what the rules mean.
///
/// `NameNormaliser` does the same several times faster for the letters that names are made of, with tables that are
/// computed from these functions.
extension NormalisationRule {
    func apply(to text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        switch self {
        case .invisibleCharactersRemoved: text.filter { $0.properties.generalCategory != .format }
        case .canonicalComposition: Self.composed(text)
        case .capitalEthIsDStroke: text.map { $0 == "\u{D0}" ? "\u{110}" : $0 }
        case .apostrophesUnified: text.map(Self.apostrophe)
        case .fullWidthDigitsNarrowed: text.map(Self.narrowDigit)
        case .leadingApostropheRemoved: Self.withoutLeadingApostrophe(text)
        case .dashesAreSpaces: text.map { $0.properties.isDash ? " " : $0 }
        case .fullStopsAreSpaces: text.map { $0 == "." || $0 == "," ? " " : $0 }
        case .spacesCollapsed: Self.spacesCollapsed(text)
        case .numberSeparatorsRemoved: text.filter { !$0.properties.isWhitespace && $0 != "." }
        case .numberDashesRemoved: text.filter { !$0.properties.isDash }
        case .dateSeparatorsUnified: Self.dateSeparatorsUnified(text)
        case .caseFolded: Self.composed(text.flatMap(Self.folded))
        case .tonePlacementUnified: TonePlacement.unified(text, by: TonePlacement.unify)
        case .syllableToneUnified: TonePlacement.unified(text, by: SyllableTone.unify)
        }
    }

    static func composed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        if text.allSatisfy(\.isASCII) { return text }
        return Array(string(text).precomposedStringWithCanonicalMapping.unicodeScalars)
    }

    private static func apostrophe(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "\u{2019}", "\u{2BC}", "\u{60}", "\u{B4}": "\u{27}"
        default: scalar
        }
    }

    static func narrowDigit(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard scalar.value >= 0xFF10, scalar.value <= 0xFF19 else { return scalar }
        return Unicode.Scalar(UInt8(scalar.value - 0xFF10 + 0x30))
    }

    /// Any of the apostrophes that are one in names.
    private static func withoutLeadingApostrophe(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let start = text.firstIndex { !$0.properties.isWhitespace } ?? text.startIndex
        guard start < text.endIndex, apostrophe(text[start]) == "\u{27}" else { return text }
        return Array(text[(start + 1)...])
    }

    /// Ten characters with a full stop or a dash after the second and the fifth.
    private static func dateSeparatorsUnified(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard text.count == 10, text[2] == text[5], text[2] == "." || text[2].properties.isDash else { return text }
        var text = text
        text[2] = "/"
        text[5] = "/"
        return text
    }

    private static func spacesCollapsed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        for scalar in text {
            if scalar.properties.isWhitespace {
                if let last = result.last, last != " " { result.append(" ") }
            } else {
                result.append(scalar)
            }
        }
        if result.last == " " { result.removeLast() }
        return result
    }

    /// Full case folding (CaseFolding.txt, C and F), which is lower case of upper case of lower case, but for the
    /// dotless i, which folds to itself. ŉ folds to an apostrophe and n: the apostrophe is unified like any other.
    private static func folded(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        if scalar.isASCII {
            return scalar.value >= 0x41 && scalar.value <= 0x5A
                ? [Unicode.Scalar(UInt8(scalar.value + 0x20))] : [scalar]
        }
        if scalar == "\u{131}" { return [scalar] }
        var result: [Unicode.Scalar] = []
        for lower in scalar.properties.lowercaseMapping.unicodeScalars {
            for upper in lower.properties.uppercaseMapping.unicodeScalars {
                result.append(contentsOf: upper.properties.lowercaseMapping.unicodeScalars.map(apostrophe))
            }
        }
        return result
    }

    static func string(_ scalars: [Unicode.Scalar]) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }
}

extension [NormalisationRule] {
    /// The text after all rules, in their order.
    func normalise(_ text: String) -> String {
        NormalisationRule.string(reduce([Unicode.Scalar](text.unicodeScalars)) { $1.apply(to: $0) })
    }
}
