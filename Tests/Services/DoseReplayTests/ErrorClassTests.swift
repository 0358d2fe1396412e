import RecordModel
import Testing

@testable import DoseReplay

/// Which of the four items a class may change.
private let changes: [String: any WritableKeyPath<TypedIdentity, String> & Sendable] = [
    "decomposed-text": \.fullName, "odd-spaces": \.fullName, "upper-case": \.fullName, "tone-placement": \.fullName,
    "eth-for-d-stroke": \.fullName, "invisible-character": \.fullName, "diacritics-lost": \.fullName,
    "one-tone-wrong": \.fullName, "name-letter-wrong": \.fullName, "middle-name-missing": \.fullName,
    "name-order": \.fullName, "name-missing": \.fullName,
    "day-month-swap": \.dateOfBirth, "birth-date-digit": \.dateOfBirth, "first-of-january": \.dateOfBirth,
    "bare-year": \.dateOfBirth, "birth-date-missing": \.dateOfBirth, "impossible-date": \.dateOfBirth,
    "sex-flipped": \.sex, "sex-missing": \.sex,
    "spaced-number": \.idNumber, "known-old-number": \.idNumber, "unknown-old-number": \.idNumber,
    "one-digit": \.idNumber, "transposition": \.idNumber, "relatives-number": \.idNumber, "no-number": \.idNumber,
    "leading-zero-lost": \.idNumber, "digit-missing": \.idNumber, "letter-o-for-zero": \.idNumber,
    "phone-as-number": \.idNumber, "scientific-notation": \.idNumber, "two-digits": \.idNumber,
    "strangers-number": \.idNumber,
    "windows-1258-text": \.fullName, "hook-for-tilde": \.fullName, "name-letter-missing": \.fullName,
    "name-letters-swapped": \.fullName, "spelled-by-ear": \.fullName, "middle-name-extra": \.fullName,
    "name-abbreviated": \.fullName, "name-glued": \.fullName, "title-in-name": \.fullName,
    "note-in-name": \.fullName, "telex-residue": \.fullName, "vni-residue": \.fullName, "viqr-text": \.fullName,
    "tcvn3-text": \.fullName, "vni-font-text": \.fullName, "windows-1258-misread": \.fullName,
    "utf-8-misread": \.fullName, "surname-changed": \.fullName, "relatives-name": \.fullName,
    "relatives-birth-date": \.dateOfBirth, "other-birth-date": \.dateOfBirth,
]

