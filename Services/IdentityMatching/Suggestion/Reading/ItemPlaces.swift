import RecordModel

/// Items that stand in each other's columns: a row of a spreadsheet shifted by a cell, name and number exchanged.
///
/// A text is moved only where it cannot be what its column holds and is plainly what another column holds, which has
/// nothing of its own kind.
enum ItemPlaces {
    private enum Kind: CaseIterable {
        case name, sex, date, number, other
    }

    /// The items each in its own column; nil where they are already.
    static func restored(_ typed: TypedIdentity) -> TypedIdentity? {
        if isUsual(typed) { return nil }
        let texts = [typed.fullName, typed.sex, typed.dateOfBirth, typed.idNumber]
        let own: [Kind] = [.name, .sex, .date, .number]
        let kinds = zip(texts, own).map { text, kind in isPlausible(text, as: kind) ? kind : Self.kind(of: text) }
        var placed = texts
        var moved = false
        for (place, kind) in kinds.enumerated() where kind != own[place] {
            guard let target = own.firstIndex(of: kind), kinds[target] != kind || target == place else { continue }
            if !moved {
                for (place, kind) in kinds.enumerated() where kind != own[place] && kind != .other {
                    placed[place] = ""
                }
            }
            placed[target] = texts[place]
            moved = true
        }
        guard moved else { return nil }
        return TypedIdentity(fullName: placed[0], sex: placed[1], dateOfBirth: placed[2], idNumber: placed[3])
    }

    /// What most records look like, told from a few letters.
    private static func isUsual(_ typed: TypedIdentity) -> Bool {
        guard let name = typed.fullName.utf8.first, !isDigit(name), typed.sex.utf8.count <= 4 else { return false }
        if let date = typed.dateOfBirth.utf8.first, !isDigit(date) || typed.dateOfBirth.utf8.count > 10 { return false }
        guard let number = typed.idNumber.utf8.first else { return true }
        return isDigit(number) && !typed.idNumber.utf8.contains { $0 == 0x2F || $0 == 0x2D }
    }

    private static func isPlausible(_ text: String, as kind: Kind) -> Bool {
        let shape = Shape(text)
        switch kind {
        case .name: return shape.letters > 1 && shape.digits < 6
        case .sex: return SexMark(typed: text) != .unknown
        case .date: return shape.digits < 9 && !DateReading(typed: text).readings.isEmpty
        case .number: return shape.digits >= 6 && shape.groups != 3
        case .other: return false
        }
    }

    private static func kind(of text: String) -> Kind {
        let shape = Shape(text)
        if SexMark(typed: text) != .unknown { return .sex }
        if shape.digits == 0, shape.words > 1 { return .name }
        guard shape.letters == 0 else { return .other }
        if shape.groups == 3, shape.digits <= 8, !DateReading(typed: text).readings.isEmpty { return .date }
        return shape.groups == 1 && shape.digits >= 9 && shape.digits <= 12 ? .number : .other
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// What a text is made of.
    private struct Shape {
        var digits = 0
        var letters = 0
        /// Runs of digits, and words that begin with a letter.
        var groups = 0
        var words = 0

        init(_ text: String) {
            var last: UInt8 = 0x20
            for byte in text.utf8 {
                let isLetter = byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte >= 0xC3
                if isDigit(byte) {
                    digits += 1
                    if !isDigit(last) { groups += 1 }
                } else if isLetter {
                    letters += 1
                    if last <= 0x20 { words += 1 }
                }
                last = byte
            }
        }
    }
}
