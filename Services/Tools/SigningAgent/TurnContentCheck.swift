import Cryptography
import RecordModel
import Tabular

/// Why what was shown is not what would be signed; nothing is signed then.
struct ContentMismatch: Error, Hashable, CustomStringConvertible {
    /// Line of the manifest, the header being 1; 0 for the whole.
    let line: Int
    let rule: String
    var description: String {
        "nội dung hiển thị khác nội dung ký / what is shown differs from what would be signed, line \(line): \(rule)"
    }
}

/// What a turn holds, as read back from its manifest.
struct TurnSummary: Hashable, Sendable {
    var persons: Int
    var doses: Int
}

/// Checks that a manifest holds exactly the readable doses, by computing every digest again from the readable fields.
enum TurnContentCheck {
    private static let manifestColumns = TabularSchema(
        columns: ["dose_id", "dose_version", "person", "facility_code", "source_record_id", "content_sha256"])
    private static let contentColumns = TabularSchema(
        columns: [
            "position", "person", "dose_id", "dose_version", "facility_code", "source_record_id", "full_name", "sex",
            "date_of_birth", "id_number", "nationality", "vaccine", "dose_number", "dose_kind", "lot_number",
            "injected_on", "salt",
        ])

    /// - Parameters:
    ///   - content: the table that the service shows, its readable fields and salts.
    ///   - unitCode: the facility whose head signs; every dose must be its own (SIG-12).
    static func check(manifest: [UInt8], content: [UInt8], unitCode: String) throws(ContentMismatch) -> TurnSummary {
        let lines = try rows(of: manifest, manifestColumns)
        let shown = try rows(of: content, contentColumns)
        guard lines.count == shown.count, let last = lines.last else {
            throw ContentMismatch(line: 0, rule: "\(lines.count) lines, but \(shown.count) are shown")
        }
        for (index, (line, shown)) in zip(lines, shown).enumerated() {
            func require(_ condition: Bool, _ rule: String) throws(ContentMismatch) {
                guard condition else { throw ContentMismatch(line: index + 2, rule: rule) }
            }
            try require(shown[0] == String(index + 1), "another position")
            try require(line[2] == shown[1], "another person")
            try require(line[0] == shown[2] && line[1] == shown[3], "another dose or version")
            try require(line[3] == shown[4] && line[4] == shown[5], "another facility or record")
            try require(line[3] == unitCode, "the dose was given at another facility")
            guard let record = record(shown) else {
                throw ContentMismatch(line: index + 2, rule: "a shown value cannot be read")
            }
            let digest = SHA256.hash(record.salt, SignedContent.canonicalBytes(of: record))
            try require(line[5] == hexadecimal(digest), "the digest is of another content")
        }
        return TurnSummary(persons: Int(last[2]) ?? 0, doses: lines.count)
    }

    private static func rows(of bytes: [UInt8], _ schema: TabularSchema) throws(ContentMismatch) -> [TabularRow] {
        var reader = CSVReader(schema: schema)
        reader.feed(bytes)
        reader.finish()
        var rows: [TabularRow] = []
        while let next = reader.next() {
            switch next {
            case .success(let row): rows.append(row)
            case .failure(let error): throw ContentMismatch(line: error.line, rule: error.rule.rawValue)
            }
        }
        return rows
    }

    private static func record(_ shown: TabularRow) -> DoseRecord? {
        guard let doseID = DoseID(shown[2]), let version = UInt32(shown[3]), let kind = DoseKind(label: shown[13]),
            let salt = bytes(hexadecimal: shown[16])
        else { return nil }
        let epoch = Instant(microseconds: 0)
        return DoseRecord(
            doseID: doseID, subjectID: SubjectID(high: 0, low: 0), facilityCode: shown[4], sourceRecordID: shown[5],
            version: version, enteredAt: epoch, recordedAt: epoch,
            identity: TypedIdentity(fullName: shown[6], sex: shown[7], dateOfBirth: shown[8], idNumber: shown[9]),
            subject: SubjectDetails(nationality: shown[10]),
            dose: DoseDetails(
                doseNumber: 0, doseNumberTyped: shown[12], vaccine: shown[11], lotNumber: shown[14],
                injectedOn: shown[15], kind: kind),
            salt: salt)
    }

    private static func bytes(hexadecimal text: String) -> [UInt8]? {
        let digits = text.utf8.map { digit -> UInt8? in
            switch digit {
            case 0x30...0x39: digit - 0x30
            case 0x61...0x66: digit - 0x61 + 10
            default: nil
            }
        }
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { (digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0) }
    }
}
