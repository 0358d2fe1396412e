import RecordModel
import Storage

/// Persons whose passports may have to change by what was written.
struct Concerned: Sendable {
    /// Whose the dose is, and whose it was before that.
    var person: PersonKey?
    var leftPerson: PersonKey?

    init(_ row: ResultRow) {
        person = row.optionalUUID(0)
        leftPerson = row.optionalUUID(1)
    }
}

/// Writes records: of each dose the greatest version stands, and the hashes of others are kept. Rows are locked in the
/// order given. Gives whom the changed ones concern: only a dose that was ever attested can be in a passport.
struct PutRecords: Statement {
    static let sql = """
        WITH changed AS (
            INSERT INTO record AS r (dose_id, locator, version, is_active, content, content_hash, digest, earlier)
            SELECT * FROM unnest($1::uuid[], $2::int8[], $3::int8[], $4::bool[], $5::bytea[], $6::bytea[], $7::bytea[],
                $8::bytea[])
            ON CONFLICT (dose_id) DO UPDATE SET
                version = greatest(r.version, excluded.version),
                is_active = CASE WHEN excluded.version > r.version THEN excluded.is_active ELSE r.is_active END,
                content = CASE WHEN excluded.version > r.version THEN excluded.content ELSE r.content END,
                content_hash = CASE WHEN excluded.version > r.version
                    THEN excluded.content_hash ELSE r.content_hash END,
                digest = CASE WHEN excluded.version > r.version THEN excluded.digest ELSE r.digest END,
                earlier = coalesce(r.earlier, '') || CASE
                    WHEN excluded.version > r.version THEN int8send(r.version) || r.content_hash
                    WHEN excluded.version < r.version THEN int8send(excluded.version) || excluded.content_hash
                    ELSE '' END || coalesce(excluded.earlier, '')
            WHERE excluded.version > r.version
                OR (excluded.version < r.version
                    AND position(int8send(excluded.version) in coalesce(r.earlier, '')) = 0)
                OR position(excluded.earlier in coalesce(r.earlier, '')) = 0
            RETURNING dose_id)
        SELECT d.person_key, d.left_person FROM changed c JOIN dose d ON d.dose_id = c.dose_id
        WHERE d.attestation_revision > 0
        """

    let rows: [(dose: DoseID, record: DoseFacts.Record, earlier: [UInt8]?)]

    init(_ doses: [DoseFacts]) {
        rows = doses.compactMap { facts in
            facts.record.map { record in
                (facts.doseID, record, facts.earlier.isEmpty ? nil : EarlierVersions.pack(facts.earlier))
            }
        }
    }

    var parameters: [SQLValue] {
        [
            .uuids(rows.lazy.map { $0.dose }), .int8s(rows.lazy.map { $0.record.locator }),
            .int8s(rows.lazy.map { Int64($0.record.version) }), .bools(rows.lazy.map { $0.record.isActive }),
            .byteArrays(rows.lazy.map { $0.record.content }), .byteArrays(rows.lazy.map { $0.record.hash }),
            .byteArrays(rows.lazy.map { $0.record.digest }), .byteArrays(rows.lazy.map { $0.earlier }),
        ]
    }

    static func row(_ row: ResultRow) -> Concerned { Concerned(row) }
}

/// Merges verdicts, persons and attestations into their doses' rows, each on its own: the newer one stands. Rows are
/// locked in the order given, and only those that change are written. Gives whom the changed ones concern.
struct PutDecisions: Statement {
    static let sql = """
        WITH changed AS (
            INSERT INTO dose AS d (dose_id, verdict_version, verdict_assessment, outcome, decided_at, link_version,
                link_assessment, person_key, attested_version, attestation_revision, attestation_status,
                attested_digest, signed_at)
            SELECT * FROM unnest($1::uuid[], $2::int8[], $3::int8[], $4::int4[], $5::timestamptz[], $6::int8[],
                $7::int8[], $8::uuid[], $9::int8[], $10::int8[], $11::int4[], $12::bytea[], $13::timestamptz[])
            ON CONFLICT (dose_id) DO UPDATE SET
                \(take(["verdict_version", "verdict_assessment", "outcome", "decided_at"], when: newerVerdict)),
                \(take(["link_version", "link_assessment", "person_key"], when: newerLink)),
                left_person = CASE
                    WHEN \(newerLink) AND d.person_key IS DISTINCT FROM excluded.person_key
                    THEN coalesce(d.person_key, d.left_person) ELSE d.left_person END,
                \(take(["attested_version", "attestation_revision", "attestation_status", "attested_digest",
                    "signed_at"], when: newerAttestation))
            WHERE \(newerVerdict) OR \(newerLink) OR \(newerAttestation)
            RETURNING person_key, left_person, attestation_revision)
        SELECT person_key, left_person FROM changed WHERE attestation_revision > 0
        """

    private static let newerVerdict =
        "(excluded.verdict_version, excluded.verdict_assessment) > (d.verdict_version, d.verdict_assessment)"
    private static let newerLink =
        "(excluded.link_version, excluded.link_assessment) > (d.link_version, d.link_assessment)"
    private static let newerAttestation = "excluded.attestation_revision > d.attestation_revision"

    private static func take(_ columns: [String], when isNewer: String) -> String {
        columns.map { "\($0) = CASE WHEN \(isNewer) THEN excluded.\($0) ELSE d.\($0) END" }.joined(separator: ", ")
    }

    /// Sorted by dose.
    let rows: [DoseFacts]

    init(_ doses: [DoseFacts]) {
        rows = doses.filter { $0.judgement != nil || $0.link != nil || $0.attestation != nil }
    }

    var parameters: [SQLValue] {
        [
            .uuids(rows.lazy.map { $0.doseID }), .int8s(rows.lazy.map { Int64($0.judgement?.order.version ?? 0) }),
            .int8s(rows.lazy.map { Int64($0.judgement?.order.assessment ?? 0) }),
            .int4s(rows.lazy.map { $0.judgement?.outcome.rawValue ?? 0 }),
            .instants(rows.lazy.map { $0.judgement?.decidedAt }),
            .int8s(rows.lazy.map { Int64($0.link?.order.version ?? 0) }),
            .int8s(rows.lazy.map { Int64($0.link?.order.assessment ?? 0) }),
            .uuids(rows.lazy.map { $0.link?.person }),
            .int8s(rows.lazy.map { $0.attestation.map { Int64($0.version) } }),
            .int8s(rows.lazy.map { Int64($0.attestation?.revision ?? 0) }),
            .int4s(rows.lazy.map { $0.attestation?.status.rawValue ?? 0 }),
            .byteArrays(rows.lazy.map { $0.attestation?.digest }),
            .instants(rows.lazy.map { $0.attestation?.signedAt }),
        ]
    }

    static func row(_ row: ResultRow) -> Concerned { Concerned(row) }
}

/// Marks persons for the next run, in the order given; a mark that is there stays as it is.
struct MarkPersons: Statement {
    static let sql = """
        INSERT INTO marked_person (person_key, marked_at) SELECT person_key, $2 FROM unnest($1::uuid[]) AS person_key
        ON CONFLICT (person_key) DO NOTHING
        """
    /// Sorted.
    var persons: [PersonKey]
    var since: Instant
    var parameters: [SQLValue] { [.uuids(persons), .instant(since)] }
    static func row(_ row: ResultRow) {}
}
