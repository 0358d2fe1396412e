-- Who holds a passport that shows a dose: a run asks it of the doses it looks at, so that a dose that moved to another person
-- while nobody saw it (the copy of the facts was lost) is found at the person whom it left.
CREATE INDEX passport_dose ON passport (dose_id) WHERE status <> 3;
