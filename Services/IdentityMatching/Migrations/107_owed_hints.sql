-- Records whose hint (their facility has typed the number under two names) has changed by another record since it was told:
-- they are told again.
CREATE TABLE hint_owed (
    dose_id uuid PRIMARY KEY
);

ALTER TABLE register_switch DROP CONSTRAINT register_switch_kind_check,
    ADD CONSTRAINT register_switch_kind_check
        CHECK (kind IN ('activate', 'rollback', 'rules', 'rules-back', 'candidates', 'hints', 'aliases'));
