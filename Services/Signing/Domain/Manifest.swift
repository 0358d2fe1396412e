import RecordModel

/// One dose of a manifest.
struct ManifestLine: Hashable, Sendable {
    var doseID: DoseID
    var doseVersion: UInt32
    /// Numbers the persons within the turn, from 1.
    var person: UInt32
    var facilityCode: String
    var sourceRecordID: String
    /// 32 bytes: SHA-256 over salt and canonical content.
    var contentSHA256: [UInt8]
}

/// What exactly is signed: UTF-8 CSV, LF, one line a dose (formats.md, "export manifests").
struct Manifest: Hashable, Sendable {
    static let header = "dose_id,dose_version,person,facility_code,source_record_id,content_sha256"

    /// Why bytes are no manifest. Names the line (the header is line 1) and the rule, never a value.
    struct Malformed: Error, Hashable { let line: Int, rule: String }

    var lines: [ManifestLine]

    var persons: Int { Int(lines.last?.person ?? 0) }

    init(lines: [ManifestLine]) { self.lines = lines }

    /// The bytes to sign; the same lines give the same bytes.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(80 + lines.count * 160)
        bytes.append(contentsOf: Self.header.utf8)
        bytes.append(0x0A)
        for line in lines {
            bytes.append(contentsOf: line.doseID.description.utf8)
            bytes.append(0x2C)
            bytes.append(contentsOf: String(line.doseVersion).utf8)
            bytes.append(0x2C)
            bytes.append(contentsOf: String(line.person).utf8)
            bytes.append(0x2C)
            Self.append(line.facilityCode, to: &bytes)
            bytes.append(0x2C)
            Self.append(line.sourceRecordID, to: &bytes)
            bytes.append(0x2C)
            for byte in line.contentSHA256 {
                bytes.append(Self.digits[Int(byte >> 4)])
                bytes.append(Self.digits[Int(byte & 15)])
            }
            bytes.append(0x0A)
        }
        return bytes
    }

    /// Reads a manifest back. Strict: what this type would not have written is refused.
    init(bytes: [UInt8]) throws(Malformed) {
        var reader = Reader(bytes: bytes)
        let header = try reader.row()
        guard header.map({ String(decoding: $0, as: UTF8.self) }).joined(separator: ",") == Self.header else {
            throw Malformed(line: 1, rule: "the header is not a manifest's")
        }
        var lines: [ManifestLine] = []
        while !reader.atEnd {
            let fields = try reader.row()
            let number = reader.line
            guard fields.count == 6 else { throw Malformed(line: number, rule: "there are not six fields") }
            guard let doseID = DoseID(String(decoding: fields[0], as: UTF8.self)),
                let version = UInt32(String(decoding: fields[1], as: UTF8.self)),
                let person = UInt32(String(decoding: fields[2], as: UTF8.self)),
                let digest = Self.digest(fields[5])
            else { throw Malformed(line: number, rule: "an identifier, a number or a digest cannot be read") }
            lines.append(
                ManifestLine(
                    doseID: doseID, doseVersion: version, person: person,
                    facilityCode: String(decoding: fields[3], as: UTF8.self),
                    sourceRecordID: String(decoding: fields[4], as: UTF8.self), contentSHA256: digest))
        }
        self.lines = lines
        guard self.bytes == bytes else { throw Malformed(line: 1, rule: "the form is not the canonical one") }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func append(_ field: String, to bytes: inout [UInt8]) {
        guard field.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else {
            bytes.append(contentsOf: field.utf8)
            return
        }
        bytes.append(0x22)
        for byte in field.utf8 {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
    }

    private static func digest(_ text: [UInt8]) -> [UInt8]? {
        guard text.count == 64 else { return nil }
        var digest: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = nibble(text[index]), let low = nibble(text[index + 1]) else { return nil }
            digest.append(high << 4 | low)
        }
        return digest
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}

/// Reads rows of CSV as `Manifest` writes them.
private struct Reader {
    let bytes: [UInt8]
    var position = 0
    private(set) var line = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var atEnd: Bool { position == bytes.count }

    mutating func row() throws(Manifest.Malformed) -> [[UInt8]] {
        line += 1
        var fields: [[UInt8]] = []
        while true {
            fields.append(try field())
            guard position < bytes.count else {
                throw Manifest.Malformed(line: line, rule: "the last line does not end")
            }
            position += 1
            if bytes[position - 1] == 0x0A { return fields }
            guard bytes[position - 1] == 0x2C else {
                throw Manifest.Malformed(line: line, rule: "something follows a quoted field")
            }
        }
    }

    private mutating func field() throws(Manifest.Malformed) -> [UInt8] {
        var field: [UInt8] = []
        guard position < bytes.count, bytes[position] == 0x22 else {
            while position < bytes.count, bytes[position] != 0x2C, bytes[position] != 0x0A {
                field.append(bytes[position])
                position += 1
            }
            return field
        }
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == 0x22 {
                guard position < bytes.count, bytes[position] == 0x22 else { return field }
                position += 1
            }
            field.append(byte)
        }
        throw Manifest.Malformed(line: line, rule: "a quoted field does not end")
    }
}
