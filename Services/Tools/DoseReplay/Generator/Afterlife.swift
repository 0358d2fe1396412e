/// What happens to a row after it was typed once: sent again, amended, taken back, entered by a second facility,
/// arriving after its own amendment, or never acceptable at all.
import RecordModel

enum Afterlife {
    private typealias Rates = DoseStream.Rates

    /// The row and what follows from it, each with the number of rows by which it is held back.
    static func rows(
        _ row: StreamRow, clean: TypedIdentity, geography: Geography, _ random: inout Xoshiro
    ) -> [(StreamRow, Int)] {
        let ordinary = random.below(48)
        if random.chance(Rates.lateOlder) {
            // The amendment comes first, the row that it amends long after.
            return [
                (amended(row, clean: clean, geography: geography, &random), ordinary),
                (named(row, "late-older"), 1500 + random.below(500)),
            ]
        }
        var rows = [(row, ordinary)]
        if random.chance(Rates.amendment) {
            rows.append((amended(row, clean: clean, geography: geography, &random), 200 + random.below(1200)))
        } else if random.chance(Rates.withdrawal) {
            rows.append((withdrawn(row, &random), 300 + random.below(1200)))
        }
        if random.chance(Rates.duplicate) { rows.append((named(row, "duplicate"), 60 + random.below(1800))) }
        if random.chance(Rates.doubleEntry) {
            rows.append((doubleEntry(row, geography: geography, &random), ordinary + random.below(300)))
        }
        if random.chance(Rates.invalid) { rows.append((invalid(row, &random), ordinary)) }
        return rows
    }

    private static func named(_ row: StreamRow, _ kind: String) -> StreamRow {
        var row = row
        row.truth.kind = kind
        return row
    }

    private static func later(_ entered: String, _ random: inout Xoshiro) -> String {
        Instant(rfc3339: entered)!.adding(seconds: Int64(random.within(3600...20 * 86_400))).rfc3339
    }

    /// Half of the amendments put the identity right, the others change something else.
    private static func amended(
        _ row: StreamRow, clean: TypedIdentity, geography: Geography, _ random: inout Xoshiro
    ) -> StreamRow {
        var amended = named(row, "amendment")
        amended.submission.enteredAt = later(row.submission.enteredAt, &random)
        if !row.truth.errors.isEmpty, random.chance(5000) {
            let facility = geography.facilities.first { $0.code == row.submission.facilityCode }?.index ?? 0
            amended.submission.identity = Habits.typed(clean, facility: facility)
            amended.truth.errors = []
            amended.truth.outcome = .right
        } else if random.chance(5000) {
            amended.submission.subject.phone = "08" + digits(random.below(100_000_000), 8)
        } else {
            amended.submission.lotNumber = "SUA" + digits(random.below(10_000), 4)
        }
        return amended
    }

    private static func withdrawn(_ row: StreamRow, _ random: inout Xoshiro) -> StreamRow {
        var withdrawn = named(row, "withdrawal")
        withdrawn.submission.enteredAt = later(row.submission.enteredAt, &random)
        withdrawn.submission.recordStatus = "withdrawn"
        return withdrawn
    }

    /// The same dose keyed by a second facility: two doses of one number, which no passport may count.
    private static func doubleEntry(
        _ row: StreamRow, geography: Geography, _ random: inout Xoshiro
    ) -> StreamRow {
        var other = named(row, "double-entry")
        let facility = random.pick(geography.mobiles)
        other.submission.facilityCode = geography.facilities[facility].code
        other.submission.sourceRecordID += "-K"
        other.submission.entryBasis = "back-entry"
        other.submission.enteredAt = later(row.submission.enteredAt, &random)
        return other
    }

    /// Rows that Intake must refuse, each for one reason.
    private static func invalid(_ row: StreamRow, _ random: inout Xoshiro) -> StreamRow {
        var bad = named(row, "invalid")
        bad.truth.outcome = .refused
        bad.submission.sourceRecordID += "-X"
        let reasons = [
            "unknown-facility", "future-date", "unknown-vaccine", "no-record-id", "before-start", "overlong-lot",
            "unreadable-entered-at",
        ]
        let reason = random.pick(reasons)
        switch reason {
        case "unknown-facility": bad.submission.facilityCode = "KHONG-CO-" + digits(random.below(100), 2)
        case "future-date": bad.submission.injectedOn = "2099-01-01"
        case "unknown-vaccine": bad.submission.vaccine = "Thuốc nam số " + String(random.below(9) + 1)
        case "no-record-id": bad.submission.sourceRecordID = ""
        case "before-start": bad.submission.injectedOn = "2020-12-01"
        case "overlong-lot": bad.submission.lotNumber = String(repeating: "L", count: 5000)
        default: bad.submission.enteredAt = "hôm qua"
        }
        bad.truth.errors = [reason]
        return bad
    }
}
