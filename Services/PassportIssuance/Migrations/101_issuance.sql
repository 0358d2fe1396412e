-- What other services say about each dose, the persons whom a run has to look at, and the passports.

CREATE TABLE dose (
    dose_id uuid PRIMARY KEY,
    subject_id uuid NOT NULL,
    -- The first eight bytes of SHA-256 over facility code, NUL, record number; null until a fact has named them.
    locator int8,

    -- The record (intake.dose-recorded): the greatest version seen; 0: none yet.
    record_version int8 NOT NULL DEFAULT 0,
    is_active bool,
    -- DoseRecorded with what a passport does not need (identity number, phone, residence) taken out.
    content bytea,
    -- The first 16 bytes of SHA-256 over the signed content, and the whole digest with the version's salt.
    content_hash bytea,
    digest bytea,
    -- Versions seen before: eight bytes of version, sixteen of hash, each. Amended records only.
    earlier bytea,

    -- The verdict (matching.verdict) of the greatest (version, assessment).
    verdict_version int8 NOT NULL DEFAULT 0,
    verdict_assessment int8 NOT NULL DEFAULT 0,
    outcome int4 NOT NULL DEFAULT 0,
    decided_at timestamptz,

    -- The person (matching.person) of the greatest (version, assessment).
    link_version int8 NOT NULL DEFAULT 0,
    link_assessment int8 NOT NULL DEFAULT 0,
    person_key uuid,
    -- Whose it was before the link changed last: that person's passports are looked at, too.
    left_person uuid,

    -- The attestation (signing.dose-attested) of the greatest revision; 0: none yet.
    attested_version int8 NOT NULL DEFAULT 0,
    attestation_revision int8 NOT NULL DEFAULT 0,
    attestation_status int4 NOT NULL DEFAULT 0,
    attested_digest bytea,
    signed_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX dose_locator ON dose (locator);
CREATE INDEX dose_person ON dose (person_key) WHERE person_key IS NOT NULL;

-- Persons whom the next run has to look at, since when. A run takes the marks away that it has worked off.
-- Lock order everywhere: doses sorted, then persons sorted.
CREATE TABLE marked_person (
    person_key uuid PRIMARY KEY,
    marked_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);

-- Persons whose last run ended otherwise than with a passport of their newest signed dose: LineState, since when.
CREATE TABLE blocked_person (
    person_key uuid PRIMARY KEY,
    state int4 NOT NULL,
    since timestamptz NOT NULL
);

CREATE TABLE passport (
    -- The 32 hexadecimal digits of URN:UVCI:01:VN:…, random, never used again.
    certificate uuid PRIMARY KEY,
    person_key uuid NOT NULL,
    -- 1 valid, 2 superseded, 3 revoked.
    status int4 NOT NULL,
    revision int4 NOT NULL,
    dose_id uuid NOT NULL,
    dose_version int8 NOT NULL,
    facility_code text NOT NULL,
    source_record_id text NOT NULL,
    hc1 text NOT NULL,
    -- Key identifier of the signer's certificate.
    kid bytea NOT NULL,
    -- What the holder sees of the dose, and all that makes two passports the same.
    shown_hash bytea NOT NULL,
    face_hash bytea NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    reason text NOT NULL DEFAULT '',
    superseded_by uuid,
    run_id int8 NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX passport_person ON passport (person_key);
CREATE INDEX passport_revoked ON passport (certificate) WHERE status = 3;

CREATE TABLE day_run (
    run_id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opened_by text NOT NULL,
    opened_at timestamptz NOT NULL,
    finished_at timestamptz,
    -- The last person done: a run passes each person once, in the order of their keys.
    last_person uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    persons int8 NOT NULL DEFAULT 0,
    issued int8 NOT NULL DEFAULT 0,
    superseded int8 NOT NULL DEFAULT 0,
    revoked int8 NOT NULL DEFAULT 0,
    contradictions int8 NOT NULL DEFAULT 0,
    -- Of the revoked, how many had been valid until then.
    revoked_valid int8 NOT NULL DEFAULT 0
);
-- One run at a time.
CREATE UNIQUE INDEX day_run_open ON day_run ((true)) WHERE finished_at IS NULL;

-- Every certificate that a passport was signed under, and the authorities above: what verifiers need.
CREATE TABLE trust (
    kid bytea PRIMARY KEY,
    is_authority bool NOT NULL,
    pem text NOT NULL,
    first_seen timestamptz NOT NULL
);

-- Which database this is. The same text stands beside the signer's key.
CREATE TABLE installation (
    id uuid PRIMARY KEY,
    made_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX installation_one ON installation ((true));
