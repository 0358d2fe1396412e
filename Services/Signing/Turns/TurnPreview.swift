import Cryptography
import Observability
import RecordModel
import Storage

/// A line of a turn with what people read before they sign: only the chosen doses (SIG-15).
struct PreviewRow: Sendable {
    var position: Int
    var line: ManifestLine
    /// Nil where the record is no longer in the version that the manifest names.
    var record: DoseRecord?
}

/// Reads a turn's lines with their records.
struct TurnPreview {
    /// The rows of the persons with the given numbers.
    static func rows(
        of manifest: Manifest, persons: ClosedRange<UInt32>, in session: some SQLSession
    ) throws -> [PreviewRow] {
        let lines = manifest.lines.enumerated().filter { persons.contains($0.element.person) }
        var records: [DoseID: DoseRecord] = [:]
        for record in try session.run(RecordsOfDoses(doseIDs: lines.map(\.element.doseID).sorted())) {
            records[record.doseID] = record
        }
        return lines.map { index, line in
            let record = records[line.doseID].flatMap { $0.version == line.doseVersion ? $0 : nil }
            return PreviewRow(position: index + 1, line: line, record: record)
        }
    }

    /// A readable column: its key, its heading in Vietnamese and English, and its value.
    struct Column: Sendable {
        let key: String
        let vietnamese: String
        let english: String
        let value: @Sendable (DoseRecord) -> String
    }

    /// Everything that the signature covers, in the order of the canonical content, and the phone number to ask under.
    static let columns: [Column] = [
        Column(key: "full_name", vietnamese: "Họ và tên", english: "Full name") { $0.identity.fullName },
        Column(key: "sex", vietnamese: "Giới tính", english: "Sex") { $0.identity.sex },
        Column(key: "date_of_birth", vietnamese: "Ngày sinh", english: "Date of birth") { $0.identity.dateOfBirth },
        Column(key: "id_number", vietnamese: "Số CCCD/Mã định danh", english: "Identity number") {
            $0.identity.idNumber
        },
        Column(key: "nationality", vietnamese: "Quốc tịch", english: "Nationality") { $0.subject.nationality },
        Column(key: "vaccine", vietnamese: "Vắc xin", english: "Vaccine") { $0.dose.vaccine },
        Column(key: "dose_number", vietnamese: "Mũi số", english: "Dose number") { $0.dose.doseNumberTyped },
        Column(key: "dose_kind", vietnamese: "Loại mũi", english: "Kind of dose") { $0.dose.kind.label },
        Column(key: "lot_number", vietnamese: "Số lô", english: "Lot number") { $0.dose.lotNumber },
        Column(key: "injected_on", vietnamese: "Ngày tiêm", english: "Injected on") { $0.dose.injectedOn },
        Column(key: "phone", vietnamese: "Số điện thoại", english: "Phone") { $0.subject.phone },
    ]

    /// One page as JSON.
    static func json(_ rows: [PreviewRow], into json: inout JSONWriter) {
        json.object("labels") { json in
            for column in columns {
                json.object(column.key) { json in
                    json.member("vi", column.vietnamese)
                    json.member("en", column.english)
                }
            }
        }
        json.array("rows") { json in
            for row in rows {
                json.object { json in
                    json.member("position", row.position)
                    json.member("person", row.line.person)
                    json.member("dose_id", row.line.doseID.description)
                    json.member("dose_version", row.line.doseVersion)
                    json.member("facility_code", row.line.facilityCode)
                    json.member("source_record_id", row.line.sourceRecordID)
                    json.member("moved", row.record == nil)
                    guard let record = row.record else { return }
                    for column in columns { json.member(column.key, column.value(record)) }
                }
            }
        }
    }

    /// The columns of the table from which a signing agent recomputes every digest of the manifest: what is shown is what
    /// is signed.
    static let contentColumns =
        ["position", "person", "dose_id", "dose_version", "facility_code", "source_record_id"]
        + columns.dropLast().map(\.key) + ["salt"]

    static func contentFields(_ row: PreviewRow, _ record: DoseRecord) -> [String] {
        [
            String(row.position), String(row.line.person), row.line.doseID.description, String(row.line.doseVersion),
            row.line.facilityCode, row.line.sourceRecordID,
        ] + columns.dropLast().map { $0.value(record) } + [hexadecimal(record.salt)]
    }
}
