-- The rule sets of VERIFY (bộ quy tắc đối sánh) and which of them judges.

-- A set is version 1 (matching.md §0) and the rules that it adds. Never changed: a verdict names the version.
CREATE TABLE rule_set (
    version     text COLLATE "C" PRIMARY KEY,
    added       text[] NOT NULL,
    note        text NOT NULL,
    proposed_at timestamptz NOT NULL DEFAULT now(),
    proposed_by text NOT NULL
);
INSERT INTO rule_set (version, added, note, proposed_by) VALUES
    ('1', '{}', 'matching.md §0', 'service'),
    ('2', '{leading-apostrophe-removed,dashes-are-spaces,full-stops-are-spaces,number-dashes-removed,date-separators-unified,syllable-tone-unified}',
     'Dirt of typing and of spreadsheets: dashes, full stops, a leading apostrophe, day-first dates with other separators, a tone mark on the wrong vowel of its syllable', 'service');

ALTER TABLE register_state
    ADD COLUMN rule_version          text COLLATE "C" NOT NULL DEFAULT '1' REFERENCES rule_set,
    ADD COLUMN previous_rule_version text COLLATE "C" REFERENCES rule_set;

-- What stood after each step. A rule set may be switched while no generation is active.
ALTER TABLE register_switch
    ALTER COLUMN generation DROP NOT NULL,
    ADD COLUMN rule_version text COLLATE "C" NOT NULL DEFAULT '1' REFERENCES rule_set;

-- Trials of a rule set over all verdict rows, which change none of them: the standing generation, read by the set.
CREATE TABLE dry_run (
    run          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state        text NOT NULL CHECK (state IN ('running', 'paused', 'finished', 'cancelled')),
    rule_version text COLLATE "C" NOT NULL REFERENCES rule_set,
    -- What it is compared with; a switch in the middle starts the walk again.
    assessment   bigint NOT NULL,
    generation   integer NOT NULL REFERENCES register_generation,
    standing_rule_version text COLLATE "C" NOT NULL REFERENCES rule_set,
    -- Record keys kept of each change.
    examples     integer NOT NULL,
    filenode     bigint NOT NULL DEFAULT 0,
    next_block   bigint NOT NULL DEFAULT 0,
    blocks       bigint NOT NULL DEFAULT 0,
    total        bigint NOT NULL DEFAULT 0,
    done         bigint NOT NULL DEFAULT 0,
    changed      bigint NOT NULL DEFAULT 0,
    blocks_per_second  float8 NOT NULL DEFAULT 0,
    records_per_second float8 NOT NULL DEFAULT 0,
    stepped_at   timestamptz,
    restarts     integer NOT NULL DEFAULT 0,
    started_at   timestamptz NOT NULL,
    started_by   text NOT NULL,
    finished_at  timestamptz
);
CREATE UNIQUE INDEX dry_run_open ON dry_run ((true)) WHERE state IN ('running', 'paused');

-- How many records would go from which answer to which. outcome 0: not yet verified.
CREATE TABLE dry_run_change (
    run          bigint NOT NULL REFERENCES dry_run,
    from_outcome smallint NOT NULL,
    from_grp     smallint NOT NULL,
    to_outcome   smallint NOT NULL,
    to_grp       smallint NOT NULL,
    records      bigint NOT NULL,
    -- Of those: would change under the standing rules too, since the register has changed after the verdict.
    by_register  bigint NOT NULL,
    PRIMARY KEY (run, from_outcome, from_grp, to_outcome, to_grp)
);

-- The first records of each change: their keys, nothing of a person.
CREATE TABLE dry_run_example (
    run              bigint NOT NULL,
    from_outcome     smallint NOT NULL,
    from_grp         smallint NOT NULL,
    to_outcome       smallint NOT NULL,
    to_grp           smallint NOT NULL,
    facility_code    text COLLATE "C" NOT NULL,
    source_record_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (run, from_outcome, from_grp, to_outcome, to_grp, facility_code, source_record_id),
    FOREIGN KEY (run, from_outcome, from_grp, to_outcome, to_grp) REFERENCES dry_run_change
);
