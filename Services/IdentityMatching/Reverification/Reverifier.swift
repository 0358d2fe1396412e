import Observability
import RecordModel
import ServiceRuntime
import Storage

/// What one step of a walk came to.
enum WalkStep: Equatable {
    /// Nothing is to be done here.
    case idle
    case heldBack
    case advanced
}

/// Walks through what is to be verified again, some blocks at a time, beside the live stream.
///
/// Each chunk is a transaction of its own that remembers the place: after a crash it goes on there. Rows are read and
/// judged without locks; only those whose answer really changes are locked, in the order of dose ids, and written. It waits
/// while the outbox is full or a reader is far behind. Of several instances one is at it at a time.
struct Reverifier: Sendable {
    let database: Database
    let answering: Answering
    let clock: any WallClock
    let log: Log
    /// Whether to wait.
    let heldBack: @Sendable () -> Bool
    /// Blocks of 8 kB a chunk, where `step` is not told.
    var blocksAtOnce: Int64 = 64

    /// Verifies one chunk again. Blocks.
    func step(blocks count: Int64? = nil) throws -> WalkStep {
        if heldBack() { return .heldBack }
        return try database.transaction { session in
            guard let standing = try answering.register.standing(in: session),
                let run = try ReverificationRun.current(in: session)
            else { return .idle }
            if run.isRewritten {
                try run.startAgain(in: session)
                return .advanced
            }
            let end = min(run.nextBlock + (count ?? blocksAtOnce), run.blocks)
            let done = try verify(run, blocks: run.nextBlock..<max(end, run.nextBlock), by: standing, in: session)
            try run.advance(to: end, verified: done.verified, changed: done.changed, at: clock.now(), in: session)
            if end >= run.blocks {
                log.info("verified again", ["run": .int(Int(run.run)), "assessment": .int(Int(run.assessment))])
            }
            return .advanced
        }
    }

    private func verify(
        _ run: ReverificationRun, blocks: Range<Int64>, by standing: StandingRegister, in session: Transaction
    ) throws -> (verified: Int, changed: Int) {
        let walked = try run.records(inBlocks: blocks, session: session)
        if walked.isEmpty { return (0, 0) }
        let answers = try answering.answer(
            walked.map(\.record.typed), communes: walked.map(\.record.residenceCommune), by: standing, at: clock.now(),
            in: session)
        var records: [AnsweredRecord] = []
        for (row, given) in zip(walked, answers) {
            let answer = given.marking(withdrawn: row.isWithdrawn)
            guard run.restate || !row.says(answer) else { continue }
            var record = row.record
            record.answer = answer
            records.append(record)
        }
        records.sort { $0.head.doseID < $1.head.doseID }
        try VerdictStore.lock(records, in: session)
        let changes = try VerdictStore.storeAgain(records, restate: run.restate, in: session)
        try records.tell(changes, in: session)
        return (walked.count, changes.count)
    }
}
