import RecordModel
import Storage

/// Merges arrived facts into their rows, each kind of fact on its own: the newer one stands. Rows are locked in the
/// order given. Only rows that changed are written and returned.
struct PutFacts: Statement {
    /// Of a changed row: whose passports a run has to look at, and whether the dose was ever signed.
    struct Changed: Sendable {
        var person: PersonKey?
        var leftPerson: PersonKey?
        var isAttested: Bool
    }

    static let sql = """
        INSERT INTO dose AS d (dose_id, subject_id, locator, record_version, is_active, content, content_hash, digest,
            earlier, verdict_version, verdict_assessment, outcome, decided_at, link_version, link_assessment, person_key,
            attested_version, attestation_revision, attestation_status, attested_digest, signed_at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int8[], $4::int8[], $5::bool[], $6::bytea[], $7::bytea[],
            $8::bytea[], $9::bytea[], $10::int8[], $11::int8[], $12::int4[], $13::timestamptz[], $14::int8[],
            $15::int8[], $16::uuid[], $17::int8[], $18::int8[], $19::int4[], $20::bytea[], $21::timestamptz[])
        ON CONFLICT (dose_id) DO UPDATE SET
            locator = coalesce(d.locator, excluded.locator),
            record_version = greatest(d.record_version, excluded.record_version),
            is_active = CASE WHEN excluded.record_version > d.record_version
                THEN excluded.is_active ELSE d.is_active END,
            content = CASE WHEN excluded.record_version > d.record_version THEN excluded.content ELSE d.content END,
            content_hash = CASE WHEN excluded.record_version > d.record_version
                THEN excluded.content_hash ELSE d.content_hash END,
            digest = CASE WHEN excluded.record_version > d.record_version THEN excluded.digest ELSE d.digest END,
            earlier = CASE
                WHEN excluded.record_version > d.record_version AND d.record_version > 0
                THEN coalesce(d.earlier, '') || int8send(d.record_version) || d.content_hash
                    || coalesce(excluded.earlier, '')
                WHEN excluded.record_version > 0 AND excluded.record_version < d.record_version AND
                    position(int8send(excluded.record_version) in coalesce(d.earlier, '')) = 0
                THEN coalesce(d.earlier, '') || int8send(excluded.record_version) || excluded.content_hash
                    || coalesce(excluded.earlier, '')
                WHEN d.record_version = 0 THEN excluded.earlier
                ELSE d.earlier END,
            verdict_version = CASE WHEN
                    (excluded.verdict_version, excluded.verdict_assessment) > (d.verdict_version, d.verdict_assessment)
                THEN excluded.verdict_version ELSE d.verdict_version END,
            verdict_assessment = CASE WHEN
                    (excluded.verdict_version, excluded.verdict_assessment) > (d.verdict_version, d.verdict_assessment)
                THEN excluded.verdict_assessment ELSE d.verdict_assessment END,
            outcome = CASE WHEN
                    (excluded.verdict_version, excluded.verdict_assessment) > (d.verdict_version, d.verdict_assessment)
                THEN excluded.outcome ELSE d.outcome END,
            decided_at = CASE WHEN
                    (excluded.verdict_version, excluded.verdict_assessment) > (d.verdict_version, d.verdict_assessment)
                THEN excluded.decided_at ELSE d.decided_at END,
            link_version = CASE WHEN
                    (excluded.link_version, excluded.link_assessment) > (d.link_version, d.link_assessment)
                THEN excluded.link_version ELSE d.link_version END,
            link_assessment = CASE WHEN
                    (excluded.link_version, excluded.link_assessment) > (d.link_version, d.link_assessment)
                THEN excluded.link_assessment ELSE d.link_assessment END,
            person_key = CASE WHEN
                    (excluded.link_version, excluded.link_assessment) > (d.link_version, d.link_assessment)
                THEN excluded.person_key ELSE d.person_key END,
            left_person = CASE WHEN d.person_key IS NOT NULL AND d.person_key IS DISTINCT FROM excluded.person_key AND
                    (excluded.link_version, excluded.link_assessment) > (d.link_version, d.link_assessment)
                THEN d.person_key ELSE d.left_person END,
            attested_version = CASE WHEN excluded.attestation_revision > d.attestation_revision
                THEN excluded.attested_version ELSE d.attested_version END,
            attestation_status = CASE WHEN excluded.attestation_revision > d.attestation_revision
                THEN excluded.attestation_status ELSE d.attestation_status END,
            attested_digest = CASE WHEN excluded.attestation_revision > d.attestation_revision
                THEN excluded.attested_digest ELSE d.attested_digest END,
            signed_at = CASE WHEN excluded.attestation_revision > d.attestation_revision
                THEN excluded.signed_at ELSE d.signed_at END,
            attestation_revision = greatest(d.attestation_revision, excluded.attestation_revision)
        WHERE excluded.record_version > d.record_version
            OR (excluded.record_version > 0 AND excluded.record_version < d.record_version AND
                position(int8send(excluded.record_version) in coalesce(d.earlier, '')) = 0)
            OR (excluded.verdict_version, excluded.verdict_assessment) > (d.verdict_version, d.verdict_assessment)
            OR (excluded.link_version, excluded.link_assessment) > (d.link_version, d.link_assessment)
            OR excluded.attestation_revision > d.attestation_revision
        RETURNING person_key, left_person, attestation_revision > 0
        """

