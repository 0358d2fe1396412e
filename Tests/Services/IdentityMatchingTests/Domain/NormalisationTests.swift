import Foundation
import Testing

@testable import IdentityMatching

@Suite("Normalisation of names and numbers")
struct NormalisationTests {
    private func normalised(_ text: String) -> String {
        var normaliser = NameNormaliser()
        return normaliser.normalise(text)
    }

    @Test(
        "MAT-02 texts that are one name",
        arguments: [
            ("Nguyễn Văn An", "NGUYỄN VĂN AN"), ("  Nguyễn   Văn\tAn ", "nguyễn văn an"),
            ("Nguyễn\u{A0}Văn\u{3000}An", "nguyễn văn an"), ("Nguyê\u{303}n Va\u{306}n An", "Nguyễn Văn An"),
            ("Nguy\u{1EC5}n Văn\u{200B} An", "Nguyễn Văn An"), ("\u{FEFF}Lê A", "lê a"), ("Lê\u{AD} A", "lê a"),
            ("\u{D0}ặng B", "Đặng B"), ("ĐẶNG B", "đặng b"), ("K\u{2019}Bl\u{F4}i", "K'Blôi"), ("K\u{2BC}A", "k'a"),
            ("K`A", "k'a"), ("K\u{B4}A", "k'a"), ("Vừ A \u{FF11}\u{FF12}", "vừ a 12"), ("Hòa", "Hoà"), ("hòa", "hoà"),
            ("Khỏe", "khoẻ"), ("Thúy", "thuý"), ("THÚY", "thuý"), ("Hoà Bình", "hòa bình"), ("Hóa-Lý", "hoá-lý"),
            ("Đỗ Thị Thúy.", "đỗ thị thuý."), ("Ngọc Họa", "ngọc hoạ"), ("Toản Hõe", "toản hoẽ"), ("Ùy", "uỳ"),
            ("Straße", "STRASSE"), ("ŉa", "'na"), ("ﬁa", "FIA"), ("Σας", "ΣΑΣ"),
        ])
    func oneName(_ pair: (String, String)) {
        #expect(normalised(pair.0) == normalised(pair.1))
    }

    @Test(
        "MAT-02 texts that are two names",
        arguments: [
            ("Hà", "Hạ"), ("Ha", "Hà"), ("Đức", "Dức"), ("Qúy", "Quý"), ("qùy", "quỳ"), ("Qoá", "Qóa"),
            ("Hòan", "Hoàn"),
            ("Lý", "Lí"), ("Nguyễn An", "An Nguyễn"), ("Nguyễn Văn An", "Nguyễn An"), ("Vỹ", "Vĩ"),
            ("Hòa Bình", "Hoa Bình"), ("Thúyền", "Thuýền"), ("ð", "đ"), ("Khúyu", "Khuýu"), ("Nam", "Năm"),
            ("Ô", "Ơ"), ("K'A", "KA"), ("Hó\u{331}a", "Hoá\u{331}x"), ("ı", "i"), ("I.", "I"),
        ])
    func twoNames(_ pair: (String, String)) {
        #expect(normalised(pair.0) != normalised(pair.1))
    }

