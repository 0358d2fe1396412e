import RecordModel
import Testing

@testable import Intake

@Suite("Which version stands")
struct RecordVersionsTests {
    private func version(_ lot: String, at hour: Int, _ change: (inout Submission) -> Void = { _ in }) throws
        -> AcceptedRow
    {
        try accepted(
            row {
                $0.lotNumber = lot
                $0.enteredAt = "2022-01-10T\(hour < 10 ? "0" : "")\(hour):00:00+07:00"
                change(&$0)
            })
    }

    @Test("a newer row amends, an older one goes into the history, an equal one is a duplicate, also when old")
    func decisions() throws {
        var versions = RecordVersions(held: nil)
        let (a, b, old) = (try version("A", at: 8), try version("B", at: 9), try version("C", at: 7))
        #expect(versions.take(a, at: noon, salt: salt) == .created)
        #expect(versions.take(b, at: noon, salt: salt) == .amended)
        #expect(versions.take(a, at: noon, salt: salt) == .duplicate)
        #expect(versions.take(old, at: noon, salt: salt) == .late)
        #expect(versions.take(old, at: noon, salt: salt) == .duplicate)
        let held = try #require(versions.held)
        #expect(held.record.version == 2 && held.record.dose.lotNumber == "B")
        #expect(held.standingRow == b.contentHash && held.hashes.count == 3)
        #expect(versions.history.map(\.isLate) == [false, true])
    }

    @Test("a difference in the time of entry alone is no new version")
    func sameContentLater() throws {
        var versions = RecordVersions(held: nil)
        _ = versions.take(try version("A", at: 8), at: noon, salt: salt)
        #expect(versions.take(try version("A", at: 10), at: noon, salt: salt) == .duplicate)
    }

    @Test("at equal instants the later arrival stands; instants count, not their zones")
    func equalInstants() throws {
        var versions = RecordVersions(held: nil)
        _ = versions.take(try version("A", at: 8), at: noon, salt: salt)
        let zoned = try accepted(
            row {
                $0.lotNumber = "B"
                $0.enteredAt = "2022-01-10T01:00:00Z"
            })
        #expect(versions.take(zoned, at: noon, salt: salt) == .amended)
        #expect(versions.held?.record.dose.lotNumber == "B")
    }

    @Test("a withdrawal is a version; a later row takes the record up again")
    func withdrawal() throws {
        var versions = RecordVersions(held: nil)
        _ = versions.take(try version("A", at: 8), at: noon, salt: salt)
        _ = versions.take(try version("A", at: 9) { $0.recordStatus = "withdrawn" }, at: noon, salt: salt)
        #expect(versions.held?.record.status == .withdrawn && versions.held?.record.version == 2)
        _ = versions.take(try version("B", at: 10), at: noon, salt: salt)
        #expect(versions.held?.record.status == .active && versions.held?.record.version == 3)
    }

    /// Something that happens to a record: a facility's row, or a correction that was decided on the first version.
    private enum Happening {
        case row(AcceptedRow)
        case correction(CorrectionApplied)
    }

