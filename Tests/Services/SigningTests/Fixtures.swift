import Cryptography
import RecordModel

@testable import Signing

/// Values that tests of Signing start from; each field can be changed.
enum Fixture {
    static let noon = Instant(rfc3339: "2022-04-20T05:00:00Z")!

    /// As Intake makes them for facility 79001: four bytes of its hash first.
    static func doseID(_ number: Int) -> DoseID { DoseID(high: facilityHash << 32 | 0x8000, low: UInt64(number)) }
    private static let facilityHash = SHA256.hash(Array("79001".utf8)).prefix(4).reduce(0 as UInt64) {
        $0 << 8 | UInt64($1)
    }
    static func subjectID(_ number: Int) -> SubjectID { SubjectID(high: 0x3333_0000_0000_8000, low: UInt64(number)) }
    static func person(_ number: Int) -> PersonKey { PersonKey(high: 0x4444_0000_0000_0000, low: UInt64(number)) }

    static func record(
        _ number: Int, facility: String = "79001", version: UInt32 = 1, name: String = "Nguyễn Văn An",
        phone: String = "0901", doseNumber: Int32 = 1, injectedOn: String = "2021-08-01",
        status: RecordStatus = .active
    ) -> DoseRecord {
        DoseRecord(
            doseID: doseID(number), subjectID: subjectID(number), facilityCode: facility,
            sourceRecordID: "R\(number)", version: version, enteredAt: noon, recordedAt: noon,
            identity: TypedIdentity(
                fullName: name, sex: "M", dateOfBirth: "1990-02-03", idNumber: "079090000001"),
            subject: SubjectDetails(phone: phone),
            dose: DoseDetails(
                doseNumber: doseNumber, doseNumberTyped: String(doseNumber), vaccine: "Comirnaty", lotNumber: "L1",
                injectedOn: injectedOn),
            status: status, salt: [UInt8](repeating: UInt8(truncatingIfNeeded: Int(version) + number), count: 16))
    }

    static func verdict(
        _ number: Int, facility: String = "79001", version: UInt32 = 1, assessment: UInt64 = 1,
        outcome: Outcome = .right
    ) -> Verdict {
        Verdict(
            doseID: doseID(number), subjectID: subjectID(number), facilityCode: facility,
            sourceRecordID: "R\(number)", doseVersion: version, assessment: assessment, outcome: outcome,
            group: outcome == .right ? .none : .verifiedWrong, ruleVersion: "1", decidedAt: noon)
    }

    static func link(
        _ number: Int, person key: Int?, version: UInt32 = 1, assessment: UInt64 = 1
    ) -> PersonLinked {
        PersonLinked(
            doseID: doseID(number), subjectID: subjectID(number), doseVersion: version, assessment: assessment,
            personKey: key.map(person))
    }

    static func facts(
        _ record: DoseRecord? = nil, _ verdict: Verdict? = nil, _ link: PersonLinked? = nil
    ) -> DoseFacts {
        DoseFacts(
            dose: record.map(DoseFact.init), verdict: verdict.map(VerdictFact.init), person: link.map(PersonFact.init))
    }

    static func attestation(of record: DoseRecord, assessment: UInt64 = 1) -> Attestation {
        let content = SHA256.hash(SignedContent.canonicalBytes(of: record))
        return Attestation(
            order: FactOrder(version: record.version, assessment: assessment), revision: 1, basis: .signed,
            staleness: nil, turnID: TurnID(high: 1, low: 2), position: 1, content: content,
            contentSHA256: contentDigest(of: record), signerSerial: "0A", signedAt: noon, changedAt: noon)
    }
}
