-- Other services' facts about each dose: three copies. They can be emptied together, and an announcement of Intake and
-- IdentityMatching fills them again.

-- The record as it came, in its newest version: written once for most doses.
CREATE TABLE signable (
    dose_id          uuid PRIMARY KEY,
    version          bigint NOT NULL,
    dose_number      integer NOT NULL,
    active           boolean NOT NULL,
    source_record_id text COLLATE "C" NOT NULL,
    record           bytea NOT NULL
);

-- What the register check says of it: narrow, since it is written up to three times. Its row is the lock of a dose: whoever
-- changes one of these facts, or brings another version of a record, holds it.
CREATE TABLE verified (
    dose_id           uuid PRIMARY KEY,
    -- The record's version where a version above 1 has come; else 0.
    record_version    bigint NOT NULL DEFAULT 0,
    -- The verdict; outcome 0: it has not arrived.
    verdict_version   bigint NOT NULL DEFAULT 0,
    assessment        bigint NOT NULL DEFAULT 0,
    -- The person; person_version 0: it has not arrived.
    person_version    bigint NOT NULL DEFAULT 0,
    person_assessment bigint NOT NULL DEFAULT 0,
    decided_at        timestamptz,
    outcome           integer NOT NULL DEFAULT 0,
    person_key        uuid,
    facility_code     text COLLATE "C" NOT NULL DEFAULT ''
    -- Verdict and person come within seconds of each other: the second finds room beside the first.
) WITH (fillfactor = 65);

-- Doses whose newest verdict is right, whose person is known and that are not attested, in the order in which turns take
-- them: with an active record of the same version and an allowed dose number (see `signable`) they can be signed.
-- Written under the lock of the row in verified; a signature takes its rows away, and what it does not find has moved.
CREATE TABLE ready_dose (
    person_key       uuid NOT NULL,
    dose_id          uuid NOT NULL,
    -- The verdict's version, and the assessment since which the row stands.
    version          bigint NOT NULL,
    assessment       bigint NOT NULL,
    facility_code    text COLLATE "C" NOT NULL,
    PRIMARY KEY (facility_code, person_key, dose_id)
);

-- Attestations in force or stale: decisions of this service, from its backup only. By whom and when stands in the turn.
CREATE TABLE attestation (
    dose_id          uuid PRIMARY KEY,
    subject_id       uuid NOT NULL,
    facility_code    text COLLATE "C" NOT NULL,
    source_record_id text COLLATE "C" NOT NULL,
    dose_version     bigint NOT NULL,
    assessment       bigint NOT NULL,
    revision         bigint NOT NULL,
    -- 1 signed, 2 minutes: what it is while it stands.
    basis            integer NOT NULL,
    staleness        text,
    turn_id          uuid NOT NULL,
    position         integer NOT NULL,
    content          bytea NOT NULL,
    content_sha256   bytea NOT NULL,
    changed_at       timestamptz NOT NULL
) WITH (fillfactor = 90);

-- What an attestation was before its last changes (AUT-18, SIG-26).
CREATE TABLE attestation_history (
    dose_id          uuid NOT NULL,
    revision         bigint NOT NULL,
    dose_version     bigint NOT NULL,
    basis            integer NOT NULL,
    staleness        text,
    turn_id          uuid NOT NULL,
    position         integer NOT NULL,
    content_sha256   bytea NOT NULL,
    signer_serial    text COLLATE "C" NOT NULL,
    signed_at        timestamptz NOT NULL,
    changed_at       timestamptz NOT NULL,
    PRIMARY KEY (dose_id, changed_at, revision)
);

CREATE TABLE turn (
    turn_id          uuid PRIMARY KEY,
    unit_code        text COLLATE "C" NOT NULL,
    state            text NOT NULL CHECK (state IN ('prepared', 'signed', 'failed', 'expired')),
    persons          integer NOT NULL,
    doses            integer NOT NULL,
    prepared_by      text NOT NULL,
    prepared_at      timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL,
    manifest_sha256  bytea NOT NULL,
    -- The bytes that are signed; emptied when a turn ends unsigned.
    manifest         bytea,
    -- What the attestations need beside the manifest (TurnMember); emptied when a turn ends.
    members          bytea,
    signature        bytea,
    signature_sha256 bytea,
    signer_serial    text COLLATE "C",
    signer_certificate bytea,
    signed_by        text,
    signed_at        timestamptz,
    ended_at         timestamptz,
    -- JSON list of what had moved, for a failed turn.
    moved            text
);
-- Digests in hexadecimal do not compress well enough to be worth the time.
ALTER TABLE turn ALTER COLUMN manifest SET STORAGE EXTERNAL, ALTER COLUMN members SET STORAGE EXTERNAL;
CREATE INDEX turn_by_unit ON turn (unit_code, prepared_at);
CREATE INDEX turn_open ON turn (expires_at) WHERE state = 'prepared';

-- Which certificate may sign for which unit (SIG-03).
CREATE TABLE signing_certificate (
    fingerprint      bytea PRIMARY KEY,
    serial           text COLLATE "C" NOT NULL,
    unit_code        text COLLATE "C" NOT NULL,
    certificate      bytea NOT NULL,
    not_before       timestamptz NOT NULL,
    not_after        timestamptz NOT NULL,
    registered_by    text NOT NULL,
    registered_at    timestamptz NOT NULL,
    withdrawn_at     timestamptz
);
CREATE INDEX signing_certificate_unit ON signing_certificate (unit_code);
