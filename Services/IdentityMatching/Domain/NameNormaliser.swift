import Synchronization

/// Names made comparable by the rules of a set, about a microsecond each.
///
/// Letters of the Latin blocks that hold Vietnamese, and general punctuation, go through a table from one scalar to one; the
/// table is computed from the rules themselves and holds only scalars that no rule joins with a neighbour. Combining marks
/// that Vietnamese is typed with are joined first (`CombiningMarks`). The first scalar outside sends the whole name through
/// the rules one by one. Keep one normaliser for a batch: it reuses its buffers.
struct NameNormaliser {
    private var scalars: [UInt32] = []
    private var others: [UInt32] = []
    let rules: RuleSet
    private let table: FoldingTable
    private let movesSyllableTone: Bool

    init(rules: RuleSet = .first) {
        self.rules = rules
        table = FoldingTable.of(rules.names)
        movesSyllableTone = rules.names.contains(.syllableToneUnified)
        scalars.reserveCapacity(96)
        others.reserveCapacity(96)
    }

    /// The name as it is compared; empty where nothing visible was typed.
    mutating func normalise(_ name: String) -> String {
        guard Self.fold(name.utf8.span, by: table, into: &scalars) else { return rules.names.normalise(name) }
        unify(&scalars)
        var bytes: [UInt8] = []
        Self.encode(scalars, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same for bytes of UTF-8, into a buffer that the caller keeps.
    mutating func normalise(_ name: Span<UInt8>, into bytes: inout [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        guard Self.fold(name, by: table, into: &scalars) else {
            bytes.append(contentsOf: slowly(name).utf8)
            return
        }
        unify(&scalars)
        Self.encode(scalars, to: &bytes)
    }

    /// Whether two names are one under the rules. The same bytes are the same name, whatever the rules: most names that
    /// agree go no further.
    mutating func areEqual(_ typed: String, _ registered: Span<UInt8>) -> Bool {
        let bytes = typed.utf8.span
        if Self.areSame(bytes, registered) { return true }
        guard Self.fold(bytes, by: table, into: &scalars), Self.fold(registered, by: table, into: &others) else {
            return rules.names.normalise(typed).utf8.elementsEqual(slowly(registered).utf8)
        }
        unify(&scalars)
        unify(&others)
        return scalars == others
    }

    /// Whether the rules leave nothing of the name: nothing visible was typed.
    mutating func leavesNothing(of name: String) -> Bool {
        // No rule takes a letter away; nearly every name has one of a to z at its beginning.
        for byte in name.utf8 where byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A { return false }
        return normalise(name).isEmpty
    }

    private func unify(_ scalars: inout [UInt32]) {
        TonePlacement.unify(&scalars)
        if movesSyllableTone { SyllableTone.unify(&scalars) }
    }

    private func slowly(_ name: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(name.count)
        for index in name.indices { bytes.append(name[index]) }
        return rules.names.normalise(String(decoding: bytes, as: UTF8.self))
    }

    private static func areSame(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
        guard one.count == other.count else { return false }
        for index in one.indices where one[index] != other[index] { return false }
        return true
    }

    /// False where a scalar is not in the table, or a mark joins its letter in a way that the table does not know.
    private static func fold(_ name: Span<UInt8>, by table: FoldingTable, into scalars: inout [UInt32]) -> Bool {
        scalars.removeAll(keepingCapacity: true)
        /// The scalar before, as composed so far; 0 where a mark cannot join it.
        var last: UInt32 = 0
        var pending: UInt32 = 0
        var expected = 0
        for index in name.indices {
            let byte = name[index]
            var scalar = UInt32(byte)
            if byte >= 0x80 {
                if byte >= 0xC0 {
                    guard byte < 0xF0 else { return false }
                    expected = byte < 0xE0 ? 1 : 2
                    pending = UInt32(byte) & (byte < 0xE0 ? 0x1F : 0x0F)
                    continue
                }
                pending = pending << 6 | UInt32(byte & 0x3F)
                expected -= 1
                guard expected == 0 else { continue }
                scalar = pending
            }
            if let mark = CombiningMarks.place(of: scalar) {
                last = CombiningMarks.shared.composed(last, mark)
                let entry = table.entry(last)
                guard last != 0, entry < FoldingTable.nothing, !scalars.isEmpty else { return false }
                scalars[scalars.count - 1] = entry
                continue
            }
            let entry = table.entry(scalar)
            guard entry != FoldingTable.absent else { return false }
            last = entry < FoldingTable.nothing && entry != 0x20 ? scalar : 0
            if entry == FoldingTable.nothing || entry == 0x20 && (scalars.last ?? 0x20) == 0x20 { continue }
            scalars.append(entry)
        }
        if scalars.last == 0x20 { scalars.removeLast() }
        return true
    }

    private static func encode(_ scalars: [UInt32], to bytes: inout [UInt8]) {
        bytes.reserveCapacity(scalars.count * 2)
        for scalar in scalars {
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
}

/// What each scalar of U+0000…U+024F, U+1E00…U+1EFF and U+2000…U+206F becomes when it stands among its like.
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

    /// Block after block.
    private let entries: [UInt32]

    private init(_ rules: [NormalisationRule]) {
        entries = [0..<0x250, 0x1E00..<0x1F00, 0x2000..<0x2070].flatMap { $0.map { Self.computed($0, rules) } }
    }

    @inline(__always)
    func entry(_ scalar: UInt32) -> UInt32 {
        if scalar < 0x250 { return entries[Int(scalar)] }
        if scalar >= 0x1E00, scalar < 0x1F00 { return entries[Int(scalar - 0x1E00 + 0x250)] }
        if scalar >= 0x2000, scalar < 0x2070 { return entries[Int(scalar - 0x2000 + 0x350)] }
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
