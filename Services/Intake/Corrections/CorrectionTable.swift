import RecordModel
import Storage

/// The corrections that took effect.
enum CorrectionTable {
    private static let standingSQL = """
        SELECT dose_id, base_row, correction FROM applied_correction WHERE dose_id = ANY($1)
        """

    /// All corrections of these records.
    static func standing(
        of ids: [DoseID], in transaction: Transaction
    ) throws -> [(DoseID, StandingCorrection)] {
        if ids.isEmpty { return [] }
        return try transaction.query(standingSQL, [.uuids(ids)]) { row in
            guard let base = ContentHash.list(row.bytes(1))?.first else {
                throw IntakeError.unreadableRecord("base_row")
            }
            do throws(WireError) {
                let correction = try CorrectionApplied(wire: row.bytes(2))
                return (row.uuid(0), StandingCorrection(correction: correction, base: base))
            } catch {
                throw IntakeError.unreadableRecord(error.description)
            }
        }
    }

    /// Which of these have taken effect already.
    static func applied(_ ids: [CorrectionID], in transaction: Transaction) throws -> Set<CorrectionID> {
        Set(
            try transaction.query(
                "SELECT correction_id FROM applied_correction WHERE correction_id = ANY($1)", [.uuids(ids)]
            ) { $0.uuid(0) })
    }

    private static let rememberSQL = """
        INSERT INTO applied_correction (correction_id, dose_id, base_row, made_version, correction, applied_at)
        SELECT *, $6 FROM unnest($1, $2, $3, $4, $5)
        """

    /// Remembers corrections that took effect; `madeVersion` is nil where what they say stood already.
    static func remember(
        _ corrections: [(correction: StandingCorrection, madeVersion: UInt32?)], at now: Instant,
        in transaction: Transaction
    ) throws {
        if corrections.isEmpty { return }
        try transaction.execute(
            rememberSQL,
            [
                .uuids(corrections.lazy.map(\.correction.correction.correctionID)),
                .uuids(corrections.lazy.map(\.correction.correction.doseID)),
                .byteArrays(corrections.lazy.map(\.correction.base.bytes)),
                .int4s(corrections.map { $0.madeVersion.map { Int32(bitPattern: $0) } }),
                .byteArrays(corrections.lazy.map { $0.correction.correction.wire() }), .instant(now),
            ])
    }

    private static let baseSQL = """
        SELECT h.dose_id, h.version, h.row_hash
        FROM unnest($1, $2) AS w (dose_id, version)
        JOIN dose_history h ON h.dose_id = w.dose_id AND h.version = w.version AND NOT h.is_late
        """

    /// The facility rows behind versions that stand no more.
    static func bases(
        of versions: [(doseID: DoseID, version: UInt32)], in transaction: Transaction
    ) throws -> [DoseID: [UInt32: ContentHash]] {
        if versions.isEmpty { return [:] }
        var bases: [DoseID: [UInt32: ContentHash]] = [:]
        try transaction.query(
            baseSQL,
            [.uuids(versions.lazy.map(\.doseID)), .int4s(versions.lazy.map { Int32(bitPattern: $0.version) })]
        ) { row in
            guard let hash = ContentHash.list(row.bytes(2))?.first else {
                throw IntakeError.unreadableRecord("row_hash")
            }
            bases[row.uuid(0), default: [:]][UInt32(bitPattern: row.int4(1))] = hash
        }
        return bases
    }
}
