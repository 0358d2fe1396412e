import Observability
import RecordModel
import ServiceRuntime
import Storage

/// Tells records again whose hint another record has changed: a facility that types a number under a second name sees it
/// at both records, and at neither when one is mended.
///
/// A batch notes such records in its own transaction, which costs a look at a few neighbours of each number and locks no
/// record that is not its own. They are answered again under a stepped assessment, like findings that lacked candidates
/// (`OwedCandidates`), at most once a minute. Records that two instances take in at the same moment do not see each other;
/// then the earlier one's hint is told with its next answer.
struct OwedHints: Sendable {
    let database: Database
    let answering: Answering
    let clock: any WallClock
    let log: Log
    /// Rows answered in one transaction.
    var atOnce: Int64 = 500

    // MARK: Noting

    /// What a record's number and name were before a batch and are after it.
    struct Move: Sendable {
        let doseID: DoseID
        let before: OwnNumber?
        let after: OwnNumber?
    }

    /// The numbers and names of records that are held, by dose.
    static func marks(of records: [DoseID], in session: Transaction) throws -> [DoseID: OwnNumber] {
        if records.isEmpty { return [:] }
        let found = try session.query(
            """
            SELECT v.dose_id, v.number_hash, v.name_hash FROM unnest($1::uuid[]) AS n (dose_id)
            JOIN verdict v ON v.dose_id = n.dose_id WHERE v.number_hash IS NOT NULL
            """, [.uuids(records)]
        ) { ($0.uuid(0, as: DoseID.self), OwnNumber(number: $0.int8(1), name: $0.int4(2))) }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    /// Records of a number that are looked at: hardly anybody has more doses at one facility.
    private static let neighbours: Int64 = 16

    /// Notes the records of others whose hint these moves have changed.
    ///
    /// Only where all others have typed the number under one name does anything change for them: with a second name among
    /// the moved records they have the hint, without it they have not.
    static func note(_ moves: [Move], in session: Transaction) throws {
        var names: [Int64: (before: Set<Int32>, after: Set<Int32>)] = [:]
        for move in moves {
            if let mark = move.before { names[mark.number, default: ([], [])].before.insert(mark.name) }
            if let mark = move.after { names[mark.number, default: ([], [])].after.insert(mark.name) }
        }
        names = names.filter { $0.value.before != $0.value.after }
        if names.isEmpty { return }
        let moved = Set(moves.map(\.doseID))
        var others: [Int64: (names: Set<Int32>, open: [DoseID])] = [:]
        try session.query(
            """
            SELECT n.number, o.name_hash, o.dose_id, o.outcome IN (2, 3)
            FROM unnest($1::int8[]) AS n (number) CROSS JOIN LATERAL (
                SELECT v.dose_id, v.name_hash, v.outcome FROM verdict v
                WHERE v.number_hash = n.number AND v.number_hash IS NOT NULL LIMIT $2
            ) o
            """, [.int8s(names.keys.sorted()), .int8(neighbours)]
        ) { row in
            let dose = row.uuid(2, as: DoseID.self)
            if moved.contains(dose) { return }
            others[row.int8(0), default: ([], [])].names.insert(row.int4(1))
            if row.bool(3) { others[row.int8(0)]?.open.append(dose) }
        }
        var changed: [DoseID] = []
        for (number, other) in others where other.names.count == 1 {
            guard let (before, after) = names[number] else { continue }
            if before.isSubset(of: other.names) != after.isSubset(of: other.names) { changed += other.open }
        }
        if changed.isEmpty { return }
        try session.execute(
            "INSERT INTO hint_owed (dose_id) SELECT dose_id FROM unnest($1::uuid[]) AS n (dose_id) ON CONFLICT DO NOTHING",
            [.uuids(changed.sorted())])
    }

    // MARK: Telling

    /// Goes on until the service stops.
    func run(until stop: StopSignal, isOpen: (Int32) -> Bool) throws {
        while !stop.isGiven {
            if try step(isOpen: isOpen) == .idle, stop.wait(seconds: 5) { return }
        }
    }

    /// One transaction's work. Blocks.
    /// - Parameter isOpen: whether the index of a generation is at hand here.
    func step(isOpen: (Int32) -> Bool) throws -> OwedStep {
        let step = try database.transaction { session -> OwedStep? in
            guard let standing = try answering.register.standing(in: session), isOpen(standing.generation) else {
                return .idle
            }
            let records = try session.query(
                """
                SELECT \(VerdictStore.openColumns) FROM verdict
                WHERE dose_id IN (SELECT o.dose_id FROM hint_owed o) AND outcome IN (2, 3) AND assessment < $1
                ORDER BY dose_id LIMIT $2 FOR UPDATE SKIP LOCKED
                """, [.int8(Int64(standing.assessment)), .int8(atOnce)], VerdictStore.open)
            // Before the answers: a batch that notes one of these meanwhile waits until they are told, and then notes it anew.
            // What is right by now, or waits, has no hint, or is told it when it is judged.
            try session.execute(
                """
                DELETE FROM hint_owed o USING verdict v
                WHERE v.dose_id = o.dose_id AND (v.outcome NOT IN (2, 3) OR v.dose_id IN (SELECT unnest($1::uuid[])))
                """, [.uuids(records.map(\.head.doseID))])
            if !records.isEmpty {
                try VerdictStore.answerAgain(
                    records, answering, by: standing, at: clock.now(), restate: true, in: session)
                return .settled(records.count)
            }
            return try session.query("SELECT EXISTS (SELECT 1 FROM hint_owed)", []) { $0.bool(0) }[0] ? nil : .idle
        }
        if let step { return step }
        let now = clock.now()
        let assessment = try database.transaction {
            try RegisterSwitch.restepForOwed(kind: "hints", at: now, in: $0)
        }
        guard let assessment else { return .idle }
        log.info("records whose hint has changed are told again", ["assessment": .int(Int(assessment))])
        return .begun
    }
}
