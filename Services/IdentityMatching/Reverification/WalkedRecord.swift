import RecordModel
import Storage

/// A verdict row that a walk has come to: the record, and what is held about it.
struct WalkedRecord: Sendable {
    var record: AnsweredRecord
    let outcome: Int32
    let group: Int32
    let traits: Int32
    let personKey: PersonKey?
    let reasons: String?
    let candidates: [UInt8]?
    let ruleVersion: String

    /// The trait of a version that waits because its record was guessed at.
    static let held = DecisionTraits.held.rawValue

    static let columns = """
        dose_id, subject_id, facility_code, source_record_id, version, typed, decided_at, outcome, grp, traits, person_key,
        reasons, candidates, rule_version, residence_commune
        """

    /// - Throws: `UnreadableRow`.
    init(_ row: ResultRow) throws {
        guard let typed = TypedItems(packed: row.bytes(5)) else { throw UnreadableRow() }
        outcome = row.int4(7)
        group = row.int4(8)
        traits = row.int4(9)
        personKey = row.optionalUUID(10)
        reasons = row.optionalText(11)
        candidates = row.optionalBytes(12)
        ruleVersion = row.text(13)
        record = AnsweredRecord(
            head: RecordHead(
                doseID: row.uuid(0), subjectID: row.uuid(1), facilityCode: row.text(2), sourceRecordID: row.text(3),
                version: UInt32(row.int8(4))),
            typed: typed, residenceCommune: row.text(14), answer: .waiting(since: row.instant(6)))
    }

    var isWithdrawn: Bool { DecisionTraits(rawValue: traits).contains(.withdrawn) }

    /// Whether the answer says what is held already; then there is nothing to write or to tell.
    func says(_ answer: Answer) -> Bool {
        outcome == answer.outcome?.rawValue ?? 0 && group == answer.group.rawValue && traits == answer.traits.rawValue
            && personKey == answer.personKey && reasons == answer.reasons && ruleVersion == answer.ruleVersion
            && candidates == answer.candidates?.packedPersons
    }
}

/// A verdict row's packed items were written by another version of this service.
struct UnreadableRow: Error, CustomStringConvertible {
    var description: String { "a verdict row's items are in a form that this version does not know" }
}
