-- Walks through the verdicts after a switch: one at a time goes on, a newer one takes an older one over.
CREATE TABLE reverification (
    run           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state         text NOT NULL CHECK (state IN ('running', 'paused', 'finished', 'superseded', 'cancelled')),
    -- The assessment under which it verifies.
    assessment    bigint NOT NULL,
    -- Right records too.
    all_records   boolean NOT NULL,
    -- Right records that were answered from this assessment on too (a rolled back generation's answers).
    since         bigint NOT NULL,
    -- Say again what has not changed, under the new assessment.
    restate       boolean NOT NULL,
    -- Where the walk is, in blocks of the table file `filenode`; a rewritten file is walked from its start again.
    filenode      bigint NOT NULL DEFAULT 0,
    next_block    bigint NOT NULL DEFAULT 0,
    blocks        bigint NOT NULL DEFAULT 0,
    -- Records that it had to visit when it began, as far as the counts know.
    total         bigint NOT NULL DEFAULT 0,
    verified      bigint NOT NULL DEFAULT 0,
    changed       bigint NOT NULL DEFAULT 0,
    -- How fast it has been of late; not while it is paused.
    blocks_per_second  float8 NOT NULL DEFAULT 0,
    records_per_second float8 NOT NULL DEFAULT 0,
    stepped_at    timestamptz,
    started_at    timestamptz NOT NULL,
    started_by    text NOT NULL,
    finished_at   timestamptz
);
CREATE UNIQUE INDEX reverification_open ON reverification ((true)) WHERE state IN ('running', 'paused');
