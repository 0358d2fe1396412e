-- What other services say about each dose, the persons whom a run has to look at, and the passports.

-- Whoever writes facts goes through the gate, writes record, then dose, both sorted by dose, and marks persons, sorted,
-- last. A chunk of a run shuts the gate: what it reads has nobody under way.
CREATE TABLE fact_gate ();

-- intake.dose-recorded: the greatest version seen. Written once for nearly every dose.
CREATE TABLE record (
    -- The first eight bytes of SHA-256 over facility code, NUL, record number. Identifiers begin with a hash of the
    -- facility, so a facility's records lie side by side in the index, and one is found there without reading any row.
    locator int8 NOT NULL,
    version int8 NOT NULL,
    dose_id uuid NOT NULL,
    is_active bool NOT NULL,
    -- What a passport shows, packed (`ShownRecord`); nothing else of the record is kept.
    content bytea NOT NULL,
    -- The first 16 bytes of SHA-256 over the signed content, and the whole digest with the version's salt.
    content_hash bytea NOT NULL,
    digest bytea NOT NULL,
    -- Versions seen before: eight bytes of version, sixteen of hash, each. Amended records only.
    earlier bytea,
    PRIMARY KEY (dose_id) INCLUDE (locator)
);

-- What was decided about a dose, each fact the newest of its kind: small, and changed in place (an attestation touches no
-- index). Attestation and person of a dose share the row, so whichever comes second sees the first.
CREATE TABLE dose (
    -- The verdict (matching.verdict) of the greatest (version, assessment); 0: none yet.
    verdict_version int8 NOT NULL,
    verdict_assessment int8 NOT NULL,
    decided_at timestamptz,
    -- The person (matching.person) of the greatest (version, assessment); 0: none yet.
    link_version int8 NOT NULL,
    link_assessment int8 NOT NULL,
    -- The attestation (signing.dose-attested) of the greatest revision; 0: none yet.
    attestation_revision int8 NOT NULL,
    attested_version int8,
    signed_at timestamptz,
    outcome int4 NOT NULL,
    attestation_status int4 NOT NULL,
    dose_id uuid PRIMARY KEY,
    person_key uuid,
    -- Whose it was before the link changed last: that person's passports are looked at, too.
    left_person uuid,
    attested_digest bytea
) WITH (fillfactor = 50);
CREATE INDEX dose_person ON dose (person_key) WHERE person_key IS NOT NULL;

-- Persons whom the next run has to look at, since when. A run takes the marks away that it has worked off.
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
    finished_at timestamptz
);
-- One run at a time.
CREATE UNIQUE INDEX day_run_open ON day_run ((true)) WHERE finished_at IS NULL;

-- A run's lanes work side by side, each on the persons of a range of keys, in their order: a run passes each once.
CREATE TABLE run_lane (
    run_id int8 NOT NULL REFERENCES day_run,
    lane int4 NOT NULL,
    -- The last person done, and the last of the range.
    last_person uuid NOT NULL,
    until_person uuid NOT NULL,
    is_done bool NOT NULL DEFAULT false,
    persons int8 NOT NULL DEFAULT 0,
    issued int8 NOT NULL DEFAULT 0,
    superseded int8 NOT NULL DEFAULT 0,
    revoked int8 NOT NULL DEFAULT 0,
    contradictions int8 NOT NULL DEFAULT 0,
    -- Of the revoked, how many had been valid until then.
    revoked_valid int8 NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, lane)
) WITH (fillfactor = 50);

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
