import RecordModel
import Storage
import Tabular

/// What a load of units did.
struct UnitLoad: Sendable, Hashable {
    var rows = 0
    var created = 0
    var changed = 0
    var unchanged: Int { rows - created - changed }
}

/// Why a list of units cannot be loaded: every fault up to a hundred, by line.
struct UnitListRefused: Error {
    struct Fault: Sendable, Hashable {
        var line: Int
        var field: String
        var rule: String
    }
    static let most = 100
    var faults: [Fault]
}

/// Reads a list of units; all rows or none.
struct UnitReading {
    static let schema = TabularSchema(
        columns: [
            "unit_code", "name", "kind", "parent_code", "province_code", "district_code", "commune_code", "head_name",
        ], required: ["unit_code", "name", "kind"])
    /// More than any country has.
    static let most = 300_000

    private var reader: TabularReader
    private var units: [String: UnitRecord] = [:]
    private var faults: [UnitListRefused.Fault] = []

    init(format: TabularFormat?) { reader = TabularReader(format: format, schema: Self.schema) }

    /// - Throws: `TabularError` if nothing can be read.
    mutating func feed(_ chunk: [UInt8]) throws {
        reader.feed(chunk)
        try drain()
    }

    /// All units, by code.
    ///
    /// - Throws: `UnitListRefused` with the faults, `TabularError` if nothing could be read.
    mutating func finish() throws -> [UnitRecord] {
        reader.finish()
        try drain()
        if !faults.isEmpty { throw UnitListRefused(faults: faults) }
        return units.values.sorted { $0.code < $1.code }
    }

    private mutating func drain() throws {
        while let next = reader.next() {
            switch next {
            case .success(let row): take(row)
            case .failure(let error):
                if error.isFatal { throw error }
                fault(error.line, error.column, error.rule.rawValue)
            }
        }
    }

    private mutating func take(_ row: TabularRow) {
        let values = (0..<8).map { row[$0] }
        if values[0].isEmpty { return fault(row.line, "unit_code", RefusalRule.missing.rawValue) }
        for (index, value) in values.enumerated() where value.unicodeScalars.count > (index == 0 ? 64 : 256) {
            return fault(row.line, Self.schema.columns[index], RefusalRule.tooLong.rawValue)
        }
        guard let kind = UnitKind(rawValue: values[2]) else {
            return fault(row.line, "kind", RefusalRule.unknownValue.rawValue)
        }
        if units[values[0]] != nil { return fault(row.line, "unit_code", "repeated") }
        if values[3] == values[0] { return fault(row.line, "parent_code", "names-itself") }
        if units.count >= Self.most { return fault(row.line, "", "too-many-rows") }
        units[values[0]] = UnitRecord(
            code: values[0], name: values[1], kind: kind, parentCode: values[3], provinceCode: values[4],
            districtCode: values[5], communeCode: values[6], headName: values[7])
    }

    private mutating func fault(_ line: Int, _ field: String, _ rule: String) {
        if faults.count < UnitListRefused.most {
            faults.append(UnitListRefused.Fault(line: line, field: field, rule: rule))
        }
    }
}

/// Puts units into the table; units that are not named stay as they are.
enum UnitTable {
    private static let upsertSQL = """
        INSERT INTO unit (unit_code, kind, commune_code, revision, unit)
        SELECT * FROM unnest($1, $2, $3, $4, $5)
        ON CONFLICT (unit_code) DO UPDATE SET kind = excluded.kind, commune_code = excluded.commune_code,
            revision = excluded.revision, unit = excluded.unit
        """

    /// Writes what differs, steps the list's revision if anything does, and emits an event for each changed unit.
    static func load(_ units: [UnitRecord], at now: Instant, in transaction: Transaction) throws -> UnitLoad {
        var load = UnitLoad(rows: units.count)
        // One load at a time.
        try transaction.query("SELECT revision FROM unit_list FOR UPDATE") { $0.int8(0) }
        var known: [String: UnitRecord] = [:]
        try transaction.query(
            "SELECT unit FROM unit WHERE unit_code = ANY($1)", [.texts(units.lazy.map(\.code))]
        ) { row in
            let unit = try read(row.bytes(0))
            known[unit.code] = unit
        }
        var changed: [UnitRecord] = []
        for unit in units {
            var unit = unit
            guard let old = known[unit.code] else {
                load.created += 1
                changed.append(unit)
                continue
            }
            unit.revision = old.revision
            if unit == old { continue }
            unit.revision += 1
            load.changed += 1
            changed.append(unit)
        }
        if changed.isEmpty { return load }
        try transaction.execute(
            upsertSQL,
            [
                .texts(changed.lazy.map(\.code)), .texts(changed.lazy.map(\.kind.rawValue)),
                .texts(changed.lazy.map(\.communeCode)), .int8s(changed.lazy.map { Int64($0.revision) }),
                .byteArrays(changed.lazy.map { $0.wire() }),
            ])
        try transaction.execute("UPDATE unit_list SET revision = revision + 1")
        for unit in changed { try transaction.emit(unit.event(source: SubmissionIntake.source, at: now)) }
        return load
    }

    static func read(_ bytes: [UInt8]) throws -> UnitRecord {
        do throws(WireError) {
            return try UnitRecord(wire: bytes)
        } catch {
            throw IntakeError.unreadableRecord(error.description)
        }
    }
}
