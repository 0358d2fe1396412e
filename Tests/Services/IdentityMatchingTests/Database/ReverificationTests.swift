import Dispatch
import RecordModel
import Storage
import Synchronization
import TestSupport
import Testing

@testable import IdentityMatching

@Suite("Verifying again")
struct ReverificationTests {
    private func many(_ count: Int, version: UInt32 = 1) -> [DoseRecord] {
        (0..<count).map { number in
            let id = IDNumber.text(ofPersonalID: 79_087_000_000 + Int64(number))
            return dose(number, version: version, name: number % 3 == 0 ? "Sai Tên" : "Nguyễn Văn \(number)", id: id)
        }
    }

    private func rows(_ count: Int) -> String {
        (0..<count).map { number in
            "\(IDNumber.text(ofPersonalID: 79_087_000_000 + Int64(number))),,Nguyễn Văn \(number),M,1987-09-05,\n"
        }.joined()
    }

    private func check(_ fixture: MatchingFixture, _ count: Int) throws {
        let wrong = (count + 2) / 3
        #expect(try fixture.number("SELECT count(*) FROM verdict WHERE outcome = 1") == count - wrong)
        #expect(try fixture.number("SELECT count(*) FROM verdict WHERE outcome = 2") == wrong)
        #expect(try fixture.number("SELECT count(DISTINCT assessment) FROM verdict") == 1)
        #expect(try fixture.countsAreTrue())
        let told = try fixture.verdictsTold(2 * count)
        #expect(told.count == count && Set(told.map(\.doseID)).count == count)
    }

    @Test("MAT-07 waiting records are verified chunk by chunk; a crash between chunks goes on where it was")
    func chunks() async throws {
        try await MatchingFixture.with { fixture in
            let records = many(3_000)
            for start in stride(from: 0, to: 3_000, by: 500) { try fixture.handle(Array(records[start..<start + 500])) }
            try fixture.register(rows(3_000))
            var steps = 0
            while try fixture.reverifier(blocks: 8).step() == .advanced { steps += 1 }
            #expect(steps > 5)
            try check(fixture, 3_000)
        }
    }

    private struct Crash: Error {}

    @Test("MAT-07 a chunk that breaks leaves nothing behind")
    func brokenChunk() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.handle(many(300))
            try fixture.register(rows(300))
            #expect(throws: Crash.self) {
                try fixture.database.transaction { session in
                    let standing = try fixture.answering.register.standing(in: session)
                    let run = try ReverificationRun.current(in: session)
                    #expect(standing != nil && run?.blocks ?? 0 > 0)
                    let walked = try run?.records(inBlocks: 0..<1_000, session: session) ?? []
                    var records = walked.map(\.record)
                    #expect(records.count == 300)
                    for index in records.indices {
                        records[index].answer.outcome = .exempt
                        records[index].answer.assessment = standing?.assessment ?? 0
                    }
                    _ = try VerdictStore.storeAgain(records, restate: false, in: session)
                    throw Crash()
                }
            }
            try fixture.reverify()
            try check(fixture, 300)
        }
    }

    @Test("MAT-07 nothing is verified again while the outbox is full")
    func heldBack() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.handle(many(10))
            try fixture.register(rows(10))
            let step = try fixture.reverifier(heldBack: { true }).step()
            #expect(step == .heldBack)
            #expect(try fixture.number("SELECT count(*) FROM verdict WHERE outcome = 0") == 10)
        }
    }

    @Test("MAT-07 a table file that was rewritten in the middle is walked from its start")
    func rewritten() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.handle(many(2_000))
            try fixture.register(rows(2_000))
            let step = try fixture.reverifier(blocks: 4).step()
            #expect(step == .advanced)
            try fixture.database.withConnection { try $0.script("VACUUM FULL verdict") }
            try fixture.reverify()
            try check(fixture, 2_000)
        }
    }

    @Test("MAT-07 a newer switch takes a walk over with all that it had to visit")
    func takenOver() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(rows(100))
            try fixture.handle(many(100))
            try fixture.register(rows(100), RegisterSwitch.Options(allRecords: true, allowShrink: true))
            try fixture.register(Rows.all, RegisterSwitch.Options(allowShrink: true))
            try fixture.reverify()
            #expect(try fixture.number("SELECT count(*) FROM verdict WHERE outcome = 2") == 100)
            let states = try fixture.database.transaction { session in
                try session.query("SELECT state FROM reverification ORDER BY run", []) { $0.text(0) }
            }
            #expect(states == ["superseded", "superseded", "finished"])
        }
    }

    /// Live batches, walks and switches all at once.
    @Test(
        "MAT-07 a switch in the middle of a stream: every answer is of one generation, and in the end all of the last")
    func switchInTheMiddle() async throws {
        try await MatchingFixture.with { fixture in
            let records = many(4_000)
            try fixture.register(Rows.all)
            let failures = Mutex<[String]>([])
            let group = DispatchGroup()
            for part in 0..<2 {
                DispatchQueue.global().async(group: group) {
                    do {
                        for start in stride(from: part * 100, to: 4_000, by: 200) {
                            try fixture.handle(Array(records[start..<start + 100].shuffled()))
                        }
                    } catch { failures.withLock { $0.append("\(error)") } }
                }
            }
            DispatchQueue.global().async(group: group) {
                do {
                    for _ in 0..<3 {
                        try fixture.register(rows(4_000), RegisterSwitch.Options(allowShrink: true))
                        try fixture.reverify()
                        try fixture.register(Rows.all, RegisterSwitch.Options(allRecords: true, allowShrink: true))
                        _ = try fixture.reverifier(blocks: 4).step()
                    }
                    try fixture.register(rows(4_000), RegisterSwitch.Options(allRecords: true, allowShrink: true))
                } catch { failures.withLock { $0.append("\(error)") } }
            }
            await withCheckedContinuation { continuation in group.notify(queue: .global()) { continuation.resume() } }
            #expect(failures.withLock { $0 } == [])
            try fixture.reverify()
            #expect(try fixture.number("SELECT count(*) FROM verdict WHERE outcome = 2") == 1_334)
            #expect(try fixture.number("SELECT count(*) FROM verdict WHERE outcome = 1") == 2_666)
            #expect(try fixture.countsAreTrue())
            // Every answer ever given is right exactly under the generations that hold the person.
            let contradictions = try fixture.number(
                """
                SELECT count(*) FROM (
                    SELECT dose_id, assessment, outcome FROM verdict UNION ALL
                    SELECT dose_id, assessment, outcome FROM verdict_history
                ) a JOIN register_switch s USING (assessment) JOIN register_generation g ON g.generation = s.generation
                JOIN verdict v ON v.dose_id = a.dose_id
                WHERE (a.outcome = 1) <> (g.persons = 4000 AND v.outcome = 1)
                """)
            #expect(contradictions == 0)
        }
    }
}
