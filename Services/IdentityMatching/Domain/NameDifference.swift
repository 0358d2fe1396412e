/// How a typed name differs from the registered one, in one word: what `Names/` sees, for the police side.
///
/// Keep one for a batch: it reuses its buffers.
struct NameDifference {
    private var preparer = NamePreparer()
    private var comparer = NameComparer()

    /// The reason; nil where the names are equal as VERIFY compares, or where nothing is registered to compare with.
    ///
    /// `typed` is the text as it came, which tells old encodings apart; `normalised` and `registered` are in the form of
    /// the standing rule set.
    mutating func reason(typed: String, normalised: String, registered: String?) -> String? {
        if normalised.isEmpty { return "ABSENT" }
        guard let registered, registered != normalised else { return nil }
        let prepared = preparer.prepare(typed, normalised: normalised)
        return comparer.compare(prepared, registered: registered).reason
    }
}
