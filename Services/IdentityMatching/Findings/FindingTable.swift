import RecordModel
import Storage

/// A verdict row that holds a finding.
struct StoredFinding: Sendable {
    let doseID: DoseID
    let facilityCode: String
    let sourceRecordID: String
    let version: Int64
    let outcome: Outcome?
    let group: InvalidGroup
    let reasons: String
    let typed: TypedItems
    let candidates: Candidates?
    let decidedAt: Instant
    let residenceCommune: String
    let guesses: Int32

    static let columns = """
        v.dose_id, v.facility_code, v.source_record_id, v.version, v.outcome, v.grp, v.reasons, v.typed, v.candidates,
        v.candidate_weights, v.decided_at, v.residence_commune, v.guesses
        """

    init(_ row: ResultRow) throws {
        guard let typed = TypedItems(packed: row.bytes(7)) else { throw UnreadableRow() }
        doseID = row.uuid(0)
        facilityCode = row.text(1)
        sourceRecordID = row.text(2)
        version = row.int8(3)
        outcome = Outcome(rawValue: row.int4(4))
        group = InvalidGroup(rawValue: row.int4(5)) ?? .none
        reasons = row.optionalText(6) ?? ""
        self.typed = typed
        candidates = row.optionalBytes(8).flatMap {
            Candidates(packedPersons: $0, packedWeights: row.optionalBytes(9) ?? [])
        }
        decidedAt = row.instant(10)
        residenceCommune = row.text(11)
        guesses = row.int4(12)
    }
}

/// Findings by territory, in the order of commune, facility and record.
///
/// A finding belongs to the commune that was typed with the dose, and where none was, to the commune of the facility.
enum FindingTable {
    /// Where a page ended.
    struct Place: Hashable, Sendable {
        var commune = ""
        var facility = ""
        var record = ""
    }

    /// The next findings after a place.
    static func page(of territory: Territory, after place: Place, limit: Int, in session: Transaction) throws
        -> [StoredFinding]
    {
        switch territory {
        case .nowhere:
            return []
        case .everywhere:
            return try session.query(
                """
                SELECT \(StoredFinding.columns) FROM verdict v WHERE v.reasons IS NOT NULL
                    AND (v.residence_commune, v.facility_code, v.source_record_id) > ($1, $2, $3)
                ORDER BY v.residence_commune, v.facility_code, v.source_record_id LIMIT $4
                """, parameters(place, limit), StoredFinding.init)
        case .commune(let commune):
            return try page(of: [commune], after: place, limit: limit, in: session)
        case .province(_, let communes):
            return try page(of: communes.sorted(), after: place, limit: limit, in: session)
        }
    }

    private static func parameters(_ place: Place, _ limit: Int) -> [SQLValue] {
        [.text(place.commune), .text(place.facility), .text(place.record), .int8(Int64(limit))]
    }

    /// First the records without a commune, by the facilities of the area; then those of each commune. Each part comes
    /// from the index in its order and ends with the page.
    private static func page(of communes: [String], after place: Place, limit: Int, in session: Transaction) throws
        -> [StoredFinding]
    {
        var found: [StoredFinding] = []
        if place.commune.isEmpty {
            found = try session.query(
                """
                SELECT v.* FROM (
                    SELECT code FROM unit WHERE commune_code IN (SELECT unnest($3::text[])) AND code >= $1 ORDER BY code
                ) f, LATERAL (
                    SELECT \(StoredFinding.columns) FROM verdict v
                    WHERE v.reasons IS NOT NULL AND v.residence_commune = '' AND v.facility_code = f.code
                        AND (v.facility_code, v.source_record_id) > ($1, $2)
                    ORDER BY v.source_record_id LIMIT $4
                ) v ORDER BY v.facility_code, v.source_record_id LIMIT $4
                """, [.text(place.facility), .text(place.record), .texts(communes), .int8(Int64(limit))],
                StoredFinding.init)
        }
        for commune in communes where commune >= place.commune && found.count < limit {
            let isSame = commune == place.commune
            found += try session.query(
                """
                SELECT \(StoredFinding.columns) FROM verdict v
                WHERE v.reasons IS NOT NULL AND v.residence_commune = $1
                    AND (v.facility_code, v.source_record_id) > ($2, $3)
                ORDER BY v.facility_code, v.source_record_id LIMIT $4
                """,
                [
                    .text(commune), .text(isSame ? place.facility : ""), .text(isSame ? place.record : ""),
                    .int8(Int64(limit - found.count)),
                ], StoredFinding.init)
        }
        return found
    }

    /// The newest finding, or held version, of a record.
    static func find(facility: String, record: String, in session: Transaction) throws -> StoredFinding? {
        try session.query(
            """
            SELECT \(StoredFinding.columns) FROM verdict v
            WHERE v.facility_code = $1 AND v.source_record_id = $2 AND (v.reasons IS NOT NULL OR v.outcome = 0)
            ORDER BY v.decided_at DESC LIMIT 1
            """, [.text(facility), .text(record)], StoredFinding.init
        ).first
    }

    /// Whether a finding is the business of a territory.
    static func holds(_ territory: Territory, _ finding: StoredFinding, in session: Transaction) throws -> Bool {
        if territory == .everywhere { return true }
        if !finding.residenceCommune.isEmpty { return territory.holds(commune: finding.residenceCommune) }
        let commune = try session.query(
            "SELECT commune_code FROM unit WHERE code = $1", [.text(finding.facilityCode)]
        ) { $0.text(0) }.first
        return territory.holds(commune: commune ?? "")
    }
}
