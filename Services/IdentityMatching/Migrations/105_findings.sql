-- Candidates, territories, who looked at what, and amendments that keep guessing.

-- A load's own mark: the index file of a generation is named by it, so that after a restore from a backup a file of
-- another load under the same number is never taken for this one's.
ALTER TABLE register_generation ADD COLUMN snapshot uuid NOT NULL DEFAULT gen_random_uuid();

ALTER TABLE register_switch DROP CONSTRAINT register_switch_kind_check,
    ADD CONSTRAINT register_switch_kind_check
        CHECK (kind IN ('activate', 'rollback', 'rules', 'rules-back', 'candidates', 'aliases'));

ALTER TABLE verdict
    -- Strength and personal ids of the candidates, and their weights (police side only). NULL where reasons are given:
    -- nobody has looked yet, the index was not at hand.
    ADD COLUMN candidates        bytea,
    ADD COLUMN candidate_weights bytea,
    -- Five digits as typed, else empty: then the territory is that of the facility.
    ADD COLUMN residence_commune text COLLATE "C" NOT NULL DEFAULT '',
    -- Versions that were answered wrong on this day (Asia/Ho_Chi_Minh).
    ADD COLUMN guess_day         date,
    ADD COLUMN guesses           smallint NOT NULL DEFAULT 0;

CREATE INDEX verdict_finding ON verdict (residence_commune, facility_code, source_record_id) WHERE reasons IS NOT NULL;
-- Findings that wait for candidates; empty but while an index is being built.
CREATE INDEX verdict_owed ON verdict (dose_id) WHERE reasons IS NOT NULL AND candidates IS NULL;
CREATE INDEX verdict_guessed ON verdict (guess_day) WHERE guesses >= 2;
-- Versions that wait because their record was guessed at (trait 64).
CREATE INDEX verdict_held ON verdict (decided_at) WHERE outcome = 0 AND (traits & 64) <> 0;

CREATE INDEX personal_id_alias_key ON personal_id_alias (key_id);

-- The list of units, as Intake tells it: the territories of the police.
CREATE TABLE unit (
    code          text COLLATE "C" PRIMARY KEY,
    kind          text NOT NULL,
    province_code text COLLATE "C" NOT NULL,
    commune_code  text COLLATE "C" NOT NULL,
    revision      bigint NOT NULL
);
CREATE INDEX unit_commune ON unit (commune_code);
CREATE INDEX unit_province ON unit (province_code);

-- Who looked at what the register says, for what purpose, and how much of it was shown (AUT-16). Never changed.
CREATE TABLE finding_access (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    account    text NOT NULL,
    role       text NOT NULL,
    unit_code  text COLLATE "C" NOT NULL,
    act        text NOT NULL CHECK (act IN ('suggestion', 'list', 'detail', 'export', 'guessing', 'release')),
    purpose    text NOT NULL,
    reference  text NOT NULL,
    -- The record that was looked at, where it was one.
    dose_id    uuid,
    records    bigint NOT NULL,
    -- Persons of the register that were shown, and those that were kept back as outside the territory.
    persons    integer NOT NULL,
    outside    integer NOT NULL
);
CREATE INDEX finding_access_unit ON finding_access (unit_code, id);
