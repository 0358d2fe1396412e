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

    /// The territory of the bearer of a token and what stands of the register (nil while nothing does), in one statement:
    /// whoever looks at something asks for both.
    static func standing(
        of principal: Principal, in session: some SQLSession
    ) throws -> (Territory, StandingRegister?) {
        guard let (column, kind) = area(of: principal.role) else {
            let standing = try RegisterTables.standing(in: session)
            return (principal.role == .nationalPolice ? .everywhere : .nowhere, standing)
        }
        let communes =
            kind == .communePolice
            ? "NULL::text"
            : """
            (SELECT string_agg(DISTINCT c.commune_code, ' ') FROM unit c
            WHERE c.province_code = u.province_code AND c.commune_code <> '')
            """
        let found = try session.query(
            """
            SELECT standing.*, coalesce(u.\(column), ''), \(communes)
            FROM (SELECT) one LEFT JOIN (\(RegisterTables.standingSQL)) standing ON true
                LEFT JOIN unit u ON u.code = $1 AND u.kind = $2
            """, [.text(principal.unit), .text(kind.rawValue)]
        ) { (standing: try RegisterTables.standing($0), area: $0.text(4), communes: $0.optionalText(5) ?? "") }
        guard let line = found.first, !line.area.isEmpty else { return (.nowhere, found.first?.standing) }
        if kind == .communePolice { return (.commune(line.area), line.standing) }
        return (
            .province(line.area, communes: Set(line.communes.split(separator: " ").map(String.init))), line.standing
        )
    }

    /// Which column of the list of units is the area of a role, and of which kind a unit of that role is.
    private static func area(of role: Role) -> (column: String, kind: UnitKind)? {
        switch role {
        case .communePolice: ("commune_code", .communePolice)
        case .provincialPolice: ("province_code", .provincialPolice)
        default: nil
        }
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
