import Testing

@testable import IdentityMatching

@Suite("Birth dates in the search")
struct DateComparisonTests {
    private let registered = DateParts(year: 1987, month: 3, day: 12)

    private func agreement(_ typed: String) -> DateAgreement {
        DateComparer.compare(DateReading(typed: typed), registered).agreement
    }

    @Test("forms that people type")
    func forms() {
        for typed in [
            "1987-03-12", "12/03/1987", "12/3/1987", "12.3.1987", "12-03-87", "19870312", "12031987",
            "12 / 03 / 1987 00:00",
        ] {
            #expect(agreement(typed) == .same, "\(typed)")
        }
        #expect(DateReading(typed: "").readings.isEmpty)
        #expect(DateReading(typed: "không rõ").isUnreadable)
        #expect(DateReading(typed: "99999999999999999999999999").isUnreadable)
    }

    @Test("levels and reasons")
    func levels() {
        let cases: [(String, DateAgreement, String?)] = [
            ("1987-03-12", .same, nil), ("1987-12-03", .swapped, "DAY_MONTH_SWAP"), ("2087-03-12", .century, "CENTURY"),
            ("1986-03-12", .oneDigit, "ONE_DIGIT"), ("1978-03-12", .transposed, "OTHER"),
            ("1987-03-21", .transposed, "OTHER"), ("1987", .yearOnly, "YEAR_ONLY"),
            ("1987-01-01", .yearOnly, "YEAR_ONLY"), ("03/1987", .yearOnly, "YEAR_ONLY"),
            ("1987-03-30", .twoParts, "OTHER"), ("1954-03-12", .twoParts, "OTHER"),
            ("1987-02-30", .sameYear, "IMPOSSIBLE_DATE"),
            ("1988-09-09", .nextYear, "OTHER"), ("1950-10-25", .different, "OTHER"), ("", .absent, "ABSENT"),
            ("??", .absent, "UNREADABLE"),
        ]
        for (typed, level, reason) in cases {
            let reading = DateReading(typed: typed)
            let found = DateComparer.compare(reading, registered)
            #expect(found.agreement == level, "\(typed)")
            #expect(found.reason(reading) == reason, "\(typed)")
        }
    }

    @Test("a register that knows the year only")
    func registeredYearOnly() {
        let first = DateParts(year: 1950, month: 1, day: 1)
        #expect(DateComparer.compare(DateReading(typed: "1950-08-20"), first).agreement == .yearOnly)
        #expect(DateComparer.compare(DateReading(typed: "1950-01-01"), first).agreement == .same)
    }
}
