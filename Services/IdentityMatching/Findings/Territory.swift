import RecordModel
import Storage
import Web

/// How far a police unit may see findings and persons of the register: commune police their commune, provincial police
/// their province, the holder of the register everything.
///
/// Communes and provinces are the official codes of the list of units; which commune lies in which province is known from
/// the units there. A token whose unit is not in the list, is of another kind than its role, or has no area sees nothing.
enum Territory: Hashable, Sendable {
    case everywhere
    case province(String, communes: Set<String>)
    case commune(String)
    case nowhere

    func holds(commune: String) -> Bool {
        switch self {
        case .everywhere: true
        case .province(_, let communes): communes.contains(commune)
        case .commune(let own): own == commune && !commune.isEmpty
        case .nowhere: false
        }
    }

    /// A commune as typed with a dose; empty where it is no code.
    static func commune(typed text: String) -> String {
        text.utf8.count == 5 && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? text : ""
    }

    /// The territory of the bearer of a token.
    static func of(_ principal: Principal, in session: some SQLSession) throws -> Territory {
        switch principal.role {
        case .nationalPolice:
            return .everywhere
        case .communePolice:
            let commune = try area("commune_code", of: principal.unit, kind: .communePolice, in: session)
            return commune.map { .commune($0) } ?? .nowhere
        case .provincialPolice:
            guard let province = try area("province_code", of: principal.unit, kind: .provincialPolice, in: session)
            else { return .nowhere }
            let communes = try session.query(
                "SELECT DISTINCT commune_code FROM unit WHERE province_code = $1 AND commune_code <> ''",
                [.text(province)]
            ) { $0.text(0) }
            return .province(province, communes: Set(communes))
        default:
            return .nowhere
        }
    }

    private static func area(_ column: String, of unit: String, kind: UnitKind, in session: some SQLSession) throws
        -> String?
    {
        try session.query(
            "SELECT \(column) FROM unit WHERE code = $1 AND kind = $2 AND \(column) <> ''",
            [.text(unit), .text(kind.rawValue)]
        ) { $0.text(0) }.first
    }
}

/// The list of units as Intake tells it, as far as territories need it.
enum UnitTable {
    /// Keeps what is newer.
    static func put(_ units: [UnitRecord], in session: Transaction) throws {
        if units.isEmpty { return }
        let sorted = units.sorted { $0.code < $1.code }
        try session.execute(
            """
            INSERT INTO unit AS u (code, kind, province_code, commune_code, revision)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int8[])
            ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, province_code = excluded.province_code,
                commune_code = excluded.commune_code, revision = excluded.revision
            WHERE u.revision < excluded.revision
            """,
            [
                .texts(sorted.lazy.map(\.code)), .texts(sorted.lazy.map(\.kind.rawValue)),
                .texts(sorted.lazy.map(\.provinceCode)), .texts(sorted.lazy.map(\.communeCode)),
                .int8s(sorted.lazy.map { Int64(bitPattern: $0.revision) }),
            ])
    }
}
