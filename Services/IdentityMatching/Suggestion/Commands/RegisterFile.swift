import RecordModel
import Tabular

/// A register file read for the search: leniently, identifiers of any form, absent items allowed.
enum RegisterFile {
    static let schema = TabularSchema(
        columns: ["personal_id", "old_id", "full_name", "sex", "date_of_birth", "residence_commune"],
        required: ["personal_id"])

    /// Gives every person of the file.
    ///
    /// - Parameter left: gets each row that cannot be read and is left out.
    /// - Returns: how many they are.
    /// - Throws: a fatal `TabularError`, or what the body threw.
    static func forEach(
        _ path: String, left: (TabularError) -> Void = { _ in }, _ body: (RegisterEntry) throws -> Void
    ) throws -> Int {
        var normaliser = NameNormaliser()
        var unreadable = 0
        try readTabularFile(path: path, schema: schema) { row in
            switch row {
            case .failure(let error):
                unreadable += 1
                left(error)
            case .success(let row):
                try body(
                    RegisterEntry(
                        number: row[0], oldNumber: row[1], name: row[2], sex: row[3], birthDate: row[4],
                        commune: row[5], normaliser: &normaliser))
            }
        }
        return unreadable
    }

    /// Makes an index file of a register file.
    static func makeIndex(
        of path: String, at indexPath: String, left: (TabularError) -> Void = { _ in }
    ) throws -> (index: RegisterIndex, unreadable: Int) {
        let builder = try IndexBuilder(path: indexPath, generation: 0)
        let unreadable = try forEach(path, left: left) { try builder.add($0) }
        try builder.finish()
        return (try RegisterIndex(path: indexPath), unreadable)
    }
}

/// A dose stream read for the search.
enum RecordFile {
    static let schema = TabularSchema(
        columns: [
            "facility_code", "source_record_id", "full_name", "sex", "date_of_birth", "id_number", "nationality",
            "id_kind", "residence_commune",
        ], required: ["source_record_id"])

    struct Record: Sendable {
        let facilityCode: String
        let sourceRecordID: String
        let typed: TypedItems
        let commune: String
    }

    /// Gives the records in parts of this size.
    ///
    /// - Parameter left: gets each row that cannot be read and is left out.
    /// - Returns: how many they are.
    static func forEachPart(
        _ path: String, of size: Int, left: (TabularError) -> Void = { _ in }, _ body: ([Record]) throws -> Void
    ) throws -> Int {
        var part: [Record] = []
        var unreadable = 0
        try readTabularFile(path: path, schema: schema) { row in
            switch row {
            case .failure(let error):
                unreadable += 1
                left(error)
            case .success(let row):
                part.append(
                    Record(
                        facilityCode: row[0], sourceRecordID: row[1],
                        typed: TypedItems(
                            identity: TypedIdentity(
                                fullName: row[2], sex: row[3], dateOfBirth: row[4], idNumber: row[5]),
                            nationality: row[6], idKind: row[7]), commune: row[8]))
                if part.count == size {
                    try body(part)
                    part.removeAll(keepingCapacity: true)
                }
            }
        }
        if !part.isEmpty { try body(part) }
        return unreadable
    }
}
