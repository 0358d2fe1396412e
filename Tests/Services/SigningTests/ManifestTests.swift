import Cryptography
import RecordModel
import Testing

@testable import Signing

@Suite struct ManifestTests {
    private func line(_ number: Int, person: UInt32, record: String = "R") -> ManifestLine {
        ManifestLine(
            doseID: DoseID(high: 0x1111_2222_0000_8000, low: UInt64(number)), doseVersion: 2, person: person,
            facilityCode: "79001",
            sourceRecordID: record, contentSHA256: [UInt8](repeating: UInt8(number), count: 32))
    }

    @Test("SIG-15 the manifest's bytes are those of formats.md")
    func bytes() {
        let manifest = Manifest(lines: [line(1, person: 1, record: "A-1"), line(2, person: 1, record: "B,\"2\"")])
        let text = String(decoding: manifest.bytes, as: UTF8.self)
        let digests = (1...2).map { String(repeating: "0\($0)", count: 32) }
        #expect(
            text == """
                dose_id,dose_version,person,facility_code,source_record_id,content_sha256
                11112222-0000-8000-0000-000000000001,2,1,79001,A-1,\(digests[0])
                11112222-0000-8000-0000-000000000002,2,1,79001,"B,""2\""",\(digests[1])

                """)
    }

    @Test("SIG-15 a manifest reads back as it was written")
    func roundTrip() throws {
        let manifest = Manifest(
            lines: [line(1, person: 1, record: ""), line(2, person: 2, record: "a\nb"), line(3, person: 2)])
        #expect(try Manifest(bytes: manifest.bytes) == manifest)
        #expect(manifest.persons == 2)
    }

    @Test(
        "SIG-15 what is no manifest is refused",
        arguments: [
            "", "dose_id\n", Manifest.header, Manifest.header + "\nx,1,1,f,r,00\n", Manifest.header + "\r\n",
            Manifest.header + "\n\"open", Manifest.header + "\n\n",
        ])
    func malformed(text: String) {
        #expect(throws: Manifest.Malformed.self) { try Manifest(bytes: Array(text.utf8)) }
    }

    @Test("SIG-12 the content digest is over salt and canonical content")
    func digest() {
        let record = Fixture.record(1)
        #expect(contentDigest(of: record) == SHA256.hash(record.salt + SignedContent.canonicalBytes(of: record)))
        var resalted = record
        resalted.salt = [UInt8](repeating: 9, count: 16)
        #expect(contentDigest(of: resalted) != contentDigest(of: record))
    }
}
