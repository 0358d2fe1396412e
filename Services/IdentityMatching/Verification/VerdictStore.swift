import RecordModel
import Storage

/// The verdict rows: the only statements that change them.
enum VerdictStore {
    /// A row that has really changed.
    struct Change: Sendable {
        /// Index into the records that were handed over.
        let index: Int
        let wasLinked: Bool
        let wasFound: Bool
        /// Where it was counted before; nil for a new row.
        let before: CountKey?
    }

    struct CountKey: Hashable, Comparable, Sendable {
        let outcome: Int32
        let group: Int32
        let traits: Int32

        init(outcome: Int32, group: Int32, traits: Int32) {
            self.outcome = outcome
            self.group = group
            self.traits = traits
        }

        init(_ answer: Answer) {
            self.init(
                outcome: answer.outcome?.rawValue ?? 0, group: answer.group.rawValue, traits: answer.traits.rawValue)
        }

        static func < (left: CountKey, right: CountKey) -> Bool {
            (left.outcome, left.group, left.traits) < (right.outcome, right.group, right.traits)
        }
    }

    /// Stores the answers to versions newer than those that are held; older and repeated ones change nothing.
    /// - Parameter records: at most one of each dose, sorted by dose id: that is the order in which rows are locked.
    static func storeNewVersions(_ records: [AnsweredRecord], in session: Transaction) throws -> [Change] {
        try write(newVersions, parameters(of: records), records, in: session)
    }

    /// Locks the rows of records that are sorted by dose id, so that walks and batches never wait for each other in a circle.
    static func lock(_ records: [AnsweredRecord], in session: Transaction) throws {
        if records.isEmpty { return }
        try session.execute(
            """
            SELECT 1 FROM unnest($1::uuid[]) AS n (dose_id) JOIN verdict v ON v.dose_id = n.dose_id
            ORDER BY v.dose_id FOR UPDATE OF v
            """, [.uuids(records.lazy.map { $0.head.doseID })])
    }

    /// Stores answers given again to the versions that are held.
    /// - Parameter restate: also rows whose answer has not changed take the new assessment.
    static func storeAgain(_ records: [AnsweredRecord], restate: Bool, in session: Transaction) throws -> [Change] {
        try write(again, parameters(of: records) + [.bool(restate)], records, in: session)
    }

    private static func write(
        _ sql: String, _ parameters: [SQLValue], _ records: [AnsweredRecord], in session: Transaction
    ) throws -> [Change] {
        if records.isEmpty { return [] }
        var positions: [DoseID: Int] = [:]
        positions.reserveCapacity(records.count)
        for (index, record) in records.enumerated() { positions[record.head.doseID] = index }
        let changes = try session.query(sql, parameters) { row in
            Change(
                index: positions[row.uuid(0)] ?? 0, wasLinked: row.bool(1), wasFound: row.bool(2),
                before: row.isNull(3)
                    ? nil : CountKey(outcome: row.int4(3), group: row.int4(4), traits: row.int4(5)))
        }
        try count(changes, of: records, in: session)
        return changes
    }

    /// Columns, each an array but `$14`, which holds for all rows, as `$21` does in `again`.
    private static func parameters(of records: [AnsweredRecord]) -> [SQLValue] {
        [
            .uuids(records.lazy.map { $0.head.doseID }), .uuids(records.lazy.map { $0.head.subjectID }),
            .texts(records.lazy.map { $0.head.facilityCode }), .texts(records.lazy.map { $0.head.sourceRecordID }),
            .int4s(records.lazy.map { Int32(truncatingIfNeeded: $0.head.version) }),
            .int8s(records.lazy.map { Int64($0.answer.assessment) }),
            .int4s(records.lazy.map { $0.answer.outcome?.rawValue ?? 0 }),
            .int4s(records.lazy.map { $0.answer.group.rawValue }),
            .int4s(records.lazy.map { $0.answer.traits.rawValue }),
            .byteArrays(records.lazy.map { $0.typed.packed }), .uuids(records.lazy.map { $0.answer.personKey }),
            .texts(records.lazy.map { $0.answer.reasons }), .instants(records.lazy.map { $0.answer.decidedAt }),
            .text(records.lazy.map(\.answer.ruleVersion).first { !$0.isEmpty } ?? ""),
            .byteArrays(records.lazy.map { $0.answer.candidates?.packedPersons }),
            .byteArrays(records.lazy.map { $0.answer.candidates?.packedWeights }),
            .texts(records.lazy.map(\.residenceCommune)), .int4s(records.lazy.map(\.guess.rawValue)),
            .int8s(records.lazy.map { $0.ownNumber?.number }), .int4s(records.lazy.map { $0.ownNumber?.name }),
        ]
    }

    private static let rows = """
        unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int4[], $6::int8[], $7::int4[], $8::int4[], $9::int4[],
               $10::bytea[], $11::uuid[], $12::text[], $13::timestamptz[], $15::bytea[], $16::bytea[], $17::text[],
               $18::int4[], $19::int8[], $20::int4[])
            AS n (dose_id, subject_id, facility_code, source_record_id, version, assessment, outcome, grp, traits,
                  typed, person_key, reasons, decided_at, candidates, candidate_weights, residence_commune, guess,
                  number_hash, name_hash)
        """

