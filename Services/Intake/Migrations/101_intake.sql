-- Intake: units, records with their history, refusals, corrections, uploads, counts.

-- The list of units. `unit` is the UnitChanged message; the columns beside it are for look-ups and scopes.
CREATE TABLE unit (
    unit_code text PRIMARY KEY,
    kind text NOT NULL,
    commune_code text NOT NULL,
    revision bigint NOT NULL,
    unit bytea NOT NULL
);

-- One row: steps with every change of the list, so that a service need not read the list for each batch.
CREATE TABLE unit_list (
    is_single boolean PRIMARY KEY DEFAULT true CHECK (is_single),
    revision bigint NOT NULL
);
INSERT INTO unit_list (revision) VALUES (0);

-- The version of each record that stands. Only what SQL asks for is a column of its own; the rest is in `record`
-- (the DoseRecorded message). The identifier comes from facility and record number: the primary key is the
-- idempotency check. `row_hashes`: 16 bytes for each row of the facility that was taken, the one that stands last.
-- `typed`: the facility's row without corrections, once there are any.
CREATE TABLE dose_record (
    dose_id uuid PRIMARY KEY,
    subject_id uuid NOT NULL,
    version integer NOT NULL,
    entered_at timestamptz NOT NULL,
    row_hashes bytea NOT NULL,
    record bytea NOT NULL,
    typed bytea
) WITH (fillfactor = 85);
CREATE INDEX dose_record_subject ON dose_record (subject_id);

-- Versions that stand no more, and rows that came too late to stand (`is_late`; their version is the one that stood
-- when they came).
CREATE TABLE dose_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dose_id uuid NOT NULL,
    version integer NOT NULL,
    is_late boolean NOT NULL,
    entered_at timestamptz NOT NULL,
    row_hash bytea NOT NULL,
    record bytea NOT NULL,
    kept_at timestamptz NOT NULL
);
CREATE INDEX dose_history_dose ON dose_history (dose_id, version);

-- Corrections that took effect, each once.
CREATE TABLE applied_correction (
    correction_id uuid PRIMARY KEY,
    dose_id uuid NOT NULL,
    base_row bytea NOT NULL,
    made_version integer,
    correction bytea NOT NULL,
    applied_at timestamptz NOT NULL
);
CREATE INDEX applied_correction_dose ON applied_correction (dose_id);

-- Rows that were refused. No personal data: facility, record number, field, rule.
CREATE TABLE refusal (
    origin text PRIMARY KEY,
    facility_code text NOT NULL,
    source_record_id text NOT NULL,
    field text NOT NULL,
    rule text NOT NULL,
    refused_at timestamptz NOT NULL
);
CREATE INDEX refusal_record ON refusal (facility_code, source_record_id);

-- What was counted. `next_offset` and `last_at` tell a message that is delivered again, which is counted once.
CREATE TABLE intake_count (
    source text PRIMARY KEY,
    created bigint NOT NULL DEFAULT 0,
    amended bigint NOT NULL DEFAULT 0,
    late bigint NOT NULL DEFAULT 0,
    duplicates bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    withdrawn bigint NOT NULL DEFAULT 0,
    corrections bigint NOT NULL DEFAULT 0,
    next_offset bigint NOT NULL DEFAULT 0,
    last_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);

-- Files sent in. The bytes are in `upload_chunk` until all rows are taken.
CREATE TABLE upload (
    upload_id uuid PRIMARY KEY,
    unit_code text NOT NULL,
    sent_by text NOT NULL,
    format text NOT NULL,
    state text NOT NULL,
    is_complete boolean NOT NULL DEFAULT false,
    content_hash bytea,
    received_bytes bigint NOT NULL DEFAULT 0,
    received_rows bigint NOT NULL DEFAULT 0,
    done_rows bigint NOT NULL DEFAULT 0,
    created bigint NOT NULL DEFAULT 0,
    amended bigint NOT NULL DEFAULT 0,
    late bigint NOT NULL DEFAULT 0,
    duplicates bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    finished_at timestamptz,
    worker uuid,
    leased_until timestamptz
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX upload_content ON upload (unit_code, content_hash) WHERE is_complete;
CREATE INDEX upload_open ON upload (received_at) WHERE state IN ('receiving', 'waiting', 'working');

CREATE TABLE upload_chunk (
    upload_id uuid NOT NULL REFERENCES upload ON DELETE CASCADE,
    number integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (upload_id, number)
);
ALTER TABLE upload_chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE upload_error (
    upload_id uuid NOT NULL REFERENCES upload ON DELETE CASCADE,
    row_number bigint NOT NULL,
    line bigint NOT NULL,
    facility_code text NOT NULL,
    source_record_id text NOT NULL,
    field text NOT NULL,
    rule text NOT NULL,
    PRIMARY KEY (upload_id, row_number)
);
