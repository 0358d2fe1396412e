import RecordModel
import Storage

/// Reading the facts about a dose: its rows of `record` and `dose`, as far as they are there.
extension DoseFacts {
    static let columns = """
        r.version, r.is_active, r.locator, r.content, r.content_hash, r.digest, r.earlier, d.verdict_version, \
        d.verdict_assessment, d.outcome, d.decided_at, d.link_version, d.link_assessment, d.person_key, \
        d.attested_version, d.attestation_revision, d.attestation_status, d.attested_digest, d.signed_at
        """

    /// From the dose's id and `columns`.
    init(_ row: ResultRow) {
        self.init(doseID: row.uuid(0))
        if let version = row.optionalInt8(1) {
            record = Record(
                version: UInt32(truncatingIfNeeded: version), isActive: row.bool(2), locator: row.int8(3),
                content: row.bytes(4), hash: row.bytes(5), digest: row.bytes(6))
            if let packed = row.optionalBytes(7) { earlier = EarlierVersions.read(packed) }
        }
        if let version = row.optionalInt8(8), version > 0, let outcome = Outcome(rawValue: row.int4(10)) {
            judgement = Judgement(
                order: FactOrder(
                    version: UInt32(truncatingIfNeeded: version), assessment: UInt64(bitPattern: row.int8(9))),
                outcome: outcome, decidedAt: row.instant(11))
        }
        if let version = row.optionalInt8(12), version > 0 {
            link = Link(
                order: FactOrder(
                    version: UInt32(truncatingIfNeeded: version), assessment: UInt64(bitPattern: row.int8(13))),
                person: row.optionalUUID(14))
        }
        if let version = row.optionalInt8(15), let status = AttestationStatus(rawValue: row.int4(17)) {
            attestation = Attestation(
                version: UInt32(truncatingIfNeeded: version), revision: UInt64(bitPattern: row.int8(16)),
                status: status, digest: row.bytes(18), signedAt: row.instant(19))
        }
    }
}

/// The packed hashes of earlier versions: eight bytes of version, sixteen of hash.
enum EarlierVersions {
    static func pack(_ versions: [UInt32: [UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (version, hash) in versions.sorted(by: { $0.key < $1.key }) {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: UInt64(version) >> UInt64(shift)))
            }
            bytes += hash
        }
        return bytes
    }

    static func read(_ bytes: [UInt8]) -> [UInt32: [UInt8]] {
        var versions: [UInt32: [UInt8]] = [:]
        var start = 0
        while start + 24 <= bytes.count {
            let version = bytes[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            versions[UInt32(truncatingIfNeeded: version)] = Array(bytes[start + 8..<start + 24])
            start += 24
        }
        return versions
    }
}

/// The doses linked to persons that were ever attested; others are on nobody's line.
struct DosesOfPersons: Statement {
    static let sql = """
        SELECT d.dose_id, \(DoseFacts.columns) FROM unnest($1::uuid[]) AS u (key)
        JOIN dose d ON d.person_key = u.key LEFT JOIN record r ON r.dose_id = d.dose_id
        WHERE d.attestation_revision > 0
        """
    var persons: [PersonKey]
    var parameters: [SQLValue] { [.uuids(persons)] }
    static func row(_ row: ResultRow) -> DoseFacts { DoseFacts(row) }
}

/// Doses by id, also those of which nothing is known.
struct DosesByID: Statement {
    static let sql = """
        SELECT u.id, \(DoseFacts.columns) FROM unnest($1::uuid[]) AS u (id)
        LEFT JOIN record r ON r.dose_id = u.id LEFT JOIN dose d ON d.dose_id = u.id
        """
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) -> DoseFacts { DoseFacts(row) }
}

/// Doses that may be a facility's record, from the index alone: the locator is a hash, so the caller compares the texts.
struct DosesByLocator: Statement {
    static let sql = "SELECT dose_id FROM record WHERE dose_id BETWEEN $1 AND $2 AND locator = $3"
    var facility: String
    var record: String
    var parameters: [SQLValue] {
        let doses = Locator.doses(ofFacility: facility)
        return [
            .uuid(doses.lowerBound), .uuid(doses.upperBound),
            .int8(Locator.of(facilityCode: facility, sourceRecordID: record)),
        ]
    }
    static func row(_ row: ResultRow) -> DoseID { row.uuid(0) }
}
