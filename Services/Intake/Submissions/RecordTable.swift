import RecordModel
import Storage

/// A record as it is written: packed once, for the table and for the event. A class, because a batch moves it about and
/// a record's thirty texts are dear to copy.
final class PackedRecord {
    let doseID: DoseID
    let subjectID: SubjectID
    let version: UInt32
    let enteredAt: Instant
    let hashes: [UInt8]
    let bytes: [UInt8]
    /// The facility's row without corrections, where there are any.
    let typed: [UInt8]?

    init(_ held: HeldRecord) {
        doseID = held.record.doseID
        subjectID = held.record.subjectID
        version = held.record.version
        enteredAt = held.record.enteredAt
        var hashes: [UInt8] = []
        hashes.reserveCapacity(16 * held.hashes.count)
        for hash in held.hashes { hash.append(to: &hashes) }
        self.hashes = hashes
        bytes = held.record.wire()
        typed = held.typed?.wire()
    }

    /// The event that tells this version: the same as `DoseRecord.event`, without packing it again.
    func event(at time: Instant) -> OutgoingEvent {
        let id = doseID.description
        return OutgoingEvent(
            topic: Topic.doseRecorded.name, key: subjectID.bytes, value: bytes, id: "\(id):\(version)",
            type: DoseRecord.eventType, source: SubmissionIntake.source, time: time, subject: id)
    }
}

/// The set-wise statements on records and their history.
enum RecordTable {
    private static let insertSQL = """
        INSERT INTO dose_record (dose_id, subject_id, version, entered_at, row_hashes, record)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
        ON CONFLICT (dose_id) DO NOTHING RETURNING dose_id
        """

    /// Writes the records that are new, in the given order, and gives their identifiers.
    static func insert(_ records: [PackedRecord], in transaction: Transaction) throws -> Set<DoseID> {
        Set(
            try transaction.query(
                insertSQL,
                [
                    .uuids(records.lazy.map(\.doseID)), .uuids(records.lazy.map(\.subjectID)),
                    .int4s(records.lazy.map { Int32(bitPattern: $0.version) }),
                    .instants(records.lazy.map(\.enteredAt)), .byteArrays(records.lazy.map(\.hashes)),
                    .byteArrays(records.lazy.map(\.bytes)),
                ]
            ) { $0.uuid(0) })
    }

    private static let lockSQL = """
        SELECT dose_id, row_hashes, record, typed FROM dose_record
        WHERE dose_id = ANY($1) ORDER BY dose_id FOR UPDATE
        """

    /// Locks records, in the order of their identifiers, and reads them with the corrections that stand.
    static func lock(_ ids: [DoseID], in transaction: Transaction) throws -> [DoseID: HeldRecord] {
        var held: [DoseID: HeldRecord] = [:]
        var corrected: [DoseID] = []
        try transaction.query(lockSQL, [.uuids(ids)]) { row in
            let id = row.uuid(0, as: DoseID.self)
            let typed = row.optionalBytes(3)
            held[id] = try record(hashes: row.bytes(1), record: row.bytes(2), typed: typed)
            if typed != nil { corrected.append(id) }
        }
        for (id, correction) in try CorrectionTable.standing(of: corrected, in: transaction) {
            held[id]?.corrections.append(correction)
        }
        return held
    }

    static func record(hashes: [UInt8], record: [UInt8], typed: [UInt8]?) throws -> HeldRecord {
        guard let hashes = ContentHash.list(hashes), !hashes.isEmpty else {
            throw IntakeError.unreadableRecord("row_hashes")
        }
        do throws(WireError) {
            return HeldRecord(
                record: try DoseRecord(wire: record), hashes: hashes,
                typed: try typed.map { bytes throws(WireError) in try DoseRecord(wire: bytes) }, corrections: [])
        } catch {
            throw IntakeError.unreadableRecord(error.description)
        }
    }

    private static let updateSQL = """
        UPDATE dose_record SET subject_id = n.subject_id, version = n.version, entered_at = n.entered_at,
            row_hashes = n.row_hashes, record = n.record, typed = n.typed
        FROM unnest($1, $2, $3, $4, $5, $6, $7)
            AS n (dose_id, subject_id, version, entered_at, row_hashes, record, typed)
        WHERE dose_record.dose_id = n.dose_id
        """

    /// Overwrites records that are locked.
    static func update(_ records: [PackedRecord], in transaction: Transaction) throws {
        if records.isEmpty { return }
        let changed = try transaction.execute(
            updateSQL,
            [
                .uuids(records.lazy.map(\.doseID)), .uuids(records.lazy.map(\.subjectID)),
                .int4s(records.lazy.map { Int32(bitPattern: $0.version) }),
                .instants(records.lazy.map(\.enteredAt)), .byteArrays(records.lazy.map(\.hashes)),
                .byteArrays(records.lazy.map(\.bytes)), .byteArrays(records.lazy.map(\.typed)),
            ])
        if changed != records.count { throw IntakeError.recordVanished }
    }

    private static let rememberSQL = """
        INSERT INTO dose_history (dose_id, version, is_late, entered_at, row_hash, record, kept_at)
        SELECT *, $7 FROM unnest($1, $2, $3, $4, $5, $6)
        """

    /// Adds to the history.
    static func remember(
        _ entries: some Sequence<HistoryEntry>, at now: Instant, in transaction: Transaction
    ) throws {
        let entries = Array(entries)
        if entries.isEmpty { return }
        try transaction.execute(
            rememberSQL,
            [
                .uuids(entries.lazy.map(\.record.doseID)),
                .int4s(entries.lazy.map { Int32(bitPattern: $0.record.version) }), .bools(entries.lazy.map(\.isLate)),
                .instants(entries.lazy.map(\.record.enteredAt)), .byteArrays(entries.lazy.map(\.row.bytes)),
                .byteArrays(entries.lazy.map { $0.record.wire() }), .instant(now),
            ])
    }
}
