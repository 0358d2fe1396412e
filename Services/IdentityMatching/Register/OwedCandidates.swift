import Observability
import RecordModel
import Storage

/// What one step of telling again what is owed came to.
enum OwedStep: Equatable {
    /// Nothing is owed, or nothing can be done about it here.
    case idle
    /// The assessment was stepped: what is owed can be answered under it.
    case begun
    case settled(Int)
}

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

    /// One transaction's work. Blocks.
    /// - Parameter isOpen: whether the index of a generation is at hand here.
    func step(isOpen: (Int32) -> Bool) throws -> OwedStep {
        let step = try database.transaction { session -> OwedStep? in
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

    /// Steps the assessment for what was answered without candidates under the present one.
    private func begin() throws -> Bool {
        let now = clock.now()
        let assessment = try database.transaction {
            try RegisterSwitch.restepForOwed(kind: "candidates", at: now, in: $0)
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
