import Observability
import RecordModel
import Storage

/// Records that are amended again and again until they are right: who does that finds out what the register holds.
///
/// After so many wrong versions of one record in a day (Asia/Ho_Chi_Minh) the next ones are not judged: they wait, as not
/// yet verified, until the police confirm the identity, let the record go, or the day is over. Nothing untrue is said
/// meanwhile, and nothing new.
struct HeldRecords: Sendable {
    let database: Database
    let answering: Answering
    let clock: any WallClock
    let log: Log

    /// The first instant of the day of `now`.
    static func startOfDay(_ now: Instant) -> Instant {
        let hour: Int64 = 3_600_000_000
        let local = now.microseconds + 7 * hour
        let day = local >= 0 ? local / (24 * hour) : (local - 24 * hour + 1) / (24 * hour)
        return Instant(microseconds: day * 24 * hour - 7 * hour)
    }

    /// Which of the records are not to be judged now.
    /// - Parameter tried: dose, version and items as typed now.
    static func held(
        _ tried: [(doseID: DoseID, typed: TypedItems)], limit: Int, at now: Instant, in session: Transaction
    ) throws -> Set<DoseID> {
        if tried.isEmpty { return [] }
        let found = try session.query(
            """
            SELECT v.dose_id FROM unnest($1::uuid[], $2::bytea[]) AS n (dose_id, typed) JOIN verdict v ON v.dose_id = n.dose_id
            WHERE v.guesses >= $3 AND v.guess_day = ($4::timestamptz AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
                AND (v.outcome = 0 OR v.typed <> n.typed)
            """,
            [
                .uuids(tried.lazy.map(\.doseID)), .byteArrays(tried.lazy.map { $0.typed.packed }), .int4(Int32(limit)),
                .instant(now),
            ]
        ) { $0.uuid(0, as: DoseID.self) }
        return Set(found)
    }

    /// Judges what was held before today. Gives how many records that were.
    @discardableResult
    func releaseEarlierDays() throws -> Int {
        let now = clock.now()
        var released = 0
        while true {
            let count = try database.transaction { session in
                guard let standing = try answering.register.standing(in: session) else { return 0 }
                let records = try session.query(
                    """
                    SELECT \(VerdictStore.openColumns) FROM verdict
                    WHERE outcome = 0 AND (traits & \(DecisionTraits.held.rawValue)) <> 0 AND decided_at < $1
                    ORDER BY dose_id LIMIT 1000 FOR UPDATE SKIP LOCKED
                    """, [.instant(Self.startOfDay(now))], VerdictStore.open)
                return try VerdictStore.answerAgain(
                    records, answering, by: standing, at: now, restate: false, in: session)
            }
            if count == 0 { break }
            released += count
        }
        if released > 0 { log.info("held records judged", ["records": .int(released)]) }
        return released
    }

    /// Judges one record that is held, and begins its count anew. Nil where it is not held, or no register stands.
    func release(_ doseID: DoseID, in session: Transaction) throws -> Outcome? {
        guard let standing = try answering.register.standing(in: session) else { return nil }
        let records = try session.query(
            """
            SELECT \(VerdictStore.openColumns) FROM verdict
            WHERE dose_id = $1 AND outcome = 0 AND (traits & \(DecisionTraits.held.rawValue)) <> 0 FOR UPDATE
            """, [.uuid(doseID)], VerdictStore.open)
        if records.isEmpty { return nil }
        try VerdictStore.answerAgain(
            records, answering, by: standing, at: clock.now(), restate: false, in: session)
        return try session.query(
            "UPDATE verdict SET guesses = 0 WHERE dose_id = $1 RETURNING outcome", [.uuid(doseID)]
        ) { Outcome(rawValue: $0.int4(0)) }.first ?? nil
    }
}
