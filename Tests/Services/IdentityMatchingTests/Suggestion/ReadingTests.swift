import RecordModel
import Testing

@testable import IdentityMatching

@Suite("What was typed, read for the search")
struct ReadingTests {
    @Test("the lunar calendar: new years, a mid-autumn day, after a leap month, nothing outside it")
    func lunar() throws {
        let days = [
            (2021, 1, 1, "2021-02-12"), (1990, 1, 1, "1990-01-27"), (1968, 1, 1, "1968-01-29"),
            (1985, 1, 1, "1985-01-21"), (2020, 8, 15, "2020-10-01"), (2020, 5, 1, "2020-06-21"),
            (2019, 12, 30, "2020-01-24"), (1954, 12, 2, "1954-12-26"),
        ]
        for (year, month, day, expected) in days {
            let julian = try #require(LunarCalendar.julianDay(year: year, month: month, day: day))
            #expect(CalendarDate(daysSince1970: julian - 2_440_588).iso == expected, "\(year)-\(month)-\(day)")
        }
        for (year, month, day) in [(1990, 13, 1), (1990, 1, 31), (1800, 1, 1), (1990, 0, 1)] {
            #expect(LunarCalendar.julianDay(year: year, month: month, day: day) == nil)
        }
    }

    @Test("forms of dates beside those that VERIFY takes")
    func dates() {
        let meant = DateParts(year: 1987, month: 3, day: 12)
        for typed in [
            "12-Mar-1987", "12 Mar 1987", "Mar 12, 1987", "12-mar-87", "31848", "31848.0", "31848.29166667",
            "12/031987", "1203/1987", "12 tháng 3 năm 1987", "1987-03-12T00:00:00",
        ] {
            #expect(DateReading(typed: typed).readings.contains(meant), "\(typed)")
        }
        #expect(DateReading(typed: "99999").isUnreadable && DateReading(typed: "7").isUnreadable)
        var normaliser = NameNormaliser()
        let entry = RegisterEntry(
            number: "A1", oldNumber: "", name: "Lê Hoa", sex: "female", birthDate: "12/25/1990", commune: "Xã A",
            normaliser: &normaliser)
        #expect(entry.date == DateParts(year: 1990, month: 12, day: 25) && entry.sex == .female)
        #expect(CommuneCode.read("Xã A") == CommuneCode.read("XãA") && CommuneCode.read("Xã B") != entry.communeCode)
        #expect(CommuneCode.read("") == nil && CommuneCode.read("4567") == 4567)
    }

    @Test("a number that was cut, masked or made a floating-point number agrees with its own and few others")
    func fragments() {
        let number = PackedNumber(cleaned: Array("067161023696".utf8))
        let other = PackedNumber(cleaned: Array("067162023696".utf8))
        for typed in [
            "6.71610E+10", "6,71610237E+10", "6.7161E+10", "67161000000", "067161023***", "067***023696",
            "0671610236", "061023696", "161023696",
        ] {
            let reading = NumberReading(typed: typed)
            let agrees = reading.fragments.contains { $0.agrees(with: number) }
            #expect(agrees == (typed != "061023696"), "\(typed)")
            if typed.contains("1610") || typed.contains("E") {
                #expect(!reading.fragments.contains { $0.agrees(with: other) }, "\(typed)")
            }
        }
        #expect(NumberReading(typed: "067161023696").fragments.isEmpty)
        #expect(NumberReading(typed: "không có").fragments.isEmpty)
        for typed in ["67161023696.0", "67161023696,00", "067161023696.0"] {
            #expect(NumberReading(typed: typed).forms.contains { $0.number == number }, "\(typed)")
        }
    }

    @Test("items in each other's columns go back; whatever may be right stays")
    func places() {
        func placed(_ name: String, _ sex: String, _ date: String, _ number: String) -> [String]? {
            ItemPlaces.restored(TypedIdentity(fullName: name, sex: sex, dateOfBirth: date, idNumber: number)).map {
                [$0.fullName, $0.sex, $0.dateOfBirth, $0.idNumber]
            }
        }
        let meant = ["Vũ Văn Duy", "M", "1989-07-15", "092089024204"]
        #expect(placed("092089024204", "M", "1989-07-15", "Vũ Văn Duy") == meant)
        #expect(placed("Vũ Văn Duy", "M", "092089024204", "1989-07-15") == meant)
        #expect(placed("126", "Vũ Văn Duy", "M", "1989-07-15") == ["Vũ Văn Duy", "M", "1989-07-15", ""])
        #expect(placed("Vũ Văn Duy", "M", "1989-07-15", "092089024204") == nil)
        for (name, sex, date, number) in [
            ("Vũ Văn Duy", "Nam", "15/07/1989", ""), ("Vũ Văn Duy (0987654321)", "", "1989", "15/07/1989"),
            ("Nam", "M", "", ""), ("", "", "", ""), ("Ksor H'Lê", "nữ", "Bính Thân", "GD4012345678901"),
            ("Vũ Văn Duy", "?", "15/07/1989", "Trần Thị Hoa"),
        ] {
            #expect(placed(name, sex, date, number) == nil, "\(name)")
        }
    }
}
