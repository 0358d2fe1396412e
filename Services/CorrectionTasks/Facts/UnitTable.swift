import RecordModel
import Storage

/// The list of units, as Intake tells it.
enum UnitTable {
    private static let putSQL = """
        INSERT INTO unit AS u (code, name, kind, province_code, district_code, commune_code, revision)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind,
            province_code = excluded.province_code, district_code = excluded.district_code,
            commune_code = excluded.commune_code, revision = excluded.revision
        WHERE u.revision < excluded.revision
        RETURNING commune_code
        """

    /// Keeps what is newer; gives the communes of the units that changed.
    static func put(_ units: [UnitRecord], in tx: Transaction) throws -> Set<String> {
        let sorted = units.sorted { $0.code < $1.code }
        return Set(
            try tx.query(
                putSQL,
                [
                    .texts(sorted.lazy.map(\.code)), .texts(sorted.lazy.map(\.name)),
                    .texts(sorted.lazy.map(\.kind.rawValue)), .texts(sorted.lazy.map(\.provinceCode)),
                    .texts(sorted.lazy.map(\.districtCode)), .texts(sorted.lazy.map(\.communeCode)),
                    .int8s(sorted.lazy.map { Int64(bitPattern: $0.revision) }),
                ]
            ) { $0.text(0) })
    }

    private static let columns = "code, kind, province_code, district_code, commune_code"

    private static func unit(_ row: ResultRow) -> TaskUnit {
        TaskUnit(
            code: row.text(0), kind: row.text(1), provinceCode: row.text(2), districtCode: row.text(3),
            communeCode: row.text(4))
    }

    /// Units by code.
    static func units(_ codes: Set<String>, in session: some SQLSession) throws -> [String: TaskUnit] {
        if codes.isEmpty { return [:] }
        let units = try session.query("SELECT \(columns) FROM unit WHERE code = ANY($1)", [.texts(codes)], unit)
        return Dictionary(uniqueKeysWithValues: units.map { ($0.code, $0) })
    }

    /// The station of each commune; where there are several, the one with the smallest code.
    static func stations(ofCommunes communes: Set<String>, in session: some SQLSession) throws -> [String: TaskUnit] {
        let communes = communes.subtracting([""])
        if communes.isEmpty { return [:] }
        let units = try session.query(
            """
            SELECT DISTINCT ON (commune_code) \(columns) FROM unit
            WHERE commune_code = ANY($1) AND kind = '\(TaskUnit.stationKind)' ORDER BY commune_code, code
            """, [.texts(communes)], unit)
        return Dictionary(uniqueKeysWithValues: units.map { ($0.communeCode, $0) })
    }

    private static let rerouteSQL = """
        UPDATE task t SET unit_code = s.code
        FROM (
            SELECT DISTINCT ON (commune_code) commune_code, code, province_code FROM unit
            WHERE kind = '\(TaskUnit.stationKind)' AND ($1::text[] IS NULL OR commune_code = ANY($1))
            ORDER BY commune_code, code
        ) s
        WHERE t.closed_at IS NULL AND NOT t.is_forwarded AND t.kind <> \(TaskKind.doseField.rawValue)
            AND t.state <> \(TaskState.noSuchPerson.rawValue) AND t.residence_commune = s.commune_code
            AND s.province_code <> ALL($2) AND t.unit_code <> s.code
        """

    /// Sends open tasks to the stations that were not known when they were made: the rule of `Responsibility`, set-wise.
    ///
    /// - Parameter communes: only these; nil for all.
    @discardableResult
    static func reroute(communes: Set<String>?, _ rule: Responsibility, in tx: Transaction) throws -> Int {
        try tx.execute(
            rerouteSQL, [communes.map { .texts($0) } ?? .nullTexts, .texts(rule.facilityProvinces)])
    }
}

extension SQLValue {
    /// A NULL of type text[].
    fileprivate static var nullTexts: SQLValue { .nullArray(of: .text) }
}
