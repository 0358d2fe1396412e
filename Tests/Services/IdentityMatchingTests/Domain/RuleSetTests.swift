import Testing

@testable import IdentityMatching

@Suite("Rule sets")
struct RuleSetTests {
    private static let candidates =
        [RuleSet.first, .second] + NormalisationRule.addable.map { RuleSet(version: "x", adding: [$0]) }

    @Test("MAT-02 version 1 is what §0 says, step by step")
    func first() {
        #expect(RuleSet.first.version == "1" && RuleSet.first.added.isEmpty)
        #expect(
            RuleSet.first.names.map(\.rawValue) == [
                "invisible-characters-removed", "nfc", "capital-eth-is-d-stroke", "apostrophes-unified",
                "full-width-digits-narrowed", "spaces-collapsed", "case-folded", "tone-placement-unified",
            ])
        #expect(
            RuleSet.first.numbers.map(\.rawValue) == [
                "invisible-characters-removed", "full-width-digits-narrowed", "number-separators-removed",
            ])
        #expect(
            RuleSet.first.values.map(\.rawValue) == [
                "invisible-characters-removed", "nfc", "full-width-digits-narrowed", "spaces-collapsed", "case-folded",
            ])
    }

    @Test("MAT-02 a set only adds; the order of its list says nothing")
    func adding() {
        for set in Self.candidates {
            #expect(Set(set.rules).isSuperset(of: RuleSet.first.rules))
            #expect(set.added.allSatisfy(NormalisationRule.addable.contains))
            #expect(RuleSet(version: set.version, adding: set.added.reversed()) == set)
        }
        #expect(RuleSet.second.added == NormalisationRule.addable)
        #expect(RuleSet(version: "y", adding: [.canonicalComposition]).added.isEmpty)
    }

    private static let alphabet: [Unicode.Scalar] = Array(
        "aàảâấậăeéêếiíìoóòôơớuúùưứyýỳAÀHNGTQĐhngtqđ   -–.,'’`0Ð\u{300}\u{301}\u{323}\u{200B}\u{A0}\u{FF11}ß\u{2010}"
            .unicodeScalars)

    private static func texts(_ seed: Int, _ count: Int) -> [String] {
        var generator = SeededGenerator(seed: UInt64(seed))
        return (0..<count).map { _ in
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...10, using: &generator) {
                view.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
            }
            return String(view)
        }
    }

    @Test("MAT-02 every set: normalising twice is once, the tables do what the rules say", arguments: candidates)
    func everySet(_ set: RuleSet) {
        var normaliser = NameNormaliser(rules: set)
        for text in Self.texts(7, 3_000) {
            let once = normaliser.normalise(text)
            #expect(Array(once.utf8) == Array(set.names.normalise(text).utf8))
            #expect(Array(normaliser.normalise(once).utf8) == Array(once.utf8))
        }
    }

    @Test(
        "MAT-03 two names are equal when their normal forms are, and none is left out by mistake", arguments: candidates
    )
    func equality(_ set: RuleSet) {
        var normaliser = NameNormaliser(rules: set)
        let texts = Self.texts(9, 600)
        var equal = 0
        for (index, text) in texts.enumerated() {
            let form = normaliser.normalise(text)
            #expect(normaliser.leavesNothing(of: text) == form.isEmpty)
            // The same, a neighbour, and the same with what the rules take away.
            for other in [text, texts[(index + 1) % texts.count], text.uppercased(), " " + text + "\u{200B}"] {
                let bytes = Array(other.utf8)
                let same = Array(form.utf8) == Array(normaliser.normalise(other).utf8)
                #expect(normaliser.areEqual(text, bytes.span) == same, "\(text.unicodeScalars.map(\.value))")
                equal += same ? 1 : 0
            }
        }
        #expect(equal > texts.count && equal < 4 * texts.count)
    }

    @Test("MAT-02 what is equal under version 1 is equal under every set", arguments: candidates)
    func coarser(_ set: RuleSet) {
        var first = NameNormaliser()
        var other = NameNormaliser(rules: set)
        for text in Self.texts(8, 3_000) {
            #expect(other.normalise(first.normalise(text)) == other.normalise(text))
        }
    }

    @Test(
        "MAT-02 version 2: dirt that version 1 counts as a difference",
        arguments: [
            ("Niê-Kđăm", "Niê Kđăm"), ("Đỗ Thị Thúy.", "Đỗ Thị Thúy"), ("Nguyễn Văn\u{2013}An", "Nguyễn Văn An"),
            ("Hòan", "Hoàn"), ("Qúy", "Quý"), ("Túân", "Tuấn"), ("Gìa", "Già"),
            ("Khúyu", "Khuýu"), ("Lê,Văn A", "Lê Văn A"),
        ])
    func second(_ pair: (String, String)) {
        var first = NameNormaliser()
        #expect(first.normalise(pair.0) != first.normalise(pair.1))
        var normaliser = NameNormaliser(rules: .second)
        #expect(normaliser.normalise(pair.0) == normaliser.normalise(pair.1))
    }

    @Test(
        "MAT-02 no set ever folds a letter, a tone, a word or the order",
        arguments: [
            ("Hà", "Hạ"), ("Ha", "Hà"), ("Đức", "Dức"), ("Lý", "Lí"), ("Vỹ", "Vĩ"), ("Nguyễn An", "An Nguyễn"),
            ("Nguyễn Văn An", "Nguyễn An"), ("Ô", "Ơ"), ("Hoàn", "Hoan"), ("Tuấn", "Tuân"), ("Tuấn", "Tuán"),
        ])
    func never(_ pair: (String, String)) {
        for set in Self.candidates {
            var normaliser = NameNormaliser(rules: set)
            #expect(normaliser.normalise(pair.0) != normaliser.normalise(pair.1), "\(set.version)")
        }
    }

    @Test("MAT-13 version 2 reads dashes and a leading apostrophe in numbers, and repairs nothing")
    func numbers() {
        func number(_ text: String) -> IDNumber { IDNumber(typed: text, rules: .second) }
        #expect(number("079-187-012-345") == .personal(79_187_012_345))
        #expect(number("'079187012345") == .personal(79_187_012_345))
        #expect(number(" \u{2019}123456789") == .old(123_456_789))
        #expect(number("-") == .absent)
        #expect(number("79187012345") == .malformed("79187012345"))
        #expect(number("07918701234O") == .malformed("07918701234O"))
        #expect(number("0791870'12345") == .malformed("0791870'12345"))
    }

    @Test("MAT-01 version 2 reads day-first dates with other separators, month first never")
    func dates() {
        for text in ["05-09-1987", "05.09.1987", "05\u{2013}09\u{2013}1987"] {
            let read = BirthDateReading(typed: text, rules: .second)
            #expect(read == BirthDateReading(typed: "05/09/1987"))
            #expect(BirthDateReading(typed: text) == .unreadable)
        }
        #expect(BirthDateReading(typed: "09-25-1987", rules: .second).form == .impossible)
        #expect(BirthDateReading(typed: "1987-09-05", rules: .second) == BirthDateReading(typed: "1987-09-05"))
        #expect(BirthDateReading(typed: "05-09.1987", rules: .second) == .unreadable)
    }

    @Test("MAT-02 a set as its row is the set; an unknown rule is named")
    func rows() throws {
        let added = RuleSet.second.added.map(\.rawValue).joined(separator: ",")
        #expect(try RuleSets.set(version: "2", added: added) == .second)
        #expect(try RuleSets.set(version: "1", added: "") == .first)
        #expect(throws: RuleSets.UnknownRule(version: "9", rule: "soundex")) {
            try RuleSets.set(version: "9", added: "syllable-tone-unified,soundex")
        }
    }

    @Test("a walk beside live batches takes little and rests, alone it takes much and does not")
    func pace() {
        var pace = WalkPace()
        for _ in 0..<10 {
            let rest = pace.rest(afterChunkOf: 0.001 * Double(pace.blocks), besideLive: false)
            #expect(rest == 0)
        }
        #expect(pace.blocks >= 400)
        let slow = 0.001 * Double(pace.blocks)
        #expect(pace.rest(afterChunkOf: slow, besideLive: true) == slow)
        for _ in 0..<10 { _ = pace.rest(afterChunkOf: 0.001 * Double(pace.blocks), besideLive: true) }
        #expect(pace.blocks <= 60 && pace.blocks >= WalkPace.fewest)
    }
}
