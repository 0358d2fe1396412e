import RecordModel
import Storage

/// Reading rows of `dose`.
extension DoseFacts {
    static let columns = """
        dose_id, record_version, is_active, content, content_hash, digest, earlier, verdict_version, \
        verdict_assessment, outcome, decided_at, link_version, link_assessment, person_key, attested_version, \
        attestation_revision, attestation_status, attested_digest, signed_at
        """

    init(_ row: ResultRow) throws {
        self.init(doseID: row.uuid(0))
        if let content = row.optionalBytes(3) {
            record = Record(
                version: UInt32(truncatingIfNeeded: row.int8(1)), isActive: row.bool(2),
                shared: SharedRecord(try DoseRecord(wire: content)), hash: row.bytes(4), digest: row.bytes(5))
        }
        earlier = EarlierVersions.read(row.optionalBytes(6) ?? [])
        if let outcome = Outcome(rawValue: row.int4(9)) {
            judgement = Judgement(
                order: FactOrder(
                    version: UInt32(truncatingIfNeeded: row.int8(7)), assessment: UInt64(bitPattern: row.int8(8))),
                outcome: outcome, decidedAt: row.instant(10))
        }
        if row.int8(11) > 0 {
            link = Link(
                order: FactOrder(
                    version: UInt32(truncatingIfNeeded: row.int8(11)), assessment: UInt64(bitPattern: row.int8(12))),
                person: row.optionalUUID(13))
        }
        if let status = AttestationStatus(rawValue: row.int4(16)) {
            attestation = Attestation(
                version: UInt32(truncatingIfNeeded: row.int8(14)), revision: UInt64(bitPattern: row.int8(15)),
                status: status, digest: row.bytes(17), signedAt: row.instant(18))
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

/// The doses linked to persons.
struct DosesOfPersons: Statement {
    static let sql = "SELECT \(DoseFacts.columns) FROM unnest($1::uuid[]) AS u (key) JOIN dose ON person_key = u.key"
    var persons: [PersonKey]
    var parameters: [SQLValue] { [.uuids(persons)] }
    static func row(_ row: ResultRow) throws -> DoseFacts { try DoseFacts(row) }
}

/// Doses by id.
struct DosesByID: Statement {
    static let sql = "SELECT \(DoseFacts.columns) FROM unnest($1::uuid[]) AS u (id) JOIN dose ON dose_id = u.id"
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) throws -> DoseFacts { try DoseFacts(row) }
}

/// Doses that may be a facility's record: the locator is a hash, so the caller compares the texts.
struct DosesByLocator: Statement {
    static let sql = "SELECT \(DoseFacts.columns) FROM dose WHERE locator = $1"
    var locator: Int64
    var parameters: [SQLValue] { [.int8(locator)] }
    static func row(_ row: ResultRow) throws -> DoseFacts { try DoseFacts(row) }
}
