import RecordModel
import Testing

@Suite struct ValueTests {
    @Test func identifiers() throws {
        let id = DoseID.random()
        #expect(DoseID(id.description) == id)
        #expect(DoseID(bytes: id.bytes) == id)
        #expect(DoseID("no") == nil)
        #expect(DoseID(bytes: [1, 2]) == nil)
        let derived = DoseID.versioned8(facilityHash: 0xDEAD_BEEF, mac: Array(1...32))
        #expect(derived.description.hasPrefix("deadbeef-0102-8"))
        #expect(derived == DoseID.versioned8(facilityHash: 0xDEAD_BEEF, mac: Array(1...32)))
        #expect(DoseID(high: 1, low: 5) < DoseID(high: 2, low: 0))
    }

    @Test(arguments: [
        ("2021-09-30T10:00:00Z", "2021-09-30T10:00:00Z"),
        ("2021-09-30T10:00:00.5+07:00", "2021-09-30T03:00:00.500000Z"),
        ("2020-02-29t23:59:59-05:30", "2020-03-01T05:29:59Z"), ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
    ]) func instants(text: String, expected: String) {
        #expect(Instant(rfc3339: text)?.rfc3339 == expected)
    }

    @Test(arguments: ["", "2021-09-30", "2021-02-29T00:00:00Z", "2021-09-30T24:00:00Z", "2021-09-30T10:00:00", "x"])
    func unreadableInstants(text: String) { #expect(Instant(rfc3339: text) == nil) }

    @Test("the day changes at midnight in Viet Nam") func localDay() {
        #expect(Instant(rfc3339: "2021-09-30T16:59:59Z")?.calendarDate().iso == "2021-09-30")
        #expect(Instant(rfc3339: "2021-09-30T17:00:00Z")?.calendarDate().iso == "2021-10-01")
        #expect(CalendarDate(iso: "2021-10-01")?.startOfDay.rfc3339 == "2021-09-30T17:00:00Z")
    }

    @Test func calendar() {
        for days in stride(from: -800_000 / 2, through: 400_000, by: 37) {
            let date = CalendarDate(daysSince1970: days)
            #expect(date.daysSince1970 == days)
            #expect(CalendarDate(iso: date.iso) == date)
        }
        #expect(CalendarDate(iso: "1900-02-29") == nil)
        #expect(CalendarDate(iso: "2000-02-29") != nil)
        #expect(CalendarDate(year: 2021, month: 1, day: 1)!.days(to: CalendarDate(year: 2021, month: 3, day: 1)!) == 59)
    }

    @Test(arguments: [
        ("AstraZeneca", "Vaxzevria"), ("COMIRNATY (Pfizer)", "Comirnaty"), ("Vero Cell", "BBIBP-CorV"),
        ("sputnik v", "Sputnik-V"), ("Covid-19 Vaccine AstraZeneca", "Vaxzevria"), ("Hayat - Vax", "Hayat-Vax"),
        ("Moderna (Hoa Kỳ)", "Spikevax"), ("Abdala", "Abdala"), ("Janssen", "Janssen"),
    ]) func vaccines(typed: String, product: String) {
        #expect(VaccineCatalogue.standard.product(typed: typed)?.product == product)
    }

    @Test func unknownVaccines() {
        #expect(VaccineCatalogue.standard.product(typed: "") == nil)
        #expect(VaccineCatalogue.standard.product(typed: "nước muối") == nil)
        #expect(VaccineCatalogue.standard.product(typed: "Pfizer / Moderna") == nil)
        #expect(VaccineCatalogue.standard.products.count == 8)
    }

    @Test(
        "MAT-06 nationality by code and by name in two languages",
        arguments: [
            ("", Nationality.vietnam), ("VN", .vietnam), ("vnm", .vietnam), ("Việt Nam", .vietnam),
            ("VIỆT NAM", .vietnam),
            ("  viet  nam ", .vietnam), ("KR", .foreign("KR")), ("Hàn Quốc", .foreign("KR")),
            ("south korea", .foreign("KR")),
            ("Kinh", .unknown), ("-", .unknown), ("??", .unknown), (" \u{a0}", .vietnam), ("Mỹ", .foreign("US")),
            ("Vie\u{302}\u{323}t Nam", .vietnam),
        ]) func nationalities(typed: String, expected: Nationality)
    {
        #expect(CountryCatalogue.standard.nationality(typed: typed) == expected)
    }

    @Test func topics() {
        #expect(Set(Topic.all.map(\.name)).count == 9)
        #expect(
            Topic.read(by: "signing").map(\.name) == [
                "intake.dose-recorded.v1", "matching.verdict.v1", "matching.person.v1",
            ])
        #expect(Topic.verdict.parked(of: "signing").name == "matching.verdict.v1.signing.parked")
        let event = WireTests.record.event(source: "intake", at: Instant(microseconds: 0))
        #expect(event.id == "\(WireTests.record.doseID):3")
        #expect(event.key == WireTests.record.subjectID.bytes)
    }

    @Test("the signed content tells values of neighbouring fields apart") func signedContent() {
        var other = WireTests.record
        other.subject.phone = "0911111111"
        #expect(SignedContent.canonicalBytes(of: other) == SignedContent.canonicalBytes(of: WireTests.record))
        other.dose.lotNumber = "L1\ninjected_on=10:2021-09-30"
        #expect(SignedContent.canonicalBytes(of: other) != SignedContent.canonicalBytes(of: WireTests.record))
    }
}
