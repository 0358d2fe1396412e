import RecordModel

/// The injection happened: not tomorrow, and not before vaccination began in Viet Nam unless it was given abroad.
enum InjectionDateRule {
    static let field = "injected_on"

    /// The date as `YYYY-MM-DD`.
    static func date(
        of row: Submission, receivedAt: Instant, _ settings: ValidationSettings
    ) throws(RuleFailure) -> String {
        if row.injectedOn.isEmpty { throw RuleFailure(field: field, rule: .missing) }
        guard let date = read(row.injectedOn) else { throw RuleFailure(field: field, rule: .unreadable) }
        if date > receivedAt.calendarDate() { throw RuleFailure(field: field, rule: .inTheFuture) }
        if date < settings.startDate {
            guard case .foreign = CountryCatalogue.standard.nationality(typed: row.givenCountry) else {
                throw RuleFailure(field: field, rule: .beforeStart)
            }
        }
        return date.iso
    }

    /// `YYYY-MM-DD` or `dd/MM/yyyy`; day first, never month first.
    static func read(_ text: String) -> CalendarDate? {
        if let date = CalendarDate(iso: text) { return date }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[2].utf8.count == 4,
            parts.allSatisfy({ (1...4).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let day = Int(parts[0]), let month = Int(parts[1]), let year = Int(parts[2])
        else { return nil }
        return CalendarDate(year: year, month: month, day: day)
    }
}
