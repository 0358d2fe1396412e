import RecordModel

/// A row without its facility's record number cannot be told from any other.
enum RecordNumberRule {
    static func check(_ row: Submission) throws(RuleFailure) {
        if row.sourceRecordID.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
            throw RuleFailure(field: "source_record_id", rule: .missing)
        }
    }
}
