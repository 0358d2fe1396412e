/// Wrong persons and wrong words: names heard, shortened, decorated or taken from somebody else, dates and numbers likewise.
import RecordModel

extension Errors {
    @Sendable static func hookForTilde(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        var scalars = Array(items.fullName.unicodeScalars)
        let places = scalars.indices.filter {
            [.hook, .tilde].contains(VietnameseLetters.vowel(scalars[$0])?.tone ?? .level)
        }
        guard !places.isEmpty else { return nil }
        let place = random.pick(places)
        guard var vowel = VietnameseLetters.vowel(scalars[place]) else { return nil }
        vowel.tone = vowel.tone == .hook ? .tilde : .hook
        scalars[place] = VietnameseLetters.letter(vowel)
        return changingName(items) { _ in text(scalars) }
    }

    @Sendable static func nameLetterMissing(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        var scalars = Array(items.fullName.unicodeScalars)
        let places = scalars.indices.dropFirst().filter { scalars[$0] != " " && scalars[$0 - 1] != " " }
        guard !places.isEmpty else { return nil }
        scalars.remove(at: random.pick(Array(places)))
        return changingName(items) { _ in text(scalars) }
    }

    @Sendable static func nameLettersSwapped(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        var scalars = Array(items.fullName.unicodeScalars)
        let places = scalars.indices.dropLast().filter {
            scalars[$0] != " " && scalars[$0 + 1] != " " && scalars[$0] != scalars[$0 + 1]
        }
        guard !places.isEmpty else { return nil }
        let place = random.pick(Array(places))
        scalars.swapAt(place, place + 1)
        return changingName(items) { _ in text(scalars) }
    }

    /// Sounds that are one in a speaker's region.
    private static let sounds: [(String, String)] = [
        ("tr", "ch"), ("ch", "tr"), ("x", "s"), ("s", "x"), ("gi", "d"), ("d", "gi"), ("n", "l"), ("l", "n"),
        ("r", "d"),
        ("v", "d"),
    ]

    @Sendable static func spelledByEar(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        var parts = words(items.fullName)
        let start = random.below(parts.count)
        for step in parts.indices {
            let place = (start + step) % parts.count
            let word = parts[place]
            if word.hasSuffix("y"), word.utf8.count > 1, !word.hasSuffix("uy"), !word.hasSuffix("ay") {
                parts[place] = word.dropLast() + "i"
                return changingName(items) { _ in parts.joined(separator: " ") }
            }
            let lower = word.lowercased()
            for (sound, other) in sounds where lower.hasPrefix(sound) {
                let rest = word.unicodeScalars.dropFirst(sound.unicodeScalars.count)
                // "ng" and "nh" are sounds of their own, and so is an i that has nothing behind it.
                guard let next = rest.first, !(sound == "n" && (next == "g" || next == "h")) else { continue }
                let first = other.unicodeScalars.first!
                let opening = word.first?.isUppercase == true ? String(first).uppercased() : String(first)
                parts[place] = opening + other.unicodeScalars.dropFirst().map(String.init).joined() + text(Array(rest))
                return changingName(items) { _ in parts.joined(separator: " ") }
            }
        }
        return nil
    }

    @Sendable static func middleNameExtra(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let extra = random.pick(["Thị", "Văn", "Ngọc", "Thanh", "Kim", "Hữu"])
        return changingName(items) { name in
            let parts = words(name)
            guard parts.count >= 2, !parts.contains(extra) else { return nil }
            return ([parts[0], extra] + parts.dropFirst()).joined(separator: " ")
        }
    }

    @Sendable static func nameAbbreviated(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let withStop = random.chance(6000)
        return changingName(items) { name in
            let parts = words(name)
            guard parts.count >= 3 else { return nil }
            return parts.enumerated().map { place, word in
                place == 0 || place == parts.count - 1 ? word : String(word.prefix(1)) + (withStop ? "." : "")
            }.joined(separator: " ")
        }
    }

    @Sendable static func nameGlued(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        var parts = words(items.fullName)
        guard parts.count >= 2 else { return nil }
        let place = random.below(parts.count - 1)
        parts[place] += parts.remove(at: place + 1)
        return changingName(items) { _ in parts.joined(separator: " ") }
    }

    @Sendable static func titleInName(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let title = random.pick(
            entrant.person.sex == .male ? ["Ông", "Anh", "Cháu", "BS.", "Thầy"] : ["Bà", "Chị", "Cô", "Cháu", "Bé"])
        return changingName(items) { title + " " + $0 }
    }

    @Sendable static func noteInName(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let note = random.pick(["(công nhân)", "(thai phụ)", "(mũi 2)", "- tổ 5", "[KT3]", "(con bà Lan)"])
        return changingName(items) { $0 + " " + note }
    }

    // MARK: somebody else's

    /// A married name, the other parent's surname, a registered change that one side does not know.
    @Sendable static func surnameChanged(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let surname = Names.surnames.draw(&random)
        return changingName(items) { name in
            let parts = words(name)
            return parts.count < 2 ? nil : ([surname] + parts.dropFirst()).joined(separator: " ")
        }
    }

    @Sendable static func relativesName(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        guard let relative = entrant.relative(&random) else { return nil }
        return changingName(items) { _ in relative.name.text }
    }

    @Sendable static func relativesBirthDate(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        guard let relative = entrant.relative(&random) else { return nil }
        return changingDate(items) { _ in relative.birth.iso }
    }

    @Sendable static func strangersNumber(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        guard let stranger = entrant.stranger(&random) else { return nil }
        return changingNumber(items) { _ in stranger.personalID }
    }

    // MARK: dates and numbers

    /// A date that has nothing to do with the person's but the decade.
    @Sendable static func otherBirthDate(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        let days = random.within(-1500...1500)
        return changingDate(items) { $0.adding(days: days).iso }
    }

    @Sendable static func twoDigits(
        _ items: TypedIdentity, _ entrant: Entrant, _ random: inout Xoshiro
    ) -> TypedIdentity? {
        guard let once = oneDigit(items, entrant, &random), let twice = oneDigit(once, entrant, &random) else {
            return nil
        }
        return changingNumber(items) { _ in twice.idNumber }
    }
}
