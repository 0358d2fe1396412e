import Observability
import RecordModel
import Storage

/// Looks again for the candidates of findings that were told while their generation's index was not at hand.
///
/// Such rows hold reasons and no candidates, not even none. They are answered once more under a new assessment, so that the
/// finding with candidates is newer than the one without. Rows that another instance holds are left for the next time.
struct OwedCandidates: Sendable {
    let database: Database
    let answering: Answering
    let clock: any WallClock
    let log: Log
    /// Rows answered in one transaction.
    var atOnce: Int64 = 500

    enum Step: Equatable {
        /// Nothing is owed, or nothing can be done about it here.
        case idle
        /// The assessment was stepped: what is owed can be answered under it.
        case begun
        case settled(Int)
    }

    /// One transaction's work. Blocks.
    /// - Parameter isOpen: whether the index of a generation is at hand here.
    func step(isOpen: (Int32) -> Bool) throws -> Step {
        let step = try database.transaction { session -> Step? in
            guard let standing = try answering.register.standing(in: session), isOpen(standing.generation) else {
                return .idle
            }
            let records = try owed(before: standing.assessment, in: session)
            if !records.isEmpty {
                try VerdictStore.answerAgain(
                    records, answering, by: standing, at: clock.now(), restate: true, in: session)
                return .settled(records.count)
            }
            return try isAnythingOwed(in: session) ? nil : .idle
        }
        if let step { return step }
        return try begin() ? .begun : .idle
    }

    private func isAnythingOwed(in session: Transaction) throws -> Bool {
        try session.query(
            "SELECT EXISTS (SELECT 1 FROM verdict WHERE reasons IS NOT NULL AND candidates IS NULL)", []
        ) { $0.bool(0) }[0]
    }

    /// Steps the assessment for what was answered without candidates under the present one; at most once a minute, since
    /// another instance may go on answering without an index.
    private func begin() throws -> Bool {
        let now = clock.now()
        let assessment = try database.transaction { session -> UInt64? in
            let isRecent = try session.query(
                "SELECT EXISTS (SELECT 1 FROM register_switch WHERE kind = 'candidates' AND switched_at > $1)",
                [.instant(Instant(microseconds: now.microseconds - 60_000_000))]
            ) { $0.bool(0) }[0]
            if isRecent { return nil }
            return try RegisterSwitch.restep(kind: "candidates", allRecords: nil, by: "service", at: now, in: session)
        }
        guard let assessment else { return false }
        log.info("findings without candidates are looked at again", ["assessment": .int(Int(assessment))])
        return true
    }

    private func owed(before assessment: UInt64, in session: Transaction) throws -> [AnsweredRecord] {
        try session.query(
            """
            SELECT \(VerdictStore.openColumns) FROM verdict
            WHERE reasons IS NOT NULL AND candidates IS NULL AND assessment < $1
            ORDER BY dose_id LIMIT $2 FOR UPDATE SKIP LOCKED
            """, [.int8(Int64(assessment)), .int8(atOnce)], VerdictStore.open)
    }
}
