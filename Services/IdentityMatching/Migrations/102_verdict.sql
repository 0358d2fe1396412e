-- What VERIFY has answered.

-- One row a dose record: the newest version and the answer to it. outcome 0: not yet verified.
CREATE TABLE verdict (
    dose_id               uuid PRIMARY KEY,
    subject_id            uuid NOT NULL,
    assessment            bigint NOT NULL,
    decided_at            timestamptz NOT NULL,
    version               integer NOT NULL,
    outcome               smallint NOT NULL,
    grp                   smallint NOT NULL,
    traits                smallint NOT NULL,
    -- Whether PersonLinked, and a Finding, were ever sent: only then must their end be told.
    was_linked            boolean NOT NULL,
    was_found             boolean NOT NULL,
    facility_code         text COLLATE "C" NOT NULL,
    source_record_id      text COLLATE "C" NOT NULL,
    rule_version          text COLLATE "C" NOT NULL,
    -- The items as typed, packed: enough to verify again.
    typed                 bytea NOT NULL,
    person_key            uuid,
    -- What differs (police side only), as field:REASON joined by semicolons.
    reasons               text COLLATE "C",
    -- The number within the facility, and the name, as keyed hashes: a number under two names in the facility's own
    -- records is a hint to it. NULL where either cannot be read, and for withdrawn records.
    number_hash           bigint,
    name_hash             integer,
    -- The answer that this one replaced; the history is written from it.
    previous_version      integer,
    previous_outcome      smallint,
    previous_grp          smallint,
    previous_traits       smallint,
    previous_assessment   bigint,
    previous_decided_at   timestamptz,
    previous_rule_version text COLLATE "C",
    previous_person_key   uuid
) WITH (fillfactor = 85);
CREATE INDEX verdict_own_number ON verdict (number_hash) WHERE number_hash IS NOT NULL;
CREATE INDEX verdict_record ON verdict (facility_code, source_record_id);

-- Answers that were replaced (MAT-07).
CREATE TABLE verdict_history (
    dose_id      uuid NOT NULL,
    version      integer NOT NULL,
    assessment   bigint NOT NULL,
    outcome      smallint NOT NULL,
    grp          smallint NOT NULL,
    rule_version text COLLATE "C" NOT NULL,
    decided_at   timestamptz NOT NULL,
    person_key   uuid,
    PRIMARY KEY (dose_id, version, assessment)
);

-- How many records stand where, kept with every change; a slot is a few connections' share, so that they do not wait
-- for each other.
CREATE TABLE verdict_count (
    slot    smallint NOT NULL,
    outcome smallint NOT NULL,
    grp     smallint NOT NULL,
    traits  smallint NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (slot, outcome, grp, traits)
) WITH (fillfactor = 50);
