import RecordModel
import Testing

@testable import Intake

@Suite("Rules of entry")
struct ValidationTests {
    private func failure(
        _ submission: Submission, receivedAt: Instant = noon, ownFacility: String? = nil
    ) -> RuleFailure? {
        let arrival = Arrival(submission: submission, origin: .request(id: "t", row: 1), receivedAt: receivedAt)
        guard case .failure(let failure) = validated(arrival, circumstances(ownFacility: ownFacility)) else {
            return nil
        }
        return failure
    }

    @Test("INJ-06 a row that keeps all rules is accepted in the project's values")
    func good() throws {
        let accepted = try accepted(row { $0.injectedOn = "04/11/2021" })
        #expect(accepted.dose.vaccine == "Vaxzevria")
        #expect(accepted.dose.injectedOn == "2021-11-04")
        #expect(accepted.dose.doseNumber == 1 && accepted.dose.entryBasis == .session)
        #expect(accepted.status == .active)
        #expect(accepted.enteredAt == Instant(rfc3339: "2022-01-10T01:00:00Z"))
    }

    @Test("MAT-01 dirty and empty identity items are accepted as typed")
    func dirt() throws {
        let dirt = TypedIdentity(fullName: " nguyễn  A", sex: "?", dateOfBirth: "1987", idNumber: "O79-12")
        #expect(try accepted(row { $0.identity = dirt }).identity == dirt)
        #expect(try accepted(row { $0.identity = TypedIdentity() }).identity == TypedIdentity())
        #expect(failure(row { $0.subject.nationality = "Atlantis" }) == nil)
    }

    @Test("a dose number of any kind is accepted", arguments: [("0", 0), ("7", 7), ("", 0), ("hai", 0), (" 2 ", 2)])
    func doseNumber(typed: String, number: Int32) throws {
        let dose = try accepted(row { $0.doseNumber = typed }).dose
        #expect(dose.doseNumber == number && dose.doseNumberTyped == typed)
    }

