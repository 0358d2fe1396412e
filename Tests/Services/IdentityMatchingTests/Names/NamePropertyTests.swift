import Testing

@testable import IdentityMatching

@Suite("Names: what holds for all")
struct NamePropertyTests {
    static let words = [
        "Nguyễn", "Trần", "Lê", "Văn", "Thị", "An", "Anh", "Ân", "Hoàng", "Huỳnh", "Bình", "Bính", "Dung", "Giung",
        "Sương",
        "Xương", "Thu", "Hà", "Hạ", "Đức", "Dức", "Lý", "Lí", "Ng.", "V.", "K'Brôi", "Smith", "Christopher", "Nguy?n",
        "V¨n",
        "Ô",
    ]

    static func name(_ generator: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1...5, using: &generator)).map { _ in
            words[Int.random(in: 0..<words.count, using: &generator)]
        }.joined(separator: " ")
    }

    @Test("MAT-10 same is what VERIFY calls equal, nothing else", arguments: 1...4)
    func same(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var normaliser = NameNormaliser()
        var comparer = NameComparer()
        for _ in 0..<1_500 {
            let (one, other) = (Self.name(&generator), Self.name(&generator))
            let typed = PreparedName(typed: one)
            let registered = normaliser.normalise(other)
            #expect(comparer.compare(typed, registered: normaliser.normalise(one)).agreement == .same)
            let agreement = comparer.compare(typed, registered: registered).agreement
            #expect((agreement == .same) == (normaliser.normalise(one) == registered), "\(one) | \(other)")
        }
    }

    @Test("MAT-10 what is symmetric agrees both ways, missing and extra words change places", arguments: 1...4)
    func symmetry(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed) &+ 100)
        let plain = Self.words.filter { !$0.contains("?") && !$0.contains(".") && !$0.contains("¨") && $0 != "Ô" }
        for _ in 0..<1_000 {
            let names = (0..<2).map { _ in
                (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                    plain[Int.random(in: 0..<plain.count, using: &generator)]
                }.joined(separator: " ")
            }
            // A title or the name twice is cleaned on the typed side only.
            guard names.allSatisfy({ PreparedName(typed: $0).readings.filter { $0.source == .cleaned }.isEmpty }) else {
                continue
            }
            let there = NameComparisonTests.compare(names[0], names[1]).agreement
            let back = NameComparisonTests.compare(names[1], names[0]).agreement
            switch there {
            case .middleMissing: #expect(back == .middleExtra, "\(names)")
            case .middleExtra: #expect(back == .middleMissing, "\(names)")
            default: #expect(there == back, "\(names)")
            }
        }
    }

    @Test("MAT-10 keys are equal for what agrees, and the same function makes them on both sides")
    func keys() {
        var reader = RegisterNameReader()
        var normaliser = NameNormaliser()
        func keys(_ name: String) -> NameKeys {
            let bytes = Array(normaliser.normalise(name).utf8)
            return reader.keys(bytes.span)
        }
        func words(_ name: String) -> [[UInt8]] {
            let bytes = Array(normaliser.normalise(name).utf8)
            return reader.foldedWords(bytes.span)
        }
        for name in ["Nguyễn Văn An", "K'Brôi", "Christopher Lee", "李 小龙", "Ng. V. An", "Đặng Thị Bích Phượng", ""] {
            let reading = PreparedName(typed: name).readings[0]
            #expect(reading.keys == keys(name))
            #expect(NameKeys(foldedWords: words(name)) == keys(name))
            #expect(reading.foldedWords == words(name))
        }
        let an = keys("Nguyễn Văn An")
        #expect(keys("nguyen van an") == an)
        #expect(keys("nguyenvan an").whole == an.whole)
        #expect(keys("An Nguyễn Văn").bag == an.bag)
        #expect(keys("An Nguyễn").surnameAndGiven == an.surnameAndGiven)
        #expect(keys("Trần Văn An").middleAndGiven == an.middleAndGiven)
        #expect(keys("Nguyễn Văn Bình").surnameAndMiddle == an.surnameAndMiddle)
        #expect(keys("Nguyễn Văn Ăng").given == an.given)
        #expect(keys("Huỳnh Xương").sound == keys("Hoàng Sương").sound)
        #expect(keys("Nguyễn Văn Anh").given != an.given)
        let whole = keys("An")
        #expect(whole.surnameAndMiddle == 0 && whole.middleAndGiven == 0 && whole.surnameAndGiven == 0)
        #expect(
            Set([an.whole, an.bag, an.given, an.surname, an.surnameAndMiddle, an.middleAndGiven, an.sound]).count == 7)
        #expect(keys("") == NameKeys())
    }

    /// Every typed reading finds its keys: NUL, emoji, combining marks, other planes, anything.
    @Test("MAT-10 no text breaks the reading, and the same text gives the same answer", arguments: 1...8)
    func anything(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed) &+ 1_000)
        var preparer = NamePreparer()
        var comparer = NameComparer()
        let signs: [Unicode.Scalar] = Array(
            "\u{0}\u{AD}\u{300}\u{323}\u{31B}\u{1F600}\u{200D}\u{FFFD}?.'`^~(+*1290|ÃÄÆáºª¨©«¬®àøõ wfsrxjzdđĐÐ\t\u{A0}()[]/-,nguyeNaAoOuU"
                .unicodeScalars)
        for round in 0..<300 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                if round % 3 == 0, let scalar = Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &generator)) {
                    text.append(scalar)
                } else {
                    text.append(signs[Int.random(in: 0..<signs.count, using: &generator)])
                }
            }
            let typed = String(text)
            let prepared = preparer.prepare(typed)
            let again = PreparedName(typed: typed)
            #expect(prepared.readings.map(\.bytes) == again.readings.map(\.bytes))
            #expect((1...PreparedName.readingLimit).contains(prepared.readings.count))
            for registered in [
                "nguyễn văn an", "a", "\u{0}", String(decoding: prepared.readings[0].bytes, as: UTF8.self),
            ] {
                let found = comparer.compare(prepared, registered: registered)
                #expect(found == comparer.compare(again, registered: registered))
                #expect(prepared.readings.indices.contains(found.reading))
            }
        }
    }

    @Test(
        "MAT-10 long names and broken bytes are read, however long",
        arguments: ["a", "nguyễn ", "Ã", "x(", "1", "\u{301}", "😀", "á»", "' ", "aa", "-"])
    func long(_ unit: String) {
        let typed = String(repeating: unit, count: 65_536 / unit.utf8.count)
        let prepared = PreparedName(typed: typed)
        var comparer = NameComparer()
        #expect(prepared.readings.count <= PreparedName.readingLimit)
        let other = comparer.compare(prepared, registered: "nguyễn văn an").agreement
        #expect(other != .same)
        if !prepared.isAbsent {
            let bytes = prepared.readings[0].bytes
            let itself = comparer.compare(prepared, registered: bytes.span).agreement
            #expect(itself == .same)
        }
        let broken: [UInt8] = [0xE1, 0xBB, 0x20, 0xFF, 0x80, 0xF0, 0x9F, 0x61, 0xC3]
        let mangled = comparer.compare(prepared, registered: broken.span).agreement
        #expect(mangled != .same)
    }

    @Test("MAT-10 edits: bounded, symmetric, and as the definition counts them", arguments: 1...2)
    func edits(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed) &+ 50)
        for _ in 0..<4_000 {
            let pair = (0..<2).map { _ in
                (0..<Int.random(in: 0...6, using: &generator)).map { _ in UInt8.random(in: 97...99, using: &generator) }
            }
            let (one, other) = (pair[0], pair[1])
            let exact = Self.distance(one, other)
            for limit in 0...2 {
                let found = WordComparison.edits(
                    one.span, 0..<one.count, other.span, 0..<other.count, limit: limit)
                #expect(found == min(exact, limit + 1), "\(one) \(other) \(limit)")
            }
        }
    }

    /// Optimal string alignment by the textbook's table.
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var table = [[Int]](repeating: [Int](repeating: 0, count: other.count + 1), count: one.count + 1)
        for row in 0...one.count {
            for column in 0...other.count {
                if row == 0 || column == 0 {
                    table[row][column] = row + column
                    continue
                }
                let replaced = table[row - 1][column - 1] + (one[row - 1] == other[column - 1] ? 0 : 1)
                table[row][column] = min(replaced, table[row - 1][column] + 1, table[row][column - 1] + 1)
                if row > 1, column > 1, one[row - 1] == other[column - 2], one[row - 2] == other[column - 1] {
                    table[row][column] = min(table[row][column], table[row - 2][column - 2] + 1)
                }
            }
        }
        return table[one.count][other.count]
    }
}
