import RecordModel

/// The time of entry decides which version stands, so a typed clock must not outrank what comes later
/// (`matching.md` §0.6).
enum EntryTimeRule {
    static let field = "entered_at"

    /// The typed instant; the arrival where none was typed.
    static func instant(
        of row: Submission, receivedAt: Instant, _ settings: ValidationSettings
    ) throws(RuleFailure) -> Instant {
        if row.enteredAt.isEmpty { return receivedAt }
        guard let instant = Instant(rfc3339: row.enteredAt) else { throw RuleFailure(field: field, rule: .unreadable) }
        if instant > receivedAt.adding(seconds: settings.toleranceAhead) {
            throw RuleFailure(field: field, rule: .ahead)
        }
        return instant
    }
}
