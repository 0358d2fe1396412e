import RecordModel
import ServiceRuntime
import Storage

/// Emits all of Intake's current facts again, with the ids and versions they have: units, then records.
enum Announcement {
    static let batchSize = 2000

    static func run(_ announcer: Announcer, clock: any WallClock) throws {
        let total = try announcer.emit { transaction in
            try transaction.query(
                "SELECT (SELECT count(*) FROM unit) + (SELECT coalesce(sum(created), 0)::bigint FROM intake_count)"
            ) { $0.int(0) }.first ?? 0
        }
        announcer.expect(total)
        var unit: String? = ""
        while let after = unit { unit = try announcer.emit { try units(after: after, at: clock.now(), in: $0) } }
        var dose: DoseID? = DoseID(high: 0, low: 0)
        while let after = dose { dose = try announcer.emit { try records(after: after, at: clock.now(), in: $0) } }
    }

    /// Emits the next units; the last one's code, or nil at the end.
    static func units(after code: String, at now: Instant, in transaction: Transaction) throws -> String? {
        let units = try transaction.query(
            "SELECT unit FROM unit WHERE unit_code > $1 ORDER BY unit_code LIMIT \(batchSize)", [.text(code)]
        ) { try UnitTable.read($0.bytes(0)) }
        for unit in units { try transaction.emit(unit.event(source: SubmissionIntake.source, at: now)) }
        return units.count < batchSize ? nil : units.last?.code
    }

    /// Emits the next records; the last one's id, or nil at the end.
    static func records(after id: DoseID, at now: Instant, in transaction: Transaction) throws -> DoseID? {
        let records = try transaction.query(
            "SELECT record FROM dose_record WHERE dose_id > $1 ORDER BY dose_id LIMIT \(batchSize)", [.uuid(id)]
        ) { try RecordTable.read($0.bytes(0)) }
        for record in records { try transaction.emit(record.event(source: SubmissionIntake.source, at: now)) }
        return records.count < batchSize ? nil : records.last?.doseID
    }
}
