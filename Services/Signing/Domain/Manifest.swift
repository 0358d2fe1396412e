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
        let header = Array(Self.header.utf8)
        guard bytes.starts(with: header), bytes.count > header.count, bytes[header.count] == 0x0A else {
            throw Malformed(line: 1, rule: "the header is not a manifest's")
        }
        var reader = Reader(bytes: bytes, position: header.count + 1)
        var lines: [ManifestLine] = []
        lines.reserveCapacity(bytes.count / 120)
        while !reader.atEnd {
            let doseID = DoseID(try reader.text(endingWith: 0x2C))
            let version = UInt32(try reader.text(endingWith: 0x2C))
            let person = UInt32(try reader.text(endingWith: 0x2C))
            let facilityCode = try reader.text(endingWith: 0x2C)
            let sourceRecordID = try reader.text(endingWith: 0x2C)
            let digest = Self.digest(try reader.field(endingWith: 0x0A))
            guard let doseID, let version, let person, let digest else {
                throw Malformed(line: reader.line - 1, rule: "an identifier, a number or a digest cannot be read")
            }
            lines.append(
                ManifestLine(
                    doseID: doseID, doseVersion: version, person: person, facilityCode: facilityCode,
                    sourceRecordID: sourceRecordID, contentSHA256: digest))
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

    private static func digest(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count == 64 else { return nil }
        var digest: [UInt8] = []
        digest.reserveCapacity(32)
        var index = text.startIndex
        while index < text.endIndex {
            guard let high = nibble(text[index]), let low = nibble(text[index + 1]) else { return nil }
            digest.append(high << 4 | low)
            index += 2
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

/// Reads fields of CSV as `Manifest` writes them.
private struct Reader {
    let bytes: [UInt8]
    var position: Int
    /// The header was line 1.
    private(set) var line = 2

    init(bytes: [UInt8], position: Int) {
        self.bytes = bytes
        self.position = position
    }

    var atEnd: Bool { position == bytes.count }

    mutating func text(endingWith end: UInt8) throws(Manifest.Malformed) -> String {
        String(decoding: try field(endingWith: end), as: UTF8.self)
    }

    /// The next field, which must be followed by this byte: a comma, or the line feed after the last.
    mutating func field(endingWith end: UInt8) throws(Manifest.Malformed) -> ArraySlice<UInt8> {
        let field = position < bytes.count && bytes[position] == 0x22 ? try quoted() : plain()
        guard position < bytes.count, bytes[position] == end else {
            throw Manifest.Malformed(line: line, rule: "there are not six fields")
        }
        position += 1
        if end == 0x0A { line += 1 }
        return field
    }

    private mutating func plain() -> ArraySlice<UInt8> {
        let start = position
        while position < bytes.count, bytes[position] != 0x2C, bytes[position] != 0x0A { position += 1 }
        return bytes[start..<position]
    }

    private mutating func quoted() throws(Manifest.Malformed) -> ArraySlice<UInt8> {
        var field: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == 0x22 {
                guard position < bytes.count, bytes[position] == 0x22 else { return field[...] }
                position += 1
            }
            field.append(byte)
        }
        throw Manifest.Malformed(line: line, rule: "a quoted field does not end")
    }
}