private func sample() -> [(TypedIdentity, Entrant)] {
    let geography = Geography(seed: 5, persons: 2000)
    let population = Population(seed: 5, count: 2000, geography: geography)
    return (0..<400).map { index in
        let person = population.person(index)
        let items = TypedIdentity(
            fullName: person.name.text, sex: person.sex.letter, dateOfBirth: person.birth.iso,
            idNumber: person.personalID)
        return (items, Entrant(person: person, population: population))
    }
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// How many places of two texts of one length differ.
private func differences(_ left: String, _ right: String) -> Int {
    zip(left.unicodeScalars, right.unicodeScalars).count { $0 != $1 }
}

@Suite struct ErrorClassTests {
    @Test("Every error class changes the item it names and nothing else", arguments: EntryError.classes.map(\.name))
    func changesOneItem(name: String) throws {
        let error = try #require(EntryError.named(name))
        let path = try #require(changes[name])
        var random = Xoshiro(seed: 9, .doses)
        var applied = 0
        for (items, entrant) in sample() {
            guard var typed = error.change(items, entrant, &random) else { continue }
            applied += 1
            #expect(bytes(typed[keyPath: path]) != bytes(items[keyPath: path]))
            typed[keyPath: path] = items[keyPath: path]
            #expect(typed.fullName.utf8.elementsEqual(items.fullName.utf8))
            #expect(
                typed.sex == items.sex && typed.dateOfBirth == items.dateOfBirth && typed.idNumber == items.idNumber)
        }
        #expect(applied > 10, "applies to somebody")
    }

    private func typed(_ name: String, _ items: TypedIdentity, seed: UInt64 = 1) -> TypedIdentity? {
        var random = Xoshiro(seed: seed, .doses)
        let error = EntryError.named(name)!
        return error.change(items, sample()[0].1, &random)
    }

    private let hoa = TypedIdentity(
        fullName: "Đặng Thị Thúy Hòa", sex: "F", dateOfBirth: "1985-03-07", idNumber: "079185012345")

    @Test("Classes of names say what they do")
    func names() throws {
        #expect(typed("diacritics-lost", hoa)?.fullName == "Dang Thi Thuy Hoa")
        #expect(typed("tone-placement", hoa)?.fullName.utf8.elementsEqual("Đặng Thị Thuý Hoà".utf8) == true)
        #expect(typed("upper-case", hoa)?.fullName == "ĐẶNG THỊ THÚY HÒA")
        #expect(typed("middle-name-missing", hoa)?.fullName == "Đặng Hòa")
        #expect(typed("name-order", hoa)?.fullName == "Thị Thúy Hòa Đặng")
        #expect(typed("eth-for-d-stroke", hoa)?.fullName.unicodeScalars.first == "\u{D0}")
        let decomposed = try #require(typed("decomposed-text", hoa)?.fullName)
        #expect(decomposed == hoa.fullName, "canonically the same")
        #expect(decomposed.unicodeScalars.contains("\u{323}") && !decomposed.utf8.elementsEqual(hoa.fullName.utf8))
    }

    @Test("Quý keeps its tone: u after q belongs to the consonant")
    func qu() {
        #expect(VietnameseLetters.otherTonePlacement("Quý") == nil)
        #expect(VietnameseLetters.otherTonePlacement("Hoài") == nil, "no open syllable")
        #expect(VietnameseLetters.otherTonePlacement("Hoa") == nil, "no tone to move")
        #expect(VietnameseLetters.otherTonePlacement("HÒA")?.utf8.elementsEqual("HOÀ".utf8) == true)
    }

    @Test("Classes of dates say what they do")
    func dates() {
        #expect(typed("day-month-swap", hoa)?.dateOfBirth == "1985-07-03")
        #expect(typed("first-of-january", hoa)?.dateOfBirth == "1985-01-01")
        #expect(typed("bare-year", hoa)?.dateOfBirth == "1985")
        var other = hoa
        other.dateOfBirth = "1985-03-17"
        #expect(typed("day-month-swap", other) == nil, "no month 17")
        for (items, entrant) in sample() {
            var random = Xoshiro(seed: 3, .doses)
            guard let typed = Errors.birthDateDigit(items, entrant, &random) else { continue }
            #expect(differences(items.dateOfBirth, typed.dateOfBirth) == 1)
        }
    }

    @Test("Classes of numbers say what they do")
    func numbers() throws {
        #expect(typed("leading-zero-lost", hoa)?.idNumber == "79185012345")
        #expect(typed("letter-o-for-zero", hoa)?.idNumber == "O79185012345")
        #expect(typed("scientific-notation", hoa)?.idNumber == "7.91E+10")
        #expect(typed("no-number", hoa)?.idNumber == "")
        for seed in 1...50 as ClosedRange<UInt64> {
            let digit = try #require(typed("one-digit", hoa, seed: seed)?.idNumber)
            #expect(digit.count == 12 && differences(digit, hoa.idNumber) == 1)
            let swapped = try #require(typed("transposition", hoa, seed: seed)?.idNumber)
            #expect(differences(swapped, hoa.idNumber) == 2 && swapped.sorted() == hoa.idNumber.sorted())
            #expect(typed("digit-missing", hoa, seed: seed)?.idNumber.count == 11)
            let spaced = try #require(typed("spaced-number", hoa, seed: seed)?.idNumber)
            #expect(spaced.filter { $0 != " " && $0 != "." } == hoa.idNumber)
        }
    }

    @Test("Classes of keyboards and character sets say what they do")
    func typing() {
        let an = TypedIdentity(
            fullName: "Nguyễn Thị Thảo", sex: "F", dateOfBirth: "1985-03-07", idNumber: "079185012345")
        #expect(KeyStrokes.telex.typed("Nguyễn") == "Nguyeenx" && KeyStrokes.telex.typed("Đường") == "Dduwowngf")
        #expect(KeyStrokes.vni.typed("Nguyễn") == "Nguye64n" && KeyStrokes.vni.typed("Thảo") == "Tha3o")
        #expect(typed("viqr-text", an)?.fullName == "Nguye^~n Thi. Tha?o")
        #expect(typed("tcvn3-text", an)?.fullName == "NguyÔn ThÞ Th¶o")
        #expect(typed("vni-font-text", an)?.fullName == "Nguyeãn Thò Thaûo")
        #expect(typed("utf-8-misread", an)?.fullName == "Nguyá»…n Thá»‹ Tháº£o")
        #expect(typed("windows-1258-misread", an)?.fullName == "NguyêÞn Thiò ThaÒo")
        let apart = typed("windows-1258-text", an)?.fullName
        #expect(apart == an.fullName, "canonically the same")
        #expect(apart?.unicodeScalars.contains("\u{303}") == true && apart?.unicodeScalars.contains("ê") == true)
    }

    @Test("Classes of people say what they do")
    func people() throws {
        for (items, entrant) in sample().prefix(100) {
            var random = Xoshiro(seed: 4, .doses)
            let household = entrant.population.relatives(of: entrant.person.index).map(entrant.population.person)
            if let typed = Errors.relativesNumber(items, entrant, &random) {
                #expect(household.map(\.personalID).contains(typed.idNumber))
            }
            if let typed = Errors.twoDigits(items, entrant, &random) {
                #expect((1...2).contains(differences(typed.idNumber, items.idNumber)))
            }
            if let typed = Errors.nameGlued(items, entrant, &random) {
                #expect(typed.fullName.filter { $0 != " " } == items.fullName.filter { $0 != " " })
            }
            if let typed = Errors.nameAbbreviated(items, entrant, &random) {
                #expect(typed.fullName.split(separator: " ").count == items.fullName.split(separator: " ").count)
            }
        }
        var changed = hoa
        changed.fullName = "Trần Văn Sinh"
        #expect(typed("spelled-by-ear", changed, seed: 2) != nil)
    }

    @Test("The shipped rates follow the public shares; every class has a rate somewhere")
    func rates() {
        let rates = ErrorRates.april2022.classes
        func sum(_ wanted: (ExpectedOutcome) -> Bool) -> Int {
            EntryError.classes.filter { wanted($0.outcome) }.reduce(0) { $0 + (rates[$1.name] ?? 0) }
        }
        #expect(Set(EntryError.classes.map(\.name)).count == EntryError.classes.count)
        #expect((2200...2900).contains(sum { $0 == .wrong }))
        #expect((1050...1150).contains(sum { $0 != .wrong && $0 != .right }))
        #expect(Set(rates.keys) == Set(EntryError.classes.map(\.name)))
    }

    @Test("A file of rates names what is wrong with it")
    func badRates() {
        func problem(_ json: String) -> ErrorRates.Problem? {
            do {
                _ = try ErrorRates(json: Array(json.utf8))
                return nil
            } catch { return error }
        }
        #expect(problem(#"{"classes": {"one-digit": 10000}}"#) == nil)
        #expect(problem(#"{"classes": {"no-such": 1}}"#) == .unknownClass("no-such"))
        #expect(problem(#"{"classes": {"one-digit": -1}}"#) == .outOfRange("one-digit"))
        #expect(problem(#"{"classes": {"one-digit": 9000, "no-number": 1001}}"#) == .tooMany(10_001))
        guard case .unreadable = problem("[]") else {
            Issue.record("a list is no rates")
            return
        }
    }

    @Test("Rates decide: all of one class, and up to three classes at once")
    func ratesDecide() throws {
        let only = try ErrorRates(json: Array(#"{"classes": {"sex-flipped": 10000}}"#.utf8))
        let several = try ErrorRates(named: "several-errors")
        var random = Xoshiro(seed: 2, .doses)
        var counts: Set<Int> = []
        for (items, entrant) in sample() {
            #expect(only.type(items, entrant, &random).errors == ["sex-flipped"])
            counts.insert(several.type(items, entrant, &random).errors.count)
        }
        #expect(counts.isSuperset(of: [2, 3]))
    }
}
