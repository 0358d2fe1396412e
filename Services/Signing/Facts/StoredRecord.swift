import Cryptography
import RecordModel
import Storage

/// A stored record that cannot be read back.
struct RecordUnreadable: Error, CustomStringConvertible {
    let error: WireError
    var description: String { "a stored record cannot be read: \(error)" }
}

extension ResultRow {
    /// A column that holds a record as it came.
    func record(_ column: Int) throws -> DoseRecord {
        do {
            return try DoseRecord(wire: bytes(column))
        } catch {
            throw RecordUnreadable(error: error)
        }
    }
}

/// Inserts records; gives back the doses that had none.
struct InsertRecords: Statement {
    static let columns = "dose_id, version, dose_number, active, source_record_id, record"
    static let sql = """
        INSERT INTO signable (\(columns))
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::integer[], $4::boolean[], $5::text[], $6::bytea[])
        ON CONFLICT (dose_id) DO NOTHING RETURNING dose_id
        """
    var records: [ArrivedRecord]
    var parameters: [SQLValue] { records.parameters }
    static func row(_ row: ResultRow) -> DoseID { row.uuid(0) }
}

/// Locks the records that are older than what has arrived, in the order of their ids.
struct LockOlderRecords: Statement {
    static let sql = """
        SELECT s.dose_id FROM unnest($1::uuid[], $2::bigint[]) AS u (id, version)
            JOIN signable s ON s.dose_id = u.id AND s.version < u.version
        ORDER BY s.dose_id FOR UPDATE OF s
        """
    var records: [ArrivedRecord]
    var parameters: [SQLValue] {
        [.uuids(records.lazy.map(\.doseID)), .int8s(records.lazy.map { Int64($0.version) })]
    }
    static func row(_ row: ResultRow) -> DoseID { row.uuid(0) }
}

/// Writes newer versions of records that are locked.
struct UpdateRecords: Statement {
    static let sql = """
        UPDATE signable s SET version = u.version, dose_number = u.dose_number, active = u.active,
            source_record_id = u.source_record_id, record = u.record
        FROM unnest($1::uuid[], $2::bigint[], $3::integer[], $4::boolean[], $5::text[], $6::bytea[])
            AS u (\(InsertRecords.columns))
        WHERE s.dose_id = u.dose_id
        """
    var records: [ArrivedRecord]
    var parameters: [SQLValue] { records.parameters }
    static func row(_ row: ResultRow) {}
}

extension [ArrivedRecord] {
    /// The columns of `InsertRecords.columns`.
    fileprivate var parameters: [SQLValue] {
        [
            .uuids(lazy.map(\.doseID)), .int8s(lazy.map { Int64($0.version) }), .int4s(lazy.map(\.doseNumber)),
            .bools(lazy.map(\.active)), .texts(lazy.map(\.sourceRecordID)), .byteArrays(lazy.map(\.wire)),
        ]
    }
}

/// Records of doses, for what people read before they sign.
struct RecordsOfDoses: Statement {
    static let sql = "SELECT s.record FROM unnest($1::uuid[]) AS u (id) JOIN signable s ON s.dose_id = u.id"
    var doseIDs: [DoseID]
    var parameters: [SQLValue] { [.uuids(doseIDs)] }
    static func row(_ row: ResultRow) throws -> DoseRecord { try row.record(0) }
}

/// Doses by the facility's own record number; also those of a facility whose hash begins alike.
///
/// No index is kept for it: a dose's identifier begins with four bytes of its facility's hash, so the facility's rows are
/// a range of the primary key. One question reads the facility's rows, and no record pays for an index.
struct DosesByRecordNumber: Statement {
    static let sql = """
        SELECT dose_id FROM signable WHERE dose_id BETWEEN $1 AND $2 AND source_record_id = $3 ORDER BY dose_id
        """
    var facilityCode: String
    var sourceRecordID: String
    var parameters: [SQLValue] {
        let doses = DoseID.range(facilityHash: SHA256.prefix32(of: facilityCode))
        return [.uuid(doses.lowerBound), .uuid(doses.upperBound), .text(sourceRecordID)]
    }
    static func row(_ row: ResultRow) -> DoseID { row.uuid(0) }
}
