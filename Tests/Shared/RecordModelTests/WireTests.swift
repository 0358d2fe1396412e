import RecordModel
import Testing

/// The contract's mapping: what goes in comes out, and what is foreign is refused by name.
@Suite struct WireTests {
    static let record = DoseRecord(
        doseID: .random(), subjectID: .random(), facilityCode: "79001", sourceRecordID: "R-1", version: 3,
        enteredAt: Instant(microseconds: 1_633_000_000_123_456),
        recordedAt: Instant(microseconds: 1_633_000_001_000_000),
        identity: TypedIdentity(
            fullName: "Nguyễn Thị Hoà", sex: "1", dateOfBirth: "01/02/1990", idNumber: "079190000001"),
        subject: SubjectDetails(phone: "0900000000", residenceCommune: "26734"),
        dose: DoseDetails(
            doseNumber: 2, doseNumberTyped: "2", vaccine: "Comirnaty", lotNumber: "L1", injectedOn: "2021-09-30",
            kind: .primary, entryBasis: .late),
        status: .active, identityAuthority: .police, identityConflict: true, salt: Array(1...16))

    @Test("INJ-06 a dose record survives its encoding") func doseRecord() throws {
        #expect(try DoseRecord(wire: Self.record.wire()) == Self.record)
    }

    @Test func submission() throws {
        var number = 0
        let row = Submission { _ in
            number += 1
            return "ô\(number)"
        }
        #expect(try Submission(wire: row.wire()) == row)
        #expect(row.values.count == Submission.columns.count)
        #expect(row.values == (1...Submission.columns.count).map { "ô\($0)" })
        #expect(try Submission(wire: []) == Submission())
    }

    @Test("AUT-17 verdict, person and finding survive their encoding") func matching() throws {
        let verdict = Verdict(
            doseID: .random(), subjectID: .random(), facilityCode: "f", sourceRecordID: "r", doseVersion: 1,
            assessment: 1 << 40, outcome: .cannotVerify, group: .missingItem, ruleVersion: "1",
            decidedAt: Instant(microseconds: 5), hints: ["LEADING_ZERO_LOST", "SEX_CONTRADICTS_ID"])
        #expect(try Verdict(wire: verdict.wire()) == verdict)
        var link = PersonLinked(
            doseID: .random(), subjectID: .random(), doseVersion: 1, assessment: 2, personKey: .random())
        #expect(try PersonLinked(wire: link.wire()) == link)
        link.personKey = nil
        #expect(try PersonLinked(wire: link.wire()) == link)
        let finding = Finding(
            doseID: .random(), subjectID: .random(), facilityCode: "f", sourceRecordID: "r", doseVersion: 1,
            assessment: 2, differences: [Difference(field: "name", reason: "ORDER")],
            candidates: [Candidate(personalID: "079190000001", weight: 12.5)], strength: .ambiguous)
        #expect(try Finding(wire: finding.wire()) == finding)
    }

    @Test func decisions() throws {
        for correction in [
            CorrectionApplied.Correction.identity(TypedIdentity(fullName: "A")),
            .dose(DoseCorrection(doseNumber: "2")), .identity(TypedIdentity()), .dose(DoseCorrection()),
        ] {
            let applied = CorrectionApplied(
                correctionID: .random(), doseID: .random(), subjectID: .random(), doseVersion: 2, authority: .police,
                decidedByUnit: "CA", decidedAt: Instant(microseconds: 9), correction: correction)
            #expect(try CorrectionApplied(wire: applied.wire()) == applied)
        }
        let attested = DoseAttested(
            doseID: .random(), subjectID: .random(), facilityCode: "f", sourceRecordID: "r", doseVersion: 1,
            revision: 2,
            status: .stale, turnID: .random(), position: 7, contentSHA256: Array(repeating: 0, count: 32),
            signerSerial: "0A", signedAt: Instant(microseconds: 1))
        #expect(try DoseAttested(wire: attested.wire()) == attested)
        let passport = PassportChanged(
            certificateID: "URN:UVCI:01:VN:AA", personKey: .random(), status: .revoked, revision: 3, doseID: .random(),
            doseVersion: 1, facilityCode: "f", sourceRecordID: "r", hc1: "HC1:X", issuedAt: Instant(microseconds: 1),
            expiresAt: Instant(microseconds: 2), changedAt: Instant(microseconds: 3), reason: "content-corrected")
        #expect(try PassportChanged(wire: passport.wire()) == passport)
    }

    @Test("every truncation of a record is refused or another message, never a crash") func truncation() {
        let wire = Self.record.wire()
        var refused = 0
        for length in 0..<wire.count {
            if (try? DoseRecord(wire: Array(wire[..<length]))) == nil { refused += 1 }
        }
        #expect(refused > wire.count * 9 / 10)
        #expect(throws: WireError.self) { try DoseRecord(wire: []) }
    }

    @Test("a text with a NUL byte is refused") func nul() {
        var row = Submission()
        row.facilityCode = "79001"
        row.identity.fullName = "AXB"
        var wire = row.wire()
        let index = wire.firstIndex(of: UInt8(ascii: "X"))!
        wire[index] = 0
        #expect(throws: WireError.self) { try Submission(wire: wire) }
    }

    @Test("text that is not UTF-8 is refused by field") func brokenText() {
        var row = Submission()
        row.identity.fullName = "AXB"
        var wire = row.wire()
        wire[wire.firstIndex(of: UInt8(ascii: "X"))!] = 0xFF
        #expect(
            throws: WireError(
                message: "tiemchung.intake.v1.Submission", field: "identity.full_name", rule: "is not UTF-8")
        ) {
            try Submission(wire: wire)
        }
    }

    @Test("an unknown enum value is refused by field") func unknownEnum() throws {
        let verdict = Verdict(
            doseID: DoseID(high: 1, low: 2), subjectID: SubjectID(high: 3, low: 4), facilityCode: "",
            sourceRecordID: "", doseVersion: 0,
            assessment: 0,
            outcome: .right, group: .none, ruleVersion: "", decidedAt: Instant(microseconds: 0))
        var wire = verdict.wire()
        // Identifiers hold no such byte, which random ones do now and then. Field 7 (outcome), varint.
        let tag = wire.firstIndex(of: 7 << 3)!
        wire[tag + 1] = 99
        do {
            _ = try Verdict(wire: wire)
            Issue.record("an unknown outcome was taken")
        } catch {
            #expect(error.field == "outcome")
        }
    }
}
