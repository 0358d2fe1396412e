import Testing

@testable import IdentityMatching

@Suite("Names in typing residue and old encodings")
struct OldSpellingTests {
    /// Every syllable with every tone it can carry, in the form of the rule set.
    static let syllables: [String] = {
        var normaliser = NameNormaliser()
        var all: [String] = []
        for plain in Syllables.withoutTones {
            let codes = plain.unicodeScalars.map { LetterCodes.shared.code($0.value) }
            for tone in UInt8(0)...5 where Syllables.shared.isLegal(codes, tone: tone) {
                let stops = ["c", "ch", "p", "t"].contains { plain.hasSuffix($0) }
                if stops, tone == 0 { continue }
                let marked = ToneMark.applied(tone, to: codes).compactMap {
                    Unicode.Scalar(LetterCodes.shared.scalars[Int($0)])
                }
                all.append(normaliser.normalise(marked.reduce(into: "") { $0.unicodeScalars.append($1) }))
            }
        }
        return all
    }()

    @Test("MAT-10 the inventory is that of the language")
    func inventory() {
        let all = Set(Self.syllables)
        #expect(all.count == Self.syllables.count)
        #expect(all.count > 12_000 && all.count < 25_000)
        for word in [
            "nguyễn", "trần", "lê", "phạm", "huỳnh", "phan", "vũ", "võ", "đặng", "bùi", "đỗ", "hồ", "ngô", "dương",
            "lý",
            "nghiêm", "khuất", "quách", "quý", "quốc", "quỳnh", "giang", "gì", "giêng", "yến", "uyên", "khuê", "thuở",
            "hoà", "thuý", "khoẻ", "nghĩa", "thuỳ", "tuyết", "ngoẻo", "oanh", "ưng", "ý", "khương", "thịnh", "xuân",
        ] { #expect(all.contains(word), "\(word)") }
        for word in ["ngi", "ka", "ci", "gha", "hòn g", "yan", "trc", "nguyêñ", "hot", "hòt", "lich"] {
            #expect(!all.contains(word), "\(word)")
        }
    }

    /// Each spelling takes every third syllable, not the same third: all of them take a minute unoptimised. Words that
    /// begin a note behind a name are left out.
    @Test("MAT-10 every syllable in every old spelling comes home", arguments: OldSpelling.allCases)
    func roundTrip(_ spelling: OldSpelling) {
        let offset = OldSpelling.allCases.firstIndex(of: spelling) ?? 0
        let syllables = Self.syllables.enumerated().filter {
            ($0.offset + offset) % 3 == 0 && !NameWordLists.notes.contains($0.element)
        }.map(\.element)
        var preparer = NamePreparer()
        var missed: [String] = []
        let key = spelling.encoded(OldSpelling.key)
        for start in stride(from: 0, to: syllables.count, by: 12) {
            let words = [OldSpelling.key] + syllables[start..<min(start + 12, syllables.count)]
            let typed = words.map { $0 == OldSpelling.key ? key : spelling.encoded($0) }.joined(separator: " ")
            let meant = Array(words.joined(separator: " ").utf8)
            if !preparer.prepare(typed).readings.contains(where: { $0.bytes == meant }) {
                missed.append("\(words.joined(separator: " ")) <- \(typed)")
            }
        }
        #expect(missed.isEmpty, "\(missed.count): \(missed.prefix(6))")
    }

    @Test(
        "MAT-10 names as they are found in files",
        arguments: [
            ("Nguyeenx Vawn Huwngf", "nguyễn văn hừng", ReadingSource.telex),
            ("Nguyeexn Thij Hoaf", "nguyễn thị hoà", .telex),
            ("DDawngj Quoocs Trungf", "đặng quốc trùng", .telex), ("Dangdw Thi A", "đăng thi a", .telex),
            ("TRAANF VAWN HUWOWNGF", "trần văn hường", .telex), ("Truowng Thi Huongw", "trương thi hương", .telex),
            ("Nguyễnx Văn An", "nguyễn văn an", .telex), ("Tha3o", "thảo", .vni),
            ("Nguye6n4 Thi5 Tha3o", "nguyễn thị thảo", .vni),
            ("D9o64 Va8n D9u7c1", "đỗ văn đức", .vni), ("Tru7o7ng Quo61c", "trương quốc", .vni),
            ("Nguye^~n Va(n DDu+'c", "nguyễn văn đức", .viqr), ("Nguye^~n Thi. Thu?y", "nguyễn thị thuỷ", .viqr),
            ("Tra^`n Thi. Ho^`ng", "trần thị hồng", .viqr), ("Nguyê˜n Văn Đu´c", "nguyễn văn đúc", .viqr),
            ("NguyÔn V¨n An", "nguyễn văn an", .tcvn3), ("TrÇn ThÞ Hoµ", "trần thị hoà", .tcvn3),
            ("Lª V¨n §øc", "lê văn đức", .tcvn3), ("Vò ThÞ Hång", "vũ thị hồng", .tcvn3),
            ("nguyôn v¨n dòng", "nguyễn văn dũng", .tcvn3), ("T\u{AD}ëng V¨n B×nh", "tưởng văn bình", .tcvn3),
            ("Nguyeãn Vaên An", "nguyễn văn an", .vniWindows), ("TRAÀN THÒ HOÀNG", "trần thị hồng", .vniWindows),
            ("Ñaëng Ñöùc Huøng", "đặng đức hùng", .vniWindows), ("Leâ Thò Myõ", "lê thị mỹ", .vniWindows),
            ("NguyêÞn Vãn Ðýìc", "nguyễn văn đức", .windows1258), ("TrâÌn Thiò Hôìng", "trần thị hống", .windows1258),
            ("Nguyá»…n VÄƒn An", "nguyễn văn an", .mojibake), ("Tráº§n Thá»‹ HÃ ", "trần thị hà", .mojibake),
            ("Äá»— Thá»‹ LÃ½", "đỗ thị lý", .mojibake), ("LÃª Thá»‹ HÃ  An", "lê thị hà an", .mojibake),
            ("Lá»u Thá»‹ Má»‘", "lều thị mố", .mojibake), ("Nguyá»\u{85}n Ä\u{90}á»©c", "nguyễn đức", .mojibake),
            ("Nguyễn Văn H0àng", "nguyễn văn hoàng", .lookAlikes),
            ("Nguyễn Th1 Lan", "nguyễn thi lan", .lookAlikes), ("Nguyễn Văn ₫ức", "nguyễn văn đức", .lookAlikes),
            ("Nguуễn Văn Аn", "nguyễn văn an", .lookAlikes), ("Ｎguyễn Văn Ａn", "nguyễn văn an", .lookAlikes),
            ("Nguyễn Vӑn An", "nguyễn văn an", .lookAlikes), ("Lê ðức An", "lê đức an", .lookAlikes),
        ] as [(String, String, ReadingSource)])
    func found(_ example: (String, String, ReadingSource)) {
        let (typed, text, source) = example
        let readings = PreparedName(typed: typed).readings
        #expect(readings.count <= PreparedName.readingLimit)
        #expect(readings[0].source == .asTyped)
        let meant = Array(text.utf8)
        #expect(
            readings.contains { $0.bytes == meant && $0.source == source },
            "\(readings.map { "\($0.source) \(String(decoding: $0.bytes, as: UTF8.self))" })")
    }

