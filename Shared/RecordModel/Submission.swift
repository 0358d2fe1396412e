/// One row of a dose stream, every column as typed (`formats.md`: doses.csv).
public struct Submission: Hashable, Sendable {
    public var facilityCode = ""
    public var sourceRecordID = ""
    /// RFC 3339; empty means the time of arrival.
    public var enteredAt = ""
    public var subjectRef = ""
    public var identity = TypedIdentity()
    public var subject = SubjectDetails()
    public var doseNumber = ""
    public var vaccine = ""
    public var lotNumber = ""
    public var injectedOn = ""
    public var doseKind = ""
    public var enteredByUnit = ""
    public var entryBasis = ""
    public var givenCountry = ""
    public var recordStatus = ""

    public init() {}

    /// The columns of the stream, in the order in which we write them.
    public static let columns: [String] = fields.map(\.name)

    /// The columns without which a file is no dose stream.
    public static let requiredColumns = [
        "facility_code", "source_record_id", "full_name", "sex", "date_of_birth", "id_number", "dose_number",
        "vaccine", "injected_on",
    ]

    /// Fills a row by asking for each column, as numbered in `columns`.
    public init(valueOfColumn value: (Int) -> String) {
        for (index, field) in Submission.fields.enumerated() { self[keyPath: field.path] = value(index) }
    }

    /// The values in the order of `columns`.
    public var values: [String] { Submission.fields.map { self[keyPath: $0.path] } }

    /// The topic's key: everything of one subject in order, else everything of one record.
    public var key: [UInt8] {
        Array(facilityCode.utf8) + [0x1F] + Array((subjectRef.isEmpty ? "r:" + sourceRecordID : "s:" + subjectRef).utf8)
    }

    private struct Field: Sendable {
        let name: String
        let path: any WritableKeyPath<Submission, String> & Sendable
    }

    private static let fields: [Field] = [
        Field(name: "facility_code", path: \.facilityCode),
        Field(name: "source_record_id", path: \.sourceRecordID),
        Field(name: "entered_at", path: \.enteredAt),
        Field(name: "subject_ref", path: \.subjectRef),
        Field(name: "full_name", path: \.identity.fullName),
        Field(name: "sex", path: \.identity.sex),
        Field(name: "date_of_birth", path: \.identity.dateOfBirth),
        Field(name: "id_number", path: \.identity.idNumber),
        Field(name: "id_kind", path: \.subject.idKind),
        Field(name: "nationality", path: \.subject.nationality),
        Field(name: "surname", path: \.subject.surname),
        Field(name: "given_names", path: \.subject.givenNames),
        Field(name: "phone", path: \.subject.phone),
        Field(name: "residence_commune", path: \.subject.residenceCommune),
        Field(name: "dose_number", path: \.doseNumber),
        Field(name: "vaccine", path: \.vaccine),
        Field(name: "lot_number", path: \.lotNumber),
        Field(name: "injected_on", path: \.injectedOn),
        Field(name: "dose_kind", path: \.doseKind),
        Field(name: "entered_by_unit", path: \.enteredByUnit),
        Field(name: "entry_basis", path: \.entryBasis),
        Field(name: "given_country", path: \.givenCountry),
        Field(name: "record_status", path: \.recordStatus),
    ]
}
