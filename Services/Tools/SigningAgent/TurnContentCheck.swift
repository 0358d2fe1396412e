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

/// What is shown is what is signed: computes every digest of a manifest again from the readable fields.
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

    /// Writes the manifest (formats.md, "export manifests") from the readable doses.
    ///
    /// - Parameters: as of `check`.
    /// - Returns: the bytes to sign, which may be signed if they have the digest that the service told for the turn.
    static func manifest(
        of content: [UInt8], unitCode: String
    ) throws(ContentMismatch) -> (bytes: [UInt8], summary: TurnSummary) {
        let rows = try rows(of: content, contentColumns)
        guard let last = rows.last else { throw ContentMismatch(line: 0, rule: "nothing is shown") }
        var bytes = Array((manifestColumns.columns.joined(separator: ",") + "\n").utf8)
        bytes.reserveCapacity(rows.count * 160)
        for (index, shown) in rows.enumerated() {
            guard shown[0] == String(index + 1) else {
                throw ContentMismatch(line: index + 2, rule: "another position")
            }
            guard shown[4] == unitCode else {
                throw ContentMismatch(line: index + 2, rule: "the dose was given at another facility")
            }
            guard let record = record(shown) else {
                throw ContentMismatch(line: index + 2, rule: "a shown value cannot be read")
            }
            for column in [2, 3, 1, 4, 5] {
                append(shown.utf8(column), to: &bytes)
                bytes.append(0x2C)
            }
            let digest = SHA256.hash(record.salt, SignedContent.canonicalBytes(of: record))
            bytes.append(contentsOf: hexadecimal(digest).utf8)
            bytes.append(0x0A)
        }
        return (bytes, TurnSummary(persons: Int(last[1]) ?? 0, doses: rows.count))
    }

    /// A field of the manifest; quoted only where it must be.
    private static func append(_ field: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        guard field.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else {
            bytes.append(contentsOf: field)
            return
        }
        bytes.append(0x22)
        for byte in field {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
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
