/// How a typed name differs from the registered one, in one word: what `Names/` sees, for the police side.
///
/// Keep one for a batch: it reuses its buffers.
struct NameDifference {
    private var normaliser: NameNormaliser
    private var preparer: NamePreparer
    private var comparer = NameComparer()
    private var registered: [UInt8] = []

    init(rules: RuleSet = .first) {
        normaliser = NameNormaliser(rules: rules)
        preparer = NamePreparer(rules: rules)
    }

    /// The reason; nil where the names are one under the rules, as VERIFY compares.
    ///
    /// - Parameters:
    ///   - typed: as it came, which tells old encodings apart.
    ///   - prepared: the same name read; filled in where nobody has read it yet.
    ///   - registered: as the register has it.
    mutating func reason(typed: String, prepared: inout PreparedName?, registered: Span<UInt8>) -> String? {
        if normaliser.areEqual(typed, registered) { return nil }
        let name = prepared ?? preparer.prepare(typed)
        prepared = name
        normaliser.normalise(registered, into: &self.registered)
        let bytes = self.registered
        return comparer.compare(name, registered: bytes.span).reason
    }
}