    @Test("MAT-10 a name that reads well is read in no other way, with diacritics or without")
    func plain() {
        var preparer = NamePreparer()
        for start in stride(from: 0, to: Self.syllables.count, by: 9) {
            let words = Self.syllables[start..<min(start + 3, Self.syllables.count)].filter { $0.count > 1 }
            guard let first = words.first, !NameWordLists.titles.contains(first), words.count == 3 else { continue }
            let name = words.joined(separator: " ")
            let bare = VietnameseLetters.withoutDiacritics(name.unicodeScalars.map(\.value))
            let plain = String(String.UnicodeScalarView(bare.compactMap(Unicode.Scalar.init)))
            for typed in [name, name.uppercased(), plain] {
                let readings = preparer.prepare(typed).readings
                let others = readings.dropFirst().filter { $0.source != .cleaned }
                #expect(others.isEmpty, "\(typed): \(others.map(\.source))")
            }
        }
    }

    @Test(
        "MAT-10 names of other languages and of the highlands stay as they are typed first",
        arguments: [
            "Smith John", "white chloe", "nguyen jackson", "ross max", "O'Brien Sean", "H'Hen Niê", "Y Brôk Kbuôr",
            "Ksor Phước", "Điểu K'Ré", "Giàng A Pháo", "Müller Jürgen", "Łukasz Żak", "Ng Wei", "ngọc trinh", "李 小龙",
        ])
    func otherNames(_ name: String) {
        var normaliser = NameNormaliser()
        let registered = normaliser.normalise(name)
        let prepared = PreparedName(typed: name)
        #expect(prepared.readings[0].bytes == Array(registered.utf8))
        var comparer = NameComparer()
        #expect(comparer.compare(prepared, registered: registered).agreement == .same)
    }
}
