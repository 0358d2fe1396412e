import Testing

@testable import IdentityMatching

@Suite("What stands with a name and is none")
struct CleaningTests {
    static func readings(_ typed: String) -> [String] {
        PreparedName(typed: typed).readings.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test(
        "MAT-10 titles, brackets, notes, digits and signs",
        arguments: [
            ("Ông Nguyễn Văn An", "nguyễn văn an"), ("BÀ TRẦN THỊ BÌNH", "trần thị bình"),
            ("Cháu: Lê Minh Khôi", "lê minh khôi"), ("BS. Phạm Thị Dung", "phạm thị dung"),
            ("PGS.TS. Vũ Đức Long", "vũ đức long"), ("ong Nguyen Van An", "nguyen van an"),
            ("Em Bé Bùi Gia Hân", "bùi gia hân"), ("Nguyễn Văn An (con bà Hoa)", "nguyễn văn an"),
            ("Nguyễn Văn An [mũi 2]", "nguyễn văn an"), ("Nguyễn Văn An (mất CMND", "nguyễn văn an"),
            ("Nguyễn Văn An - con ông Bình", "nguyễn văn an"), ("Nguyễn Văn An/1987", "nguyễn văn an"),
            ("Nguyễn Văn An, tổ 3", "nguyễn văn an"), ("Nguyễn Văn An 2", "nguyễn văn an"),
            ("Nguyễn Văn An con bà Hoa", "nguyễn văn an"), ("Nguyễn Văn An sinh năm 1987", "nguyễn văn an"),
            ("Nguyễn Văn An SN1987", "nguyễn văn an"), ("Nguyễn Văn An mũi 1", "nguyễn văn an"),
            ("Nguyễn Văn An.", "nguyễn văn an"), ("'Nguyễn Văn An", "nguyễn văn an"),
            ("*Nguyễn-Văn_An*", "nguyễn văn an"),
            ("Nguyễn.Văn.An", "nguyễn văn an"), ("NguyễnVănAn", "nguyễn văn an"), ("NguyễnVăn An", "nguyễn văn an"),
            ("Nguyễn Văn An Nguyễn Văn An", "nguyễn văn an"), ("12. Nguyễn Văn An", "nguyễn văn an"),
            ("Smith, John", "smith john"), ("Điểu K'Ré.", "điểu k'ré"),
        ] as [(String, String)])
    func cleaned(_ example: (String, String)) {
        let (typed, name) = example
        let readings = Self.readings(typed)
        #expect(readings.dropFirst().contains(name), "\(readings)")
        #expect(Set(readings).count == readings.count)
    }

    @Test(
        "MAT-10 a name that only looks like a title or a note is left alone",
        arguments: [
            "Ông Ích Khiêm", "Bé Na", "Anh Thư", "Nguyễn Thị Lan Anh", "Nguyễn Thị Bé Ba", "Trần Thị Ngọc Châu",
            "Lê Hoàng Sinh Nam", "Cao Bá Quát", "Y Moan", "Nguyễn Văn Con",
        ])
    func kept(_ name: String) { #expect(Self.readings(name).count == 1) }

    @Test("MAT-10 every cleaning rule does its own part and no other's")
    func rules() {
        func apply(_ rule: CleaningRule, _ text: String) -> String {
            rule.apply(to: Cleaning.words(text.unicodeScalars.map(\.value))).map { word in
                word.compactMap(Unicode.Scalar.init).reduce(into: "") { $0.unicodeScalars.append($1) }
            }.joined(separator: "|")
        }
        #expect(apply(.joinedCapitalsSplit, "LêAn TÚ HồngMinh") == "Lê|An|TÚ|Hồng|Minh")
        #expect(apply(.bracketsRemoved, "a (b c) d[e]f {g") == "a|df")
        #expect(apply(.notesCut, "a b - c") == "a|b")
        #expect(apply(.notesCut, "a, b") == "a|b")
        #expect(apply(.notesCut, "a b/c d") == "a|b")
        #expect(apply(.digitsRemoved, "a1 b2c") == "a|bc")
        #expect(apply(.signsAreSpaces, "a.b 'c' k'd - ?e") == "a|b|c|k'd|?e")
        #expect(apply(.notePhrasesCut, "a b con bà c") == "a|b")
        #expect(apply(.notePhrasesCut, "con bà c") == "con|bà|c")
        #expect(apply(.repetitionRemoved, "a b a b") == "a|b")
        #expect(apply(.repetitionRemoved, "a a") == "a|a")
        #expect(apply(.titlesRemoved, "ông nguyễn văn an") == "nguyễn|văn|an")
        #expect(apply(.titlesRemoved, "ông ích khiêm") == "ông|ích|khiêm")
        #expect(apply(.titlesRemoved, "ts bs nguyễn an") == "nguyễn|an")
    }
}
