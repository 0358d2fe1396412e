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
        dose_id, subject_id, facility_code, source_record_id, dose_version, assessment, revision, basis, staleness, \
        turn_id, position, content, content_sha256, signer_serial, signed_at, changed_at
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

/// The attestations of doses whose rows in `signable` are locked: nobody else changes them meanwhile.
struct AttestationsOfDoses: Statement {
    static let sql = """
        SELECT \(StoredAttestation.columns) FROM unnest($1::uuid[]) AS u (id) JOIN attestation a ON a.dose_id = u.id
        """
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) -> StoredAttestation { StoredAttestation(row) }
}

/// Keeps what attestations were before they change (AUT-18, SIG-26).
struct ArchiveAttestations: Statement {
    static let sql = """
        INSERT INTO attestation_history (dose_id, revision, dose_version, basis, staleness, turn_id, position,
            content_sha256, signer_serial, signed_at, changed_at)
        SELECT dose_id, revision, dose_version, basis, staleness, turn_id, position, content_sha256, signer_serial,
            signed_at, changed_at
        FROM unnest($1::uuid[]) AS u (id) JOIN attestation a ON a.dose_id = u.id ON CONFLICT DO NOTHING
        """
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) {}
}

/// Writes attestations, new ones and changed ones.
struct PutAttestations: Statement {
    static let sql = """
        INSERT INTO attestation (\(StoredAttestation.columns))
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
            $8::integer[], $9::text[], $10::uuid[], $11::integer[], $12::bytea[], $13::bytea[], $14::text[],
            $15::timestamptz[], $16::timestamptz[])
        ON CONFLICT (dose_id) DO UPDATE SET dose_version = excluded.dose_version, assessment = excluded.assessment,
            revision = excluded.revision, basis = excluded.basis, staleness = excluded.staleness,
            turn_id = excluded.turn_id, position = excluded.position, content = excluded.content,
            content_sha256 = excluded.content_sha256, signer_serial = excluded.signer_serial,
            signed_at = excluded.signed_at, changed_at = excluded.changed_at
        """
    var rows: [StoredAttestation]
    var parameters: [SQLValue] {
        let facts = rows.lazy.map(\.attestation)
        return [
            .uuids(rows.lazy.map(\.doseID)), .uuids(rows.lazy.map(\.subjectID)), .texts(rows.lazy.map(\.facilityCode)),
            .texts(rows.lazy.map(\.sourceRecordID)), .int8s(facts.map { Int64($0.order.version) }),
            .int8s(facts.map { Int64($0.order.assessment) }), .int8s(facts.map { Int64($0.revision) }),
            .int4s(facts.map(\.basis.rawValue)), .texts(facts.map { $0.staleness?.rawValue }),
            .uuids(facts.map(\.turnID)), .int4s(facts.map { Int32($0.position) }), .byteArrays(facts.map(\.content)),
            .byteArrays(facts.map(\.contentSHA256)), .texts(facts.map(\.signerSerial)),
            .instants(facts.map(\.signedAt)), .instants(facts.map(\.changedAt)),
        ]
    }
    static func row(_ row: ResultRow) {}
}
