import RecordModel
import ServiceRuntime
import Storage

/// Tells all facts of this service again, with the ids, versions and assessments they were told with first.
enum Announcement {
    /// Dose by dose, in the order of their ids.
    static func run(_ announcer: Announcer) throws {
        announcer.expect(
            try announcer.emit { session in
                try session.query("SELECT coalesce(sum(records), 0)::int8 FROM verdict_count WHERE outcome > 0", []) {
                    $0.int(0)
                }[0]
            })
        var last: DoseID? = DoseID(high: 0, low: 0)
        while let after = last {
            last = try announcer.emit { try page(after: after, in: $0) }
        }
    }

    /// Emits the facts of the next doses; gives the last one's id, nil when there are no more.
    static func page(after: DoseID, count: Int64 = 2_000, in session: Transaction) throws -> DoseID? {
        var readers = try RuleReaders(in: session)
        var records = try session.query(
            """
            SELECT dose_id, subject_id, facility_code, source_record_id, version, outcome, grp, traits, person_key, reasons,
                   assessment, decided_at, was_linked, was_found, typed, rule_version, candidates,
                   candidate_weights
            FROM verdict WHERE dose_id > $1 AND outcome > 0 ORDER BY dose_id LIMIT $2
            """, [.uuid(after), .int8(count)]
        ) { try record($0, &readers) }
        try records.hintSharedNumbers(at: Array(records.indices), in: session)
        for record in records { try session.emit(record.events(source: VerificationHandler.source)) }
        return records.last?.head.doseID
    }

    private static func record(_ row: ResultRow, _ readers: inout RuleReaders) throws -> AnsweredRecord {
        guard let outcome = Outcome(rawValue: row.int4(5)), let group = InvalidGroup(rawValue: row.int4(6)),
            let typed = TypedItems(packed: row.bytes(14))
        else { throw UnreadableRow() }
        return AnsweredRecord(
            head: RecordHead(
                doseID: row.uuid(0), subjectID: row.uuid(1), facilityCode: row.text(2), sourceRecordID: row.text(3),
                version: UInt32(row.int8(4))),
            typed: typed,
            answer: Answer(
                outcome: outcome, group: group, traits: DecisionTraits(rawValue: row.int4(7)),
                personKey: row.isNull(8) ? nil : row.uuid(8),
                differences: Answer.differences(fromReasons: row.isNull(9) ? nil : row.text(9)),
                candidates: row.isNull(16)
                    ? nil : Candidates(packedPersons: row.bytes(16), packedWeights: row.optionalBytes(17) ?? []),
                hints: readers.hints(for: typed, outcome: outcome, ruleVersion: row.text(15)),
                assessment: UInt64(row.int8(10)), ruleVersion: row.text(15), decidedAt: row.instant(11)),
            wasLinked: row.bool(12), wasFound: row.bool(13))
    }
}
