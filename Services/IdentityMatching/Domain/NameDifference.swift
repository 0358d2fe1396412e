/// How a typed name differs from the registered one, in one word: what `Names/` sees, for the police side.
enum NameDifference {
    /// The reason; nil where the names are equal as VERIFY compares, or where nothing is registered to compare with.
    ///
    /// `typed` is the text as it came, which tells old encodings apart; `normalised` and `registered` are in the form of
    /// the standing rule set.
    static func reason(typed: String, normalised: String, registered: String?) -> String? {
        if normalised.isEmpty { return "ABSENT" }
        guard let registered, registered != normalised else { return nil }
        var preparer = NamePreparer()
        var comparer = NameComparer()
        let prepared = preparer.prepare(typed, normalised: normalised)
        return comparer.compare(prepared, registered: registered).reason
    }
}