    @Test("facility and record number are there and known")
    func names() {
        #expect(failure(row { $0.facilityCode = "" }) == RuleFailure(field: "facility_code", rule: .missing))
        #expect(
            failure(row { $0.facilityCode = "99" }) == RuleFailure(field: "facility_code", rule: .unknownFacility))
        #expect(
            failure(row { $0.facilityCode = "CA-26734" }) == RuleFailure(field: "facility_code", rule: .notAFacility))
        #expect(
            failure(row { $0.sourceRecordID = " " }) == RuleFailure(field: "source_record_id", rule: .missing))
    }

    @Test("AUT-18 a token enters doses of its own facility only, and learns nothing of others")
    func otherFacility() {
        let expected = RuleFailure(field: "facility_code", rule: .otherFacility)
        #expect(failure(row { $0.facilityCode = hospital }, ownFacility: station) == expected)
        #expect(failure(row { $0.facilityCode = "unknown" }, ownFacility: station) == expected)
        #expect(failure(row(), ownFacility: station) == nil)
    }

    @Test("the time of entry is readable and not ahead by more than five minutes")
    func enteredAt() throws {
        #expect(failure(row { $0.enteredAt = "10/01/2022" }) == RuleFailure(field: "entered_at", rule: .unreadable))
        #expect(failure(row { $0.enteredAt = "2022-06-01T12:05:00+07:00" }) == nil)
        #expect(
            failure(row { $0.enteredAt = "2022-06-01T12:05:01+07:00" })
                == RuleFailure(field: "entered_at", rule: .ahead))
        #expect(try accepted(row { $0.enteredAt = "" }).enteredAt == noon)
    }

    @Test("the injection is neither in the future nor before the start, unless given abroad")
    func injectedOn() {
        func failed(_ date: String, _ country: String = "") -> RefusalRule? {
            failure(
                row {
                    $0.injectedOn = date
                    $0.givenCountry = country
                })?.rule
        }
        #expect(failed("2022-06-01") == nil)
        #expect(failed("2022-06-02") == .inTheFuture)
        #expect(failed("2021-03-08") == nil)
        #expect(failed("2021-03-07") == .beforeStart)
        #expect(failed("2021-01-20", "Germany") == nil)
        #expect(failed("2021-01-20", "VN") == .beforeStart)
        #expect(failed("2021-01-20", "Atlantis") == .beforeStart)
        #expect(failed("") == .missing)
        #expect(failed("2021-02-30") == .unreadable)
        #expect(failed("12/31/2021") == .unreadable)
    }

    @Test("the day in Viet Nam decides what is in the future")
    func dayInVietNam() {
        let lateEvening = Instant(rfc3339: "2022-06-01T18:00:00Z")!
        #expect(failure(row { $0.injectedOn = "2022-06-02" }, receivedAt: lateEvening) == nil)
    }

    @Test("vaccine, kinds and status are of their value sets")
    func valueSets() throws {
        #expect(failure(row { $0.vaccine = "Aspirin" }) == RuleFailure(field: "vaccine", rule: .unknownVaccine))
        #expect(failure(row { $0.vaccine = "" }) == RuleFailure(field: "vaccine", rule: .missing))
        #expect(failure(row { $0.doseKind = "third" }) == RuleFailure(field: "dose_kind", rule: .unknownValue))
        #expect(failure(row { $0.entryBasis = "later" }) == RuleFailure(field: "entry_basis", rule: .unknownValue))
        #expect(
            failure(row { $0.recordStatus = "gone" }) == RuleFailure(field: "record_status", rule: .unknownValue))
        let booster = try accepted(
            row {
                $0.doseKind = "Booster"
                $0.entryBasis = "back-entry"
                $0.recordStatus = "withdrawn"
            })
        #expect(booster.dose.kind == .booster && booster.dose.entryBasis == .backEntry)
        #expect(booster.status == .withdrawn)
    }

    @Test("no column may be over-long; letters count, not bytes")
    func lengths() {
        let long = String(repeating: "ễ", count: 257)
        #expect(
            failure(row { $0.identity.fullName = long }) == RuleFailure(field: "full_name", rule: .tooLong))
        #expect(failure(row { $0.identity.fullName = String(long.dropLast()) }) == nil)
        #expect(
            failure(row { $0.subject.phone = String(repeating: "0", count: 201) })
                == RuleFailure(field: "phone", rule: .tooLong))
    }

    @Test("identifiers are stable, of version 8, and lie together for a facility")
    func identifiers() throws {
        let one = try accepted(row())
        let other = try accepted(row { $0.sourceRecordID = "R-2" })
        #expect(one.doseID == (try accepted(row { $0.identity.fullName = "x" })).doseID)
        #expect(one.doseID != other.doseID && one.subjectID != other.subjectID)
        #expect(one.doseID.high >> 32 == other.doseID.high >> 32)
        #expect(one.doseID.description.dropFirst(14).first == "8")
        let shared = try accepted(row { $0.subjectRef = "P" })
        #expect(shared.subjectID == (try accepted(row { ($0.sourceRecordID, $0.subjectRef) = ("R-2", "P") })).subjectID)
        #expect(shared.subjectID != (try accepted(row { $0.sourceRecordID = "P" })).subjectID)
    }

    @Test("content is every known column but the time of entry; defaults count as written")
    func content() throws {
        let hash = ContentHash(of: row())
        #expect(hash == ContentHash(of: row { $0.enteredAt = "" }))
        #expect(hash == ContentHash(of: row { ($0.recordStatus, $0.entryBasis) = ("active", "session") }))
        #expect(hash != ContentHash(of: row { $0.subject.phone = "0901" }))
        #expect(hash != ContentHash(of: row { $0.subjectRef = "P" }))
        let moved = row { ($0.identity.sex, $0.identity.dateOfBirth) = ("F1", "987-03-12") }
        #expect(hash != ContentHash(of: moved))
        #expect(ContentHash.list(hash.bytes + hash.bytes) == [hash, hash])
        #expect(ContentHash.list([1, 2]) == nil)
    }
}
