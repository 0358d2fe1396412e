import RecordModel
import Storage
import Tabular
import Web

/// The list of what a unit has to do, with what was typed: one row for each record of each open task.
///
/// Police see what differs from the register and candidates, masked; the health side sees what the record alone gives
/// away (AUT-17). Police fill in `resolution` and the items and send the same rows back.
struct WorkList: Sendable {
    static let columns = [
        "task_id", "kind", "state", "facility_code", "source_record_id", "full_name", "sex", "date_of_birth",
        "id_number", "id_kind", "nationality", "phone", "residence_commune", "dose_number", "vaccine", "lot_number",
        "injected_on", "group", "hints", "unit_code", "accountable_unit", "created_at", "due_at",
    ]
    static let policeColumns = columns + ["differences", "strength", "candidates", "resolution", "commune"]

    /// Rows of one scope; `$1` is its code.
    static func sql(_ scope: TaskScope) -> String {
        """
        SELECT t.task_id, t.kind, t.state, t.unit_code, t.facility_code, t.created_at, t.due_at, \(RecordPage.message),
               d.verdict, d.finding, d.invalid_group
        FROM task t JOIN dose d ON d.subject_id = t.subject_id AND (d.problems & (1 << t.kind)) <> 0
        \(RecordPage.join)
        WHERE t.closed_at IS NULL AND \(scope.condition)
        ORDER BY t.task_id, d.source_record_id
        """
    }

    /// One line; nil for a record that has not arrived itself.
    static func line(_ row: ResultRow, isPolice: Bool) throws -> [String]? {
        guard let recordBytes = row.optionalBytes(7) else { return nil }
        let record = try DoseRecord(wire: recordBytes)
        // The verdict is kept only while it is not right; what a dose field task shows does not hang on it.
        let isIdentity = row.int4(1) != Int32(TaskKind.doseField.rawValue)
        let verdict = isIdentity ? try row.optionalBytes(8).map { bytes in try Verdict(wire: bytes) } : nil
        let kind = TaskKind(rawValue: Int16(truncatingIfNeeded: row.int4(1)))
        let state = TaskState(rawValue: Int16(truncatingIfNeeded: row.int4(2)))
        let taskID: TaskID = row.uuid(0)
        let number = record.dose.doseNumberTyped.isEmpty ? String(record.dose.doseNumber) : record.dose.doseNumberTyped
        var line = [
            taskID.description, kind?.label ?? "", state?.label ?? "", record.facilityCode, record.sourceRecordID,
            record.identity.fullName, record.identity.sex, record.identity.dateOfBirth, record.identity.idNumber,
            record.subject.idKind, record.subject.nationality, record.subject.phone, record.subject.residenceCommune,
            number, record.dose.vaccine, record.dose.lotNumber, record.dose.injectedOn,
            InvalidGroup(rawValue: row.int4(10))?.label ?? "none",
            (verdict?.hints ?? []).joined(separator: ";"), row.text(3), row.text(4), row.instant(5).rfc3339,
            row.instant(6).rfc3339,
        ]
        guard isPolice else { return line }
        let finding = try row.optionalBytes(9).map { bytes in try Finding(wire: bytes) }
        line.append((finding?.differences ?? []).map { "\($0.field):\($0.reason)" }.joined(separator: ";"))
        line.append(finding?.strength.label ?? "none")
        line.append((finding?.candidates ?? []).map { masked($0.personalID) }.joined(separator: ";"))
        return line + ["", ""]
    }

    /// A personal number in a list: enough to tell candidates apart, not enough to use.
    static func masked(_ number: String) -> String {
        let digits = Array(number)
        guard digits.count > 6 else { return String(repeating: "*", count: digits.count) }
        return String(digits.prefix(3)) + String(repeating: "*", count: digits.count - 6) + String(digits.suffix(3))
    }
}
