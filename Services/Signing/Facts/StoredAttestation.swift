import RecordModel
import Storage

/// A row of `attestation`.
struct StoredAttestation: Sendable {
    var doseID: DoseID
    var subjectID: SubjectID
    var facilityCode: String
    var sourceRecordID: String
    var attestation: Attestation

    /// The fact as other services are told it.
    var message: DoseAttested {
        DoseAttested(
            doseID: doseID, subjectID: subjectID, facilityCode: facilityCode, sourceRecordID: sourceRecordID,
            doseVersion: attestation.order.version, revision: attestation.revision, status: attestation.status,
            turnID: attestation.turnID, position: attestation.position, contentSHA256: attestation.contentSHA256,
            signerSerial: attestation.signerSerial, signedAt: attestation.signedAt)
    }

    /// The event; its time is the fact's, so that an announcement repeats it exactly.
    var event: OutgoingEvent { message.event(source: "signing", at: attestation.changedAt) }
}

extension StoredAttestation {
    static let columns = """
        a.dose_id, a.subject_id, a.facility_code, a.source_record_id, a.dose_version, a.assessment, a.revision, a.basis, \
        a.staleness, a.turn_id, a.position, a.content, a.content_sha256, t.signer_serial, t.signed_at, a.changed_at
        """

    init(_ row: ResultRow) {
        self.init(
            doseID: row.uuid(0), subjectID: row.uuid(1), facilityCode: row.text(2), sourceRecordID: row.text(3),
            attestation: Attestation(
                order: FactOrder(version: UInt32(row.int8(4)), assessment: UInt64(row.int8(5))),
                revision: UInt64(row.int8(6)), basis: AttestationStatus(rawValue: row.int4(7)) ?? .signed,
                staleness: row.optionalText(8).map { Attestation.Staleness(rawValue: $0) ?? .notRight },
                turnID: row.uuid(9), position: UInt32(row.int4(10)), content: row.bytes(11),
                contentSHA256: row.bytes(12), signerSerial: row.text(13), signedAt: row.instant(14),
                changedAt: row.instant(15)))
    }
}

/// Which of some doses are attested, in which revision, and whether that stands.
struct StandingOfDoses: Statement {
    static let sql = """
        SELECT a.dose_id, a.revision, a.staleness IS NULL
        FROM unnest($1::uuid[]) AS u (id) JOIN attestation a ON a.dose_id = u.id
        """
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) -> (doseID: DoseID, revision: UInt64, stands: Bool) {
        (row.uuid(0), UInt64(row.int8(1)), row.bool(2))
    }
}

struct AttestationsOfDoses: Statement {
    static let sql = """
        SELECT \(StoredAttestation.columns) FROM unnest($1::uuid[]) AS u (id) JOIN attestation a ON a.dose_id = u.id
            JOIN turn t ON t.turn_id = a.turn_id
        """
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) -> StoredAttestation { StoredAttestation(row) }
}

/// Locks attestations, in the order of their doses' ids, and reads them.
struct LockAttestations: Statement {
    static let sql = AttestationsOfDoses.sql + " ORDER BY a.dose_id FOR UPDATE OF a"
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) -> StoredAttestation { StoredAttestation(row) }
}

/// Keeps what attestations were before they change (AUT-18, SIG-26).
struct ArchiveAttestations: Statement {
    static let sql = """
        INSERT INTO attestation_history (dose_id, revision, dose_version, basis, staleness, turn_id, position,
            content_sha256, signer_serial, signed_at, changed_at)
        SELECT a.dose_id, a.revision, a.dose_version, a.basis, a.staleness, a.turn_id, a.position, a.content_sha256,
            t.signer_serial, t.signed_at, a.changed_at
        FROM unnest($1::uuid[]) AS u (id) JOIN attestation a ON a.dose_id = u.id JOIN turn t ON t.turn_id = a.turn_id
        ON CONFLICT DO NOTHING
        """
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) {}
}

/// Writes whether locked attestations stand.
struct ReviseAttestations: Statement {
    static let sql = """
        UPDATE attestation a SET revision = u.revision, staleness = u.staleness, changed_at = u.changed_at
        FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[]) AS u (id, revision, staleness, changed_at)
        WHERE a.dose_id = u.id
        """
    var rows: [StoredAttestation]
    var parameters: [SQLValue] {
        let facts = rows.lazy.map(\.attestation)
        return [
            .uuids(rows.lazy.map(\.doseID)), .int8s(facts.map { Int64($0.revision) }),
            .texts(facts.map { $0.staleness?.rawValue }), .instants(facts.map(\.changedAt)),
        ]
    }
    static func row(_ row: ResultRow) {}
}

/// Attests the doses of one turn, anew or for the first time.
struct AttestDoses: Statement {
    static let sql = """
        INSERT INTO attestation (turn_id, facility_code, changed_at, basis, dose_id, subject_id, source_record_id,
            dose_version, assessment, revision, position, content, content_sha256)
        SELECT $1, $2, $3, $4, u.* FROM unnest($5::uuid[], $6::uuid[], $7::text[], $8::bigint[], $9::bigint[],
            $10::bigint[], $11::integer[], $12::bytea[], $13::bytea[]) AS u
        ON CONFLICT (dose_id) DO UPDATE SET dose_version = excluded.dose_version, assessment = excluded.assessment,
            revision = excluded.revision, basis = excluded.basis, staleness = NULL, turn_id = excluded.turn_id,
            position = excluded.position, content = excluded.content, content_sha256 = excluded.content_sha256,
            changed_at = excluded.changed_at
        """
    var turnID: TurnID
    var facilityCode: String
    var at: Instant
    /// Sorted by dose.
    var rows: [StoredAttestation]
    var parameters: [SQLValue] {
        let facts = rows.lazy.map(\.attestation)
        return [
            .uuid(turnID), .text(facilityCode), .instant(at), .int4(AttestationStatus.signed.rawValue),
            .uuids(rows.lazy.map(\.doseID)), .uuids(rows.lazy.map(\.subjectID)),
            .texts(rows.lazy.map(\.sourceRecordID)), .int8s(facts.map { Int64($0.order.version) }),
            .int8s(facts.map { Int64($0.order.assessment) }), .int8s(facts.map { Int64($0.revision) }),
            .int4s(facts.map { Int32($0.position) }), .byteArrays(facts.map(\.content)),
            .byteArrays(facts.map(\.contentSHA256)),
        ]
    }
    static func row(_ row: ResultRow) {}
}
