-- The log of looks: who was shown, that it was read, and how long it is kept.

ALTER TABLE finding_access DROP CONSTRAINT finding_access_act_check,
    ADD CONSTRAINT finding_access_act_check
        CHECK (act IN ('suggestion', 'list', 'detail', 'export', 'guessing', 'release', 'log')),
    -- Keyed marks of the persons that were shown: found again by a personal number, and by nothing else. Empty for an
    -- export, which shows everybody, and for lines written before there were marks.
    ADD COLUMN shown bigint[] NOT NULL DEFAULT '{}';

-- Lines are written and, when they are too old, deleted; nobody changes them.
CREATE FUNCTION finding_access_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'lines of finding_access are never changed';
END
$$;
CREATE TRIGGER finding_access_stands BEFORE UPDATE ON finding_access
    FOR EACH STATEMENT EXECUTE FUNCTION finding_access_stands();

-- Lines that were deleted as too old, by the day (Asia/Ho_Chi_Minh) on which they were.
CREATE TABLE finding_access_deletion (
    day     date PRIMARY KEY,
    records bigint NOT NULL,
    -- When the newest of them was written.
    until   timestamptz NOT NULL
);
