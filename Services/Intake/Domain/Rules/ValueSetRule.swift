import RecordModel

/// The columns that take one of a few words; empty is the default, case and spaces around do not matter.
enum ValueSetRule {
    static func doseKind(of row: Submission) throws(RuleFailure) -> DoseKind {
        if row.doseKind.isEmpty { return .unspecified }
        guard let kind = DoseKind(label: folded(row.doseKind)) else {
            throw RuleFailure(field: "dose_kind", rule: .unknownValue)
        }
        return kind
    }

    static func entryBasis(of row: Submission) throws(RuleFailure) -> EntryBasis {
        if row.entryBasis.isEmpty { return .session }
        guard let basis = EntryBasis(label: folded(row.entryBasis)) else {
            throw RuleFailure(field: "entry_basis", rule: .unknownValue)
        }
        return basis
    }

    static func status(of row: Submission) throws(RuleFailure) -> RecordStatus {
        if row.recordStatus.isEmpty { return .active }
        let text = folded(row.recordStatus)
        guard let status = RecordStatus.allCases.first(where: { $0.label == text }) else {
            throw RuleFailure(field: "record_status", rule: .unknownValue)
        }
        return status
    }

    private static func folded(_ text: String) -> String {
        String(text.lowercased().filter { $0 != " " && $0 != "\t" })
    }
}

/// A dose number is accepted as typed, also outside 1–5: such a dose is not signable and becomes a task.
enum DoseNumber {
    /// The number, or 0 where what was typed is no whole number that fits.
    static func number(typed: String) -> Int32 {
        var text = Substring(typed)
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        guard text.utf8.count <= 9 else { return 0 }
        var value: Int32 = 0
        for byte in text.utf8 {
            guard (0x30...0x39).contains(byte) else { return 0 }
            value = value * 10 + Int32(byte - 0x30)
        }
        return value
    }
}
