import Synchronization

/// Names made comparable by the rules of a set, about a microsecond each.
///
/// Letters of the Latin blocks that hold Vietnamese go through a table from one scalar to one; the table is computed from
/// the rules themselves and holds only scalars that no rule joins with a neighbour. The first scalar outside it sends the
/// whole name through the rules one by one. Keep one normaliser for a batch: it reuses its buffers.
struct NameNormaliser {
    private var scalars: [UInt32] = []
    private var bytes: [UInt8] = []
    let rules: RuleSet
    private let table: FoldingTable
    private let movesSyllableTone: Bool

    init(rules: RuleSet = .first) {
        self.rules = rules
        table = FoldingTable.of(rules.names)
        movesSyllableTone = rules.names.contains(.syllableToneUnified)
        scalars.reserveCapacity(96)
        bytes.reserveCapacity(192)
    }

    /// The name as it is compared; empty where nothing visible was typed.
    mutating func normalise(_ name: String) -> String {
        guard fold(name) else { return rules.names.normalise(name) }
        TonePlacement.unify(&scalars)
        if movesSyllableTone { SyllableTone.unify(&scalars) }
        bytes.removeAll(keepingCapacity: true)
        for scalar in scalars { encode(scalar) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Folds into `scalars`; false where a scalar is not in the table.
    private mutating func fold(_ name: String) -> Bool {
        scalars.removeAll(keepingCapacity: true)
        var pending: UInt32 = 0
        var expected = 0
        for byte in name.utf8 {
            if byte < 0x80 {
                append(table.entry(UInt32(byte)))
                continue
            }
            if expected > 0 {
                pending = pending << 6 | UInt32(byte & 0x3F)
                expected -= 1
                guard expected == 0 else { continue }
                let entry = table.entry(pending)
                guard entry != FoldingTable.absent else { return false }
                append(entry)
            } else if byte & 0xE0 == 0xC0 {
                pending = UInt32(byte & 0x1F)
                expected = 1
            } else if byte == 0xE1 {
                pending = 1
                expected = 2
            } else {
                return false
            }
        }
        if scalars.last == 0x20 { scalars.removeLast() }
        return true
    }

    private mutating func append(_ scalar: UInt32) {
        if scalar == 0x20, scalars.isEmpty || scalars[scalars.count - 1] == 0x20 { return }
        if scalar != FoldingTable.nothing { scalars.append(scalar) }
    }

    private mutating func encode(_ scalar: UInt32) {
        if scalar < 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: scalar))
        } else if scalar < 0x800 {
            bytes.append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
        } else {
            bytes.append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
        }
    }
}

/// What each scalar of U+0000…U+024F and U+1E00…U+1EFF becomes when it stands among its like.
struct FoldingTable: Sendable {
    /// Not to be folded one by one.
    static let absent: UInt32 = 0xFFFF_FFFF
    /// Goes without leaving anything.
    static let nothing: UInt32 = 0xFFFF_FFFE

    private static let known = Mutex<[[NormalisationRule]: FoldingTable]>([:])

    /// The table of these rules; made once.
    static func of(_ rules: [NormalisationRule]) -> FoldingTable {
        known.withLock { known in
            if let table = known[rules] { return table }
            let table = FoldingTable(rules)
            known[rules] = table
            return table
        }
    }

    private let latin: [UInt32]
    private let latinAdditional: [UInt32]

    private init(_ rules: [NormalisationRule]) {
        latin = (0..<0x250).map { Self.computed($0, rules) }
        latinAdditional = (0x1E00..<0x1F00).map { Self.computed($0, rules) }
    }

    func entry(_ scalar: UInt32) -> UInt32 {
        if scalar < 0x250 { return latin[Int(scalar)] }
        if scalar >= 0x1E00, scalar < 0x1F00 { return latinAdditional[Int(scalar - 0x1E00)] }
        return Self.absent
    }

    /// The rules applied to the scalar between two letters that no rule touches.
    private static func computed(_ value: UInt32, _ rules: [NormalisationRule]) -> UInt32 {
        guard let scalar = Unicode.Scalar(value) else { return absent }
        let guardLetter: Unicode.Scalar = "x"
        let folded = rules.reduce([guardLetter, scalar, guardLetter]) { $1.apply(to: $0) }
        guard folded.first == guardLetter, folded.last == guardLetter else { return absent }
        switch folded.count {
        case 2: return nothing
        case 3: return folded[1].value < 0x10000 ? folded[1].value : absent
        default: return absent
        }
    }
}
