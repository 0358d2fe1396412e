-- Messages (DoseRecorded) as received, one after the other: a record's newest one is read where a task exists, and written
-- at the price of a fraction of a row.
CREATE TABLE record_page (
    page int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    records bytea NOT NULL
);
DO $$ BEGIN
    IF (SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression') THEN
        ALTER TABLE record_page ALTER COLUMN records SET COMPRESSION lz4;
    ELSE
        ALTER TABLE record_page ALTER COLUMN records SET STORAGE EXTERNAL;
    END IF;
END $$;

-- Facts of other services in so far as tasks depend on them, one narrow row a record: two thirds of all records are right
-- and never need more. Half of a page stays free for the verdict that follows a record within seconds.
CREATE TABLE dose (
    dose_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    -- Where the DoseRecorded stands; NULL: not yet arrived.
    record_page int8,
    verdict_assessment int8 NOT NULL,
    -- NULL: none.
    finding_assessment int8,
    resolved_assessment int8,
    record_start int4,
    record_length int4,
    -- 0: not yet arrived.
    version int4 NOT NULL,
    verdict_version int4 NOT NULL,
    -- The newest version that was ever found right.
    right_version int4 NOT NULL,
    finding_version int4,
    -- The version (and assessment) that the last answer of police was given on; 0: none. With the next one, what this
    -- service has decided itself.
    resolved_version int4 NOT NULL DEFAULT 0,
    -- The version whose dose fields the facility has confirmed or corrected last; 0: none.
    health_version int4 NOT NULL DEFAULT 0,
    dose_number int4 NOT NULL,
    -- 0: none.
    outcome int2 NOT NULL,
    invalid_group int2 NOT NULL,
    -- A bit for each kind of task.
    problems int2 NOT NULL,
    is_withdrawn bool NOT NULL,
    identity_conflict bool NOT NULL,
    facility_code text COLLATE "C" NOT NULL,
    source_record_id text COLLATE "C" NOT NULL,
    residence_commune text COLLATE "C" NOT NULL,
    -- Verdict, where not right, and Finding as received.
    verdict bytea,
    finding bytea,
    -- Found by facility and number, too (`DoseOfRecord`): an identifier begins with its facility's hash.
    PRIMARY KEY (dose_id) INCLUDE (source_record_id)
) WITH (fillfactor = 50);
CREATE INDEX dose_subject ON dose (subject_id);

-- One row for each subject that ever had a task: what instances lock before they decide.
CREATE TABLE subject_lock (
    subject_id uuid PRIMARY KEY
);

CREATE TABLE task (
    task_id uuid PRIMARY KEY,
    subject_id uuid NOT NULL,
    kind int2 NOT NULL,
    -- Counts how often this subject has had a task of this kind.
    episode int4 NOT NULL,
    -- The unit accountable: it gave the doses.
    facility_code text NOT NULL,
    -- The record that a closed task was last about.
    source_record_id text NOT NULL,
    invalid_group int2 NOT NULL,
    -- The unit that must act.
    unit_code text NOT NULL,
    residence_commune text NOT NULL,
    -- A person has sent it to that unit: the rules no longer route it.
    is_forwarded bool NOT NULL DEFAULT false,
    state int2 NOT NULL,
    outcome text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    closed_at timestamptz,
    UNIQUE (subject_id, kind, episode)
) WITH (fillfactor = 80);
CREATE INDEX task_unit ON task (unit_code) WHERE closed_at IS NULL;
CREATE INDEX task_facility ON task (facility_code) WHERE closed_at IS NULL;
CREATE INDEX task_commune ON task (residence_commune) WHERE closed_at IS NULL;

-- What happened to a task after it was made; never changed, never deleted.
CREATE TABLE task_history (
    id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id uuid NOT NULL,
    at timestamptz NOT NULL,
    act text NOT NULL,
    state_before int2 NOT NULL,
    state_after int2 NOT NULL,
    -- Empty: the system.
    unit_code text NOT NULL,
    account text NOT NULL
);
CREATE INDEX task_history_task ON task_history (task_id);

-- Every decision that went back to Intake, as sent.
CREATE TABLE correction (
    correction_id uuid PRIMARY KEY,
    dose_id uuid NOT NULL,
    task_id uuid,
    account text NOT NULL,
    decided_at timestamptz NOT NULL,
    message bytea NOT NULL
);
CREATE INDEX correction_dose ON correction (dose_id);

-- Who looked at what the register says, and at how many tasks of it.
CREATE TABLE finding_view (
    id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    account text NOT NULL,
    role text NOT NULL,
    unit_code text NOT NULL,
    tasks int4 NOT NULL
);

CREATE TABLE unit (
    code text PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL,
    province_code text NOT NULL,
    district_code text NOT NULL,
    commune_code text NOT NULL,
    revision int8 NOT NULL
);
CREATE INDEX unit_commune ON unit (commune_code, kind);
CREATE INDEX unit_district ON unit (district_code);
CREATE INDEX unit_province ON unit (province_code);
