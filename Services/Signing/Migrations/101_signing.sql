-- Other services' facts about each dose. A copy: it and ready_dose can be emptied, and an announcement of Intake and
-- IdentityMatching fills them again.
CREATE TABLE signable (
    dose_id          uuid PRIMARY KEY,
    facility_code    text COLLATE "C" NOT NULL DEFAULT '',
    source_record_id text COLLATE "C" NOT NULL DEFAULT '',
    subject_id       uuid NOT NULL,
    -- The record; dose_version 0: it has not arrived.
    dose_version     bigint NOT NULL DEFAULT 0,
    active           boolean NOT NULL DEFAULT false,
    dose_number      integer NOT NULL DEFAULT 0,
    injected_on      text COLLATE "C" NOT NULL DEFAULT '',
    content          bytea,
    record           bytea,
    -- The verdict; outcome 0: it has not arrived.
    verdict_version  bigint NOT NULL DEFAULT 0,
    assessment       bigint NOT NULL DEFAULT 0,
    outcome          integer NOT NULL DEFAULT 0,
    decided_at       timestamptz,
    -- The person; person_version 0: it has not arrived.
    person_version    bigint NOT NULL DEFAULT 0,
    person_assessment bigint NOT NULL DEFAULT 0,
    person_key        uuid
    -- Half a page free: a row is written once and updated twice within seconds, and both updates find room beside it.
) WITH (fillfactor = 50);

CREATE INDEX signable_record ON signable (facility_code, source_record_id);

-- Doses that can be signed now, in the order in which turns take them. Written under the lock of the row in signable;
-- a table of its own, so that a dose that becomes signable or is signed does not rewrite its row and indexes there.
CREATE TABLE ready_dose (
    facility_code    text COLLATE "C" NOT NULL,
    person_key       uuid NOT NULL,
    dose_id          uuid NOT NULL,
    PRIMARY KEY (facility_code, person_key, dose_id)
);

-- Attestations in force or stale: decisions of this service, from its backup only.
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
    signer_serial    text COLLATE "C" NOT NULL,
    signed_at        timestamptz NOT NULL,
    changed_at       timestamptz NOT NULL
) WITH (fillfactor = 80);

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
ALTER TABLE turn ALTER COLUMN manifest SET STORAGE EXTERNAL;
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
