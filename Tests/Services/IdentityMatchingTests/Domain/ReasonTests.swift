import RecordModel
import Testing

@testable import IdentityMatching

@Suite("Reasons of numbers, dates and sexes, one function for findings and candidates")
struct ReasonTests {
    @Test(
        "MAT-04 every level of a number has its reason",
        arguments: [
            (NumberAgreement.same, nil), (.sameOld, "OLD_CMND_MAPS"), (.zerosRestored, "LEADING_ZERO_LOST"),
            (.lettersForDigits, "LETTER_FOR_DIGIT"), (.transposed, "TRANSPOSITION"), (.oneDigit, "ONE_DIGIT"),
            (.digitMissing, "WRONG_LENGTH"), (.digitExtra, "WRONG_LENGTH"), (.oldNear, "ONE_DIGIT"),
            (.twoDigits, "SEVERAL_DIGITS"), (.partly, "SEVERAL_DIGITS"), (.ofRelative, "BELONGS_TO_OTHER"),
            (.ofOther, "BELONGS_TO_OTHER"), (.different, "NOT_IN_REGISTER"), (.absent, nil),
        ] as [(NumberAgreement, String?)])
    func numbers(_ pair: (NumberAgreement, String?)) { #expect(NumberReason.of(pair.0, .personal) == pair.1) }

    @Test("MAT-04 a number of nobody is explained by its form, alike from VERIFY's reading and from the search's")
    func numberForms() {
        let cases = [
            ("", "ABSENT"), (" . ", "ABSENT"), ("079187012345", "NOT_IN_REGISTER"), ("987654321", "CMND_UNKNOWN"),
            ("79187012345", "LEADING_ZERO_LOST"), ("7918701", "WRONG_LENGTH"), ("0791870123456", "WRONG_LENGTH"),
            ("O79187012345", "MALFORMED"), ("B1234567", "MALFORMED"), ("1.09E+11", "SCIENTIFIC_NOTATION"),
            ("12345678", "LEADING_ZERO_LOST"), ("99999999999", "WRONG_LENGTH"),
        ]
        for (typed, reason) in cases {
            #expect(NumberReason.of(.different, NumberForm(IDNumber(typed: typed))) == reason, "\(typed)")
            let reading = NumberReading(typed: typed)
            #expect(NumberComparison(agreement: .different).reason(reading) == reason, "\(typed)")
        }
    }

    @Test(
        "MAT-04 every level of a date has its reason",
        arguments: [
            (DateAgreement.same, nil), (.swapped, "DAY_MONTH_SWAP"), (.century, "CENTURY"), (.oneDigit, "ONE_DIGIT"),
            (.transposed, "OTHER"), (.yearOnly, "YEAR_ONLY"), (.twoParts, "OTHER"), (.sameYear, "OTHER"),
            (.nextYear, "OTHER"), (.different, "OTHER"), (.absent, nil),
        ] as [(DateAgreement, String?)])
    func dates(_ pair: (DateAgreement, String?)) { #expect(DateReason.of(pair.0, .known) == pair.1) }

    @Test("MAT-04 a date is explained alike from VERIFY's reading and from the search's")
    func dateForms() throws {
        let registered = try #require(CalendarDate(year: 1987, month: 3, day: 12))
        let cases: [(String, String?)] = [
            ("1987-03-12", nil), ("12/03/1987", nil), ("03/12/1987", "DAY_MONTH_SWAP"), ("2087-03-12", "CENTURY"),
            ("1887-03-12", "CENTURY"), ("1986-03-12", "ONE_DIGIT"), ("1978-03-12", "OTHER"), ("21/03/1987", "OTHER"),
            ("01/01/1987", "YEAR_ONLY"), ("1987", "YEAR_ONLY"), ("1986", "YEAR_ONLY"), ("1950-10-25", "OTHER"),
            ("30/02/1987", "IMPOSSIBLE_DATE"), ("31/04/1950", "IMPOSSIBLE_DATE"), ("1987-13-12", "ONE_DIGIT"),
            ("", "ABSENT"), ("không rõ", "UNREADABLE"),
        ]
        for (typed, reason) in cases {
            let verified = DateReason.of(BirthDateReading(typed: typed), registered: registered)
            let reading = DateReading(typed: typed)
            let searched = DateComparer.compare(reading, DateParts(registered)).reason(reading)
            #expect(verified == searched, "\(typed)")
            #expect(verified == reason, "\(typed)")
        }
    }

    @Test("MAT-04 a registered first of January is a year, too")
    func registeredYear() throws {
        let registered = try #require(CalendarDate(year: 1950, month: 1, day: 1))
        #expect(DateReason.of(BirthDateReading(typed: "20/08/1950"), registered: registered) == "YEAR_ONLY")
        #expect(DateReason.of(BirthDateReading(typed: "01/01/1950"), registered: registered) == nil)
    }

    @Test("MAT-04 sexes: absent, unreadable, flipped, or contradicted by the number's own digits")
    func sexes() {
        let male = IDNumber.personal(79_087_012_345)
        #expect(SexReason.of(.absent, registered: .male, number: male) == "ABSENT")
        #expect(SexReason.of(.unreadable, registered: .male, number: male) == "UNREADABLE")
        #expect(SexReason.of(.known(.male), registered: .male, number: male) == nil)
        #expect(SexReason.of(.known(.female), registered: .male, number: male) == "CONTRADICTS_ID")
        #expect(SexReason.of(.known(.male), registered: .female, number: male) == "FLIPPED")
        #expect(SexReason.of(.known(.female), registered: .male, number: .old(123_456_789)) == "FLIPPED")
        #expect(SexReason.of(.known(.female), registered: nil, number: male) == nil)
    }
}
