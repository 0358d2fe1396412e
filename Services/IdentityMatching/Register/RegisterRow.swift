import RecordModel
import Tabular

/// One row of `register.csv` as it goes into a generation's table.
struct RegisterRow: Sendable {
    let line: Int
    let personalID: Int64
    let oldID: Int32?
    let name: String
    let sex: Sex
    let birthDate: CalendarDate
    let residenceCommune: String

    static let schema = TabularSchema(
        columns: ["personal_id", "old_id", "full_name", "sex", "date_of_birth", "residence_commune"],
        required: ["personal_id", "full_name", "sex", "date_of_birth"])

    /// Reads and checks a row by the rules of version 1; the name is kept as it came and normalised when it is compared.
    init(_ row: TabularRow, normaliser: inout NameNormaliser) throws(RefusedRow) {
        func refusal(_ column: Int, _ rule: String) -> RefusedRow {
            RefusedRow(line: row.line, column: Self.schema.columns[column], rule: rule)
        }
        guard case .personal(let personalID) = IDNumber(typed: row[0]) else {
            throw refusal(0, "must be 12 digits")
        }
        switch IDNumber(typed: row[1]) {
        case .absent: oldID = nil
        case .old(let id): oldID = id
        case .personal, .malformed: throw refusal(1, "must be 9 digits or empty")
        }
        let name = row[2]
        guard !normaliser.normalise(name).isEmpty else { throw refusal(2, "must not be empty") }
        guard case .known(let sex) = SexReading(typed: row[3]) else { throw refusal(3, "must be M or F") }
        guard case .known(let birthDate) = BirthDateReading(typed: row[4]) else {
            throw refusal(4, "must be a date that exists, YYYY-MM-DD")
        }
        let commune = row[5]
        guard commune.isEmpty || commune.utf8.count == 5 && commune.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            throw refusal(5, "must be 5 digits or empty")
        }
        line = row.line
        self.personalID = personalID
        self.name = name
        self.sex = sex
        self.birthDate = birthDate
        residenceCommune = commune
    }
}