    /// Sorted by dose.
    var arrived: [ArrivedFacts]

    var parameters: [SQLValue] {
        let facts = arrived.map(\.facts)
        return [
            .uuids(facts.lazy.map(\.doseID)), .uuids(arrived.lazy.map(\.subjectID)),
            .int8s(arrived.lazy.map(\.locator)),
            .int8s(facts.lazy.map { Int64($0.record?.version ?? 0) }), .bools(facts.lazy.map { $0.record?.isActive }),
            .byteArrays(facts.lazy.map { $0.record?.content.wire() }), .byteArrays(facts.lazy.map { $0.record?.hash }),
            .byteArrays(facts.lazy.map { $0.record?.digest }),
            .byteArrays(facts.lazy.map { $0.earlier.isEmpty ? nil : EarlierVersions.pack($0.earlier) }),
            .int8s(facts.lazy.map { Int64($0.judgement?.order.version ?? 0) }),
            .int8s(facts.lazy.map { Int64($0.judgement?.order.assessment ?? 0) }),
            .int4s(facts.lazy.map { $0.judgement?.outcome.rawValue ?? 0 }),
            .instants(facts.lazy.map { $0.judgement?.decidedAt }),
            .int8s(facts.lazy.map { Int64($0.link?.order.version ?? 0) }),
            .int8s(facts.lazy.map { Int64($0.link?.order.assessment ?? 0) }),
            .uuids(facts.lazy.map { $0.link?.person }),
            .int8s(facts.lazy.map { Int64($0.attestation?.version ?? 0) }),
            .int8s(facts.lazy.map { Int64($0.attestation?.revision ?? 0) }),
            .int4s(facts.lazy.map { $0.attestation?.status.rawValue ?? 0 }),
            .byteArrays(facts.lazy.map { $0.attestation?.digest }),
            .instants(facts.lazy.map { $0.attestation?.signedAt }),
        ]
    }

    static func row(_ row: ResultRow) -> Changed {
        Changed(person: row.optionalUUID(0), leftPerson: row.optionalUUID(1), isAttested: row.bool(2))
    }
}

/// Marks persons for the next run. Marks are locked in the order given, also those that are there already and stay as
/// they are: a run that is looking at a person is waited for, and if it took the mark away, a new one is made.
struct MarkPersons: Statement {
    static let sql = """
        INSERT INTO marked_person (person_key, marked_at) SELECT person_key, $2 FROM unnest($1::uuid[]) AS person_key
        ON CONFLICT (person_key) DO UPDATE SET marked_at = excluded.marked_at WHERE false
        """
    /// Sorted.
    var persons: [PersonKey]
    var since: Instant
    var parameters: [SQLValue] { [.uuids(persons), .instant(since)] }
    static func row(_ row: ResultRow) {}
}