    @Test("CLN-02 every order of rows and corrections leads to the same standing content")
    func everyOrder() throws {
        let first = try version("A", at: 8) { $0.identity.fullName = "Nguyen Thi Hong" }
        let base = first.record(version: 1, at: noon, salt: salt())
        func decided(_ hour: Int) -> Instant { Instant(rfc3339: "2022-01-10T\(hour):30:00+07:00")! }
        let happenings: [Happening] = [
            .row(try version("B", at: 10) { $0.identity.fullName = "Nguyễn Thị Hống" }),
            .row(try version("C", at: 9)),
            .correction(identityCorrection(1, of: base, name: "Nguyễn Thị Hồng", decidedAt: decided(11))),
            .correction(identityCorrection(2, of: base, name: "Nguyễn Thị Hường", decidedAt: decided(10))),
            .correction(doseCorrection(3, of: base, DoseCorrection(lotNumber: "L1"), decidedAt: decided(12))),
            .correction(
                doseCorrection(
                    4, of: base, DoseCorrection(doseNumber: "2", lotNumber: "L0"), decidedAt: decided(10))),
        ]
        var outcomes: Set<DoseRecord> = []
        for order in permutations(happenings.count) {
            var versions = RecordVersions(held: nil)
            _ = versions.take(first, at: noon, salt: salt)
            for index in order {
                switch happenings[index] {
                case .row(let row): _ = versions.take(row, at: noon, salt: salt)
                case .correction(let correction):
                    let behind = try #require(versions.row(behindVersion: correction.doseVersion))
                    _ = versions.apply(
                        StandingCorrection(correction: correction, base: behind), at: noon, salt: salt)
                }
            }
            var record = try #require(versions.held?.record)
            record.version = 0
            outcomes.insert(record)
        }
        #expect(outcomes.count == 1)
        let record = try #require(outcomes.first)
        #expect(record.identity.fullName == "Nguyễn Thị Hồng" && record.identityAuthority == .police)
        #expect(record.identityConflict)
        #expect(record.dose.lotNumber == "L1" && record.dose.doseNumber == 2)
    }

    @Test("MAT-07 a police-confirmed identity stands; a facility's later row changes dose fields and sets the conflict")
    func policeIdentity() throws {
        var versions = RecordVersions(held: nil)
        let first = try version("A", at: 8) { $0.identity.fullName = "Sai" }
        _ = versions.take(first, at: noon, salt: salt)
        let correction = identityCorrection(1, of: versions.held!.record, name: "Đúng")
        let made = versions.apply(
            StandingCorrection(correction: correction, base: first.contentHash), at: noon, salt: salt)
        #expect(made && versions.held?.record.version == 2)
        #expect(versions.held?.record.identity.fullName == "Đúng")
        #expect(versions.held?.record.identityConflict == false)

        _ = versions.take(try version("B", at: 9) { $0.identity.fullName = "Khác" }, at: noon, salt: salt)
        var record = try #require(versions.held?.record)
        #expect(record.version == 3 && record.dose.lotNumber == "B")
        #expect(record.identity.fullName == "Đúng" && record.identityConflict)

        _ = versions.take(try version("C", at: 10) { $0.identity.fullName = "Đúng" }, at: noon, salt: salt)
        record = try #require(versions.held?.record)
        #expect(!record.identityConflict && record.identityAuthority == .police)
    }

    @Test("a correction that says what stands makes no version")
    func noChange() throws {
        var versions = RecordVersions(held: nil)
        let first = try version("A", at: 8)
        _ = versions.take(first, at: noon, salt: salt)
        let correction = doseCorrection(1, of: versions.held!.record, DoseCorrection(lotNumber: "A"))
        let made = versions.apply(
            StandingCorrection(correction: correction, base: first.contentHash), at: noon, salt: salt)
        #expect(!made && versions.held?.record.version == 1)
        #expect(versions.isChanged && versions.held?.typed != nil)
    }

    @Test("AUT-01 identity is corrected by police, dose fields by the health side")
    func authority() throws {
        let record = try version("A", at: 8).record(version: 1, at: noon, salt: salt())
        func rule(_ correction: CorrectionApplied) -> RuleFailure? {
            do throws(RuleFailure) {
                try CorrectionRule.check(correction, now: noon, ValidationSettings(), .shared)
                return nil
            } catch {
                return error
            }
        }
        var identity = identityCorrection(1, of: record, name: "Đúng")
        #expect(rule(identity) == nil)
        identity.authority = .health
        #expect(rule(identity)?.field == "authority")
        #expect(rule(identityCorrection(2, of: record, name: ""))?.field == "full_name")
        #expect(rule(doseCorrection(3, of: record, DoseCorrection(vaccine: "Aspirin")))?.rule == .unknownVaccine)
        #expect(rule(doseCorrection(4, of: record, DoseCorrection(injectedOn: "2030-01-01")))?.rule == .inTheFuture)
        #expect(rule(doseCorrection(5, of: record, DoseCorrection(vaccine: "pfizer"))) == nil)
    }
}