    private static func replacing(_ next: String) -> String {
        """
        subject_id = \(next).subject_id, version = \(next).version, assessment = \(next).assessment,
        outcome = \(next).outcome, grp = \(next).grp, traits = \(next).traits, typed = \(next).typed,
        person_key = \(next).person_key, reasons = \(next).reasons, decided_at = \(next).decided_at,
        rule_version = $14, candidates = \(next).candidates, candidate_weights = \(next).candidate_weights,
        was_linked = v.was_linked OR \(next).person_key IS NOT NULL,
        was_found = v.was_found OR \(next).reasons IS NOT NULL,
        previous_version = v.version, previous_assessment = v.assessment, previous_outcome = v.outcome,
        previous_grp = v.grp, previous_traits = v.traits, previous_decided_at = v.decided_at,
        previous_rule_version = v.rule_version, previous_person_key = v.person_key
        """
    }

    /// A wrong version more on the same day; a version on the word of the police ends the count.
    private static let countingGuesses = """
        guesses = CASE excluded.guesses
            WHEN 1 THEN CASE WHEN v.guess_day IS DISTINCT FROM excluded.guess_day THEN 1
                WHEN v.typed = excluded.typed THEN v.guesses ELSE least(greatest(v.guesses, 0) + 1, 10000) END
            WHEN -1 THEN 0 ELSE v.guesses END,
        guess_day = CASE excluded.guesses WHEN 1 THEN excluded.guess_day ELSE v.guess_day END
        """

    private static let returned = """
        v.dose_id, v.was_linked, v.was_found, v.previous_version, v.previous_assessment, v.previous_outcome,
        v.previous_grp, v.previous_traits, v.previous_rule_version, v.previous_decided_at, v.previous_person_key
        """

    /// What follows from the changed rows: the history of what they said before (a wait is no answer), and the changes.
    private static let keepAndReturn = """
        kept AS (
            INSERT INTO verdict_history (dose_id, version, assessment, outcome, grp, rule_version, decided_at, person_key)
            SELECT dose_id, previous_version, previous_assessment, previous_outcome, previous_grp, previous_rule_version,
                   previous_decided_at, previous_person_key
            FROM changed WHERE previous_outcome > 0
            ON CONFLICT DO NOTHING
        )
        SELECT dose_id, was_linked, was_found, previous_outcome, previous_grp, previous_traits FROM changed
        """

    static let newVersions = """
        WITH changed AS (
            INSERT INTO verdict AS v (dose_id, subject_id, facility_code, source_record_id, version, assessment, outcome,
                grp, traits, typed, person_key, reasons, decided_at, rule_version, was_linked, was_found, candidates,
                candidate_weights, residence_commune, guesses, guess_day, number_hash, name_hash)
            SELECT dose_id, subject_id, facility_code, source_record_id, version, assessment, outcome, grp, traits, typed,
                   person_key, reasons, decided_at, $14, person_key IS NOT NULL, reasons IS NOT NULL, candidates,
                   candidate_weights, residence_commune, guess,
                   CASE guess WHEN 1 THEN (decided_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date END, number_hash, name_hash
            FROM \(rows)
            ON CONFLICT (dose_id) DO UPDATE SET \(replacing("excluded")),
                residence_commune = excluded.residence_commune, number_hash = excluded.number_hash,
                name_hash = excluded.name_hash, \(countingGuesses)
            WHERE v.version < excluded.version
            RETURNING \(returned)
        ), \(keepAndReturn)
        """

    static let again = """
        WITH changed AS (
            UPDATE verdict AS v SET \(replacing("n"))
            FROM \(rows)
            WHERE v.dose_id = n.dose_id AND v.version = n.version AND v.assessment < n.assessment
                AND ($21 OR (v.outcome, v.grp, v.traits, v.person_key, v.reasons, v.candidates, v.rule_version)
                    IS DISTINCT FROM (n.outcome, n.grp, n.traits, n.person_key, n.reasons, n.candidates, $14))
            RETURNING \(returned)
        ), \(keepAndReturn)
        """

    private static func count(_ changes: [Change], of records: [AnsweredRecord], in session: Transaction) throws {
        var difference: [CountKey: Int64] = [:]
        for change in changes {
            difference[CountKey(records[change.index].answer), default: 0] += 1
            if let before = change.before { difference[before, default: 0] -= 1 }
        }
        let keys = difference.filter { $0.value != 0 }.keys.sorted()
        if keys.isEmpty { return }
        try session.execute(
            """
            INSERT INTO verdict_count AS c (slot, outcome, grp, traits, records)
            SELECT (pg_backend_pid() % 64)::smallint, n.outcome, n.grp, n.traits, n.records
            FROM unnest($1::int4[], $2::int4[], $3::int4[], $4::int8[]) AS n (outcome, grp, traits, records)
            ON CONFLICT (slot, outcome, grp, traits) DO UPDATE SET records = c.records + excluded.records
            """,
            [
                .int4s(keys.map(\.outcome)), .int4s(keys.map(\.group)), .int4s(keys.map(\.traits)),
                .int8s(keys.map { difference[$0] ?? 0 }),
            ])
    }
}
