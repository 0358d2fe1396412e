-- The population register's snapshots (dữ liệu dân cư) and which of them stands.

-- One row a load. The persons of generation n are in the table register_person_n, made by the load.
CREATE TABLE register_generation (
    generation   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state        text NOT NULL CHECK (state IN ('loading', 'ready', 'failed', 'dropped')),
    rule_version text NOT NULL,
    started_at   timestamptz NOT NULL,
    started_by   text NOT NULL,
    finished_at  timestamptz,
    persons      bigint NOT NULL DEFAULT 0,
    refused      bigint NOT NULL DEFAULT 0,
    failure      text NOT NULL DEFAULT ''
);
-- One load at a time; a load holds an advisory lock while it lives.
CREATE UNIQUE INDEX register_generation_loading ON register_generation ((true)) WHERE state = 'loading';

-- Rows that a load refused: where and by which rule, never what they held. The first ones of each load.
CREATE TABLE register_refusal (
    generation  integer NOT NULL REFERENCES register_generation,
    line        bigint NOT NULL,
    column_name text NOT NULL,
    rule        text NOT NULL,
    PRIMARY KEY (generation, line, column_name, rule)
);

-- The one row that every batch reads FOR SHARE and a switch takes FOR UPDATE: a batch sees one generation and one
-- assessment from its first statement to its commit.
CREATE TABLE register_state (
    singleton           boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    active_generation   integer REFERENCES register_generation,
    previous_generation integer REFERENCES register_generation,
    -- Steps with every switch, rollback and rule set; 0 while there was none.
    assessment          bigint NOT NULL DEFAULT 0
);
INSERT INTO register_state DEFAULT VALUES;

-- Every step of the assessment and what it was for.
CREATE TABLE register_switch (
    assessment      bigint PRIMARY KEY,
    kind            text NOT NULL CHECK (kind IN ('activate', 'rollback')),
    generation      integer NOT NULL REFERENCES register_generation,
    from_generation integer REFERENCES register_generation,
    switched_at     timestamptz NOT NULL,
    switched_by     text NOT NULL
);

-- A changed personal number keeps the person's key: key_id is the number under which the person was first known.
CREATE TABLE personal_id_alias (
    personal_id bigint PRIMARY KEY,
    key_id      bigint NOT NULL CHECK (key_id <> personal_id)
);
