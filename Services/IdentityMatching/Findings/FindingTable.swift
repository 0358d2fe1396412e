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
    /// The commune whose business it is: the one typed with the dose, and where none was, that of the facility; empty
    /// where neither is known.
    let commune: String

    static let columns = """
        v.dose_id, v.facility_code, v.source_record_id, v.version, v.outcome, v.grp, v.reasons, v.typed, v.candidates,
        v.candidate_weights, v.decided_at, v.residence_commune, v.guesses,
        CASE WHEN v.residence_commune <> '' THEN v.residence_commune
             ELSE (SELECT f.commune_code FROM unit f WHERE f.code = v.facility_code) END
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
        commune = row.optionalText(13) ?? ""
    }
}

/// Findings by territory, in the order of commune, facility and record.
enum FindingTable {
    /// Where a page ended.
    struct Place: Hashable, Sendable {
        var commune = ""
        var facility = ""
        var record = ""
    }

    /// The next findings after a place.
    static func page(of territory: Territory, after place: Place, limit: Int, in session: some SQLSession) throws
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
    private static func page(of communes: [String], after place: Place, limit: Int, in session: some SQLSession) throws
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
        let rest = communes.filter { $0 >= place.commune }
        if found.count == limit || rest.isEmpty { return found }
        // The communes come in their order, and no more of them than the page takes.
        found += try session.query(
            """
            SELECT v.* FROM (SELECT c COLLATE "C" AS c FROM unnest($1::text[]) AS u (c) ORDER BY 1) c, LATERAL (
                SELECT \(StoredFinding.columns) FROM verdict v
                WHERE v.reasons IS NOT NULL AND v.residence_commune = c.c
                    AND (v.facility_code, v.source_record_id)
                        > (CASE c.c WHEN $2 THEN $3 ELSE '' END, CASE c.c WHEN $2 THEN $4 ELSE '' END)
                ORDER BY v.facility_code, v.source_record_id LIMIT $5
            ) v ORDER BY c.c, v.facility_code, v.source_record_id LIMIT $5
            """,
            [
                .texts(rest), .text(place.commune), .text(place.facility), .text(place.record),
                .int8(Int64(limit - found.count)),
            ], StoredFinding.init)
        return found
    }

    /// The newest finding, or held version, of a record.
    static func find(facility: String, record: String, in session: some SQLSession) throws -> StoredFinding? {
        try session.query(
            """
            SELECT \(StoredFinding.columns) FROM verdict v
            WHERE v.facility_code = $1 AND v.source_record_id = $2 AND (v.reasons IS NOT NULL OR v.outcome = 0)
            ORDER BY v.decided_at DESC LIMIT 1
            """, [.text(facility), .text(record)], StoredFinding.init
        ).first
    }
}
