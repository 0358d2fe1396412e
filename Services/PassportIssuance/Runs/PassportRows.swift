import RecordModel
import Storage

/// A row of `passport`, as a run and the exports read it.
struct StoredPassport: Sendable {
    var certificate: CertificateNumber
    var person: PersonKey
    var status: PassportStatus
    var revision: UInt32
    var doseID: DoseID
    var doseVersion: UInt32
    var facilityCode: String
    var sourceRecordID: String
    var hc1: String
    var kid: [UInt8]
    var shownHash: [UInt8]
    var faceHash: [UInt8]
    var issuedAt: Instant
    var expiresAt: Instant
    var changedAt: Instant
    var reason: String = ""
    var supersededBy: CertificateNumber?

    /// For the run's decision.
    var standing: StandingPassport {
        StandingPassport(
            certificate: certificate, person: person, isValid: status == .valid, doseID: doseID, shownHash: shownHash,
            faceHash: faceHash)
    }

    /// The message that tells its present state; the same state gives the same message.
    var event: PassportChanged {
        PassportChanged(
            certificateID: certificate.uvci, personKey: person, status: status, revision: revision, doseID: doseID,
            doseVersion: doseVersion, facilityCode: facilityCode, sourceRecordID: sourceRecordID, hc1: hc1,
            issuedAt: issuedAt, expiresAt: expiresAt, changedAt: changedAt, reason: reason,
            supersededBy: supersededBy?.uvci ?? "")
    }
}

extension StoredPassport {
    static let columns = """
        certificate, person_key, status, revision, dose_id, dose_version, facility_code, source_record_id, hc1, kid, \
        shown_hash, face_hash, issued_at, expires_at, changed_at, reason, superseded_by
        """

    init(_ row: ResultRow) {
        self.init(
            certificate: row.uuid(0), person: row.uuid(1), status: PassportStatus(rawValue: row.int4(2)) ?? .revoked,
            revision: UInt32(truncatingIfNeeded: row.int4(3)), doseID: row.uuid(4),
            doseVersion: UInt32(truncatingIfNeeded: row.int8(5)), facilityCode: row.text(6),
            sourceRecordID: row.text(7), hc1: row.text(8), kid: row.bytes(9), shownHash: row.bytes(10),
            faceHash: row.bytes(11), issuedAt: row.instant(12), expiresAt: row.instant(13), changedAt: row.instant(14),
            reason: row.text(15), supersededBy: row.optionalUUID(16))
    }
}

/// The passports of persons that are out there and not revoked.
struct StandingPassports: Statement {
    static let sql = """
        SELECT \(StoredPassport.columns) FROM unnest($1::uuid[]) AS u (key) JOIN passport ON person_key = u.key
        WHERE status <> 3 ORDER BY certificate
        """
    var persons: [PersonKey]
    var parameters: [SQLValue] { [.uuids(persons)] }
    static func row(_ row: ResultRow) -> StoredPassport { StoredPassport(row) }
}

/// Writes new passports.
struct InsertPassports: Statement {
    static let sql = """
        INSERT INTO passport (\(StoredPassport.columns), run_id)
        SELECT *, $18 FROM unnest($1::uuid[], $2::uuid[], $3::int4[], $4::int4[], $5::uuid[], $6::int8[], $7::text[],
            $8::text[], $9::text[], $10::bytea[], $11::bytea[], $12::bytea[], $13::timestamptz[], $14::timestamptz[],
            $15::timestamptz[], $16::text[], $17::uuid[])
        """
    var passports: [StoredPassport]
    var runID: Int64
    var parameters: [SQLValue] {
        [
            .uuids(passports.lazy.map { $0.certificate }), .uuids(passports.lazy.map { $0.person }),
            .int4s(passports.lazy.map { $0.status.rawValue }), .int4s(passports.lazy.map { Int32($0.revision) }),
            .uuids(passports.lazy.map { $0.doseID }), .int8s(passports.lazy.map { Int64($0.doseVersion) }),
            .texts(passports.lazy.map { $0.facilityCode }), .texts(passports.lazy.map { $0.sourceRecordID }),
            .texts(passports.lazy.map(\.hc1)), .byteArrays(passports.lazy.map { $0.kid }),
            .byteArrays(passports.lazy.map { $0.shownHash }), .byteArrays(passports.lazy.map { $0.faceHash }),
            .instants(passports.lazy.map { $0.issuedAt }), .instants(passports.lazy.map { $0.expiresAt }),
            .instants(passports.lazy.map { $0.changedAt }), .texts(passports.lazy.map { $0.reason }),
            .uuids(passports.lazy.map { $0.supersededBy }), .int8(runID),
        ]
    }
    static func row(_ row: ResultRow) {}
}

/// Writes the new states of passports whose persons are locked.
struct UpdatePassports: Statement {
    static let sql = """
        UPDATE passport p SET status = u.status, revision = u.revision, changed_at = u.changed_at, reason = u.reason,
            superseded_by = u.superseded_by
        FROM unnest($1::uuid[], $2::int4[], $3::int4[], $4::timestamptz[], $5::text[], $6::uuid[])
            AS u (certificate, status, revision, changed_at, reason, superseded_by)
        WHERE p.certificate = u.certificate
        """
    var passports: [StoredPassport]
    var parameters: [SQLValue] {
        [
            .uuids(passports.lazy.map { $0.certificate }), .int4s(passports.lazy.map { $0.status.rawValue }),
            .int4s(passports.lazy.map { Int32($0.revision) }), .instants(passports.lazy.map { $0.changedAt }),
            .texts(passports.lazy.map { $0.reason }), .uuids(passports.lazy.map { $0.supersededBy }),
        ]
    }
    static func row(_ row: ResultRow) {}
}