    @Test("MAT-02 what is invisible is absent", arguments: ["", " ", "\u{200B}", "\u{A0}\u{FEFF}\t", "\u{AD}"])
    func empty(_ text: String) { #expect(normalised(text).isEmpty) }

    /// Letters that names and dirt are made of, and a few that nobody expects.
    private static let alphabet: [Unicode.Scalar] = {
        var letters: [Unicode.Scalar] = []
        for row in VietnameseLetters.rows {
            letters += row.letters.unicodeScalars
            letters += row.letters.uppercased().unicodeScalars
        }
        letters += "bcdđghklmnpqrstvxĐÐðqqqoooaaeeuuuyyy    .'`´’ʼ-".unicodeScalars
        letters +=
            "\u{300}\u{301}\u{302}\u{303}\u{306}\u{309}\u{31B}\u{323}\u{200B}\u{FEFF}\u{AD}\u{A0}\u{FF15}\t\n\u{0}"
            .unicodeScalars
        letters += "ŉßẞİıſµǰΰᾳςΣﬁŻžẛ\u{345}\u{1E96}Å\u{212B}\u{212A}각\u{1112}\u{1161}\u{11AB}中😀\u{1F9B1}".unicodeScalars
        return letters
    }()

    private static func texts(seed: UInt64, count: Int, of letters: [Unicode.Scalar]) -> [String] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                view.append(letters[Int.random(in: 0..<letters.count, using: &generator)])
            }
            return String(view)
        }
    }

    @Test("MAT-02 normalising twice is normalising once, and the tables do what the rules say", arguments: 1...8)
    func idempotentAndAlike(_ seed: Int) {
        var normaliser = NameNormaliser()
        for text in Self.texts(seed: UInt64(seed), count: 5_000, of: Self.alphabet) {
            let once = normaliser.normalise(text)
            let slow = RuleSet.first.names.normalise(text)
            #expect(
                Array(once.unicodeScalars) == Array(slow.unicodeScalars), "tables differ from rules: \(escaped(text))")
            let twice = normaliser.normalise(once)
            #expect(Array(twice.unicodeScalars) == Array(once.unicodeScalars), "not idempotent: \(escaped(text))")
        }
    }

    @Test("MAT-02 every scalar alone and between letters is stable")
    func everyScalar() {
        var normaliser = NameNormaliser()
        var unstable: [UInt32] = []
        for value in UInt32(0)..<0x3400 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = "a" + String(Character(scalar)) + "b"
            let once = normaliser.normalise(text)
            if normaliser.normalise(once) != once || once != RuleSet.first.names.normalise(text) {
                unstable.append(value)
            }
        }
        #expect(unstable.isEmpty)
    }

    @Test("MAT-02 composed, decomposed and upper case are one, for every Vietnamese vowel")
    func vowels() {
        for row in VietnameseLetters.rows {
            for letter in row.letters.unicodeScalars {
                #expect(Array(String(letter).unicodeScalars) == NormalisationRule.composed(decomposed(letter)))
                let forms = [
                    String(letter), String(letter).uppercased(), NormalisationRule.string(decomposed(letter)),
                ]
                #expect(Set(forms.map { Array(normalised("b" + $0 + "n").unicodeScalars) }).count == 1)
            }
        }
    }

    @Test("MAT-02 tone placement: all tones, both placements, not after q")
    func tonePlacement() {
        for (pair, vowels) in [("oa", ("o", "a")), ("oe", ("o", "e")), ("uy", ("u", "y"))] {
            for tone in 1...5 {
                let first = letter(vowels.0, tone) + vowels.1
                let second = vowels.0 + letter(vowels.1, tone)
                for initial in ["", "h", "th", "kh", "đ", "ngh"] {
                    #expect(normalised(initial + first) == normalised(initial + second), "\(pair), tone \(tone)")
                    #expect(normalised("x " + initial + first + " y") == normalised("x " + initial + second + " y"))
                    #expect(normalised(initial + first + "n") != normalised(initial + second + "n"))
                }
                #expect(normalised("q" + first) != normalised("q" + second))
                #expect(normalised(first) != normalised(vowels.0 + vowels.1))
            }
        }
    }

    private func letter(_ vowel: String, _ tone: Int) -> String {
        String(Unicode.Scalar(VietnameseLetters.letter(vowel.unicodeScalars.first?.value ?? 0, tone: tone)) ?? " ")
    }

    private func decomposed(_ letter: Unicode.Scalar) -> [Unicode.Scalar] {
        Array(String(letter).decomposedStringWithCanonicalMapping.unicodeScalars)
    }

    private func escaped(_ text: String) -> String { text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined() }

    @Test(
        "MAT-13 numbers by their form",
        arguments: [
            ("079187012345", IDNumber.personal(79_187_012_345)), (" 079 187 012 345 ", .personal(79_187_012_345)),
            ("079.187.012.345", .personal(79_187_012_345)), ("０７９１８７０１２３４５", .personal(79_187_012_345)),
            ("079187\u{200B}012345", .personal(79_187_012_345)), ("079187\u{A0}012345", .personal(79_187_012_345)),
            ("000000000000", .personal(0)), ("999999999999", .personal(999_999_999_999)),
            ("012345678", .old(12_345_678)),
            ("012.345.678", .old(12_345_678)), ("", .absent), ("  ", .absent), ("...", .absent), ("\u{FEFF}", .absent),
            ("79187012345", .malformed("79187012345")), ("1234567890123", .malformed("1234567890123")),
            ("07918701234O", .malformed("07918701234O")), ("C1234567", .malformed("C1234567")), ("-", .malformed("-")),
            ("079-187-012-345", .malformed("079-187-012-345")), ("1.09E+11", .malformed("109E+11")),
            ("'079187012345", .malformed("'079187012345")), ("٠٧٩١٨٧٠١٢٣٤٥", .malformed("٠٧٩١٨٧٠١٢٣٤٥")),
            ("079187012345 079187012345", .malformed("079187012345079187012345")),
        ])
    func numbers(_ pair: (String, IDNumber)) {
        #expect(IDNumber(typed: pair.0) == pair.1)
    }

    @Test("MAT-13 no number of 12 digits is repaired out of another", arguments: 0...13)
    func lengths(_ length: Int) {
        let number = IDNumber(typed: String(repeating: "7", count: length))
        switch length {
        case 0: #expect(number == .absent)
        case 9: #expect(number == .old(777_777_777))
        case 12: #expect(number == .personal(777_777_777_777))
        default: #expect(number == .malformed(String(repeating: "7", count: length)))
        }
    }
}
