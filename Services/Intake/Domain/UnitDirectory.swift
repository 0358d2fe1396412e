import RecordModel

/// The units as they stood at one revision of the list: what rules and scopes look things up in.
struct UnitDirectory: Sendable {
    struct Entry: Sendable {
        var kind: UnitKind
        var communeCode: String
        var facilityHash: UInt32
    }

    /// Steps with each change of the list.
    let revision: Int64
    private let entries: [String: Entry]

    init(revision: Int64, units: some Sequence<(code: String, kind: UnitKind, communeCode: String)>) {
        self.revision = revision
        var entries: [String: Entry] = [:]
        for unit in units {
            entries[unit.code] = Entry(
                kind: unit.kind, communeCode: unit.communeCode,
                facilityHash: RecordIdentifiers.facilityHash(unit.code))
        }
        self.entries = entries
    }

    var isEmpty: Bool { entries.isEmpty }

    subscript(_ code: String) -> Entry? { entries[code] }
}
