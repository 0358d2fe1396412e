import RecordModel
import Storage

/// Verdict rows that are to be answered again.
extension VerdictStore {
    /// What `open` reads of a verdict row.
    static let openColumns = """
        dose_id, subject_id, facility_code, source_record_id, version, typed, traits, decided_at, residence_commune
        """

    /// A row whose answer is to be given again; of its traits only that it is withdrawn stays.
    static func open(_ row: ResultRow) throws -> AnsweredRecord {
        guard let typed = TypedItems(packed: row.bytes(5)) else { throw UnreadableRow() }
        var answer = Answer.waiting(since: row.instant(7))
        answer.traits = DecisionTraits(rawValue: row.int4(6)).intersection(.withdrawn)
        return AnsweredRecord(
            head: RecordHead(
                doseID: row.uuid(0), subjectID: row.uuid(1), facilityCode: row.text(2), sourceRecordID: row.text(3),
                version: UInt32(row.int8(4))),
            typed: typed, residenceCommune: row.text(8), answer: answer)
    }

    /// Answers locked rows again and tells what has changed.
    /// - Parameter restate: also what has not changed takes the new assessment and is told.
    /// - Returns: how many rows changed.
    @discardableResult
    static func answerAgain(
        _ open: [AnsweredRecord], _ answering: Answering, by standing: StandingRegister, at now: Instant, restate: Bool,
        in session: Transaction
    ) throws -> Int {
        var records = open
        let answers = try answering.answer(
            records.map(\.typed), communes: records.map(\.residenceCommune), by: standing, at: now, in: session)
        for index in records.indices {
            let isWithdrawn = records[index].answer.traits.contains(.withdrawn)
            records[index].answer = answers[index].marking(withdrawn: isWithdrawn)
        }
        let changes = try storeAgain(records, restate: restate, in: session)
        try records.tell(changes, in: session)
        return changes.count
    }
}
