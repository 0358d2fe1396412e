import Dispatch
import RecordModel
import Storage
import Synchronization
import TestSupport
import Testing
import Web

@testable import IdentityMatching

@Suite("Walks: pause, resume, cancel, progress, room for the stream")
struct WalkControlTests {
    private func rows(_ count: Int) -> String {
        (0..<count).map { number in
            "\(IDNumber.text(ofPersonalID: 79_087_000_000 + Int64(number))),,Nguyễn Văn \(number),M,1987-09-05,\n"
        }.joined()
    }

    private func many(_ numbers: Range<Int>) -> [DoseRecord] {
        numbers.map { number in
            dose(
                number, name: "Nguyễn Văn \(number)", id: IDNumber.text(ofPersonalID: 79_087_000_000 + Int64(number)))
        }
    }

    private func fill(_ fixture: MatchingFixture, _ count: Int) throws {
        for start in stride(from: 0, to: count, by: 500) {
            try fixture.handle(many(start..<min(start + 500, count)))
        }
    }

    @Test("MAT-07 pause stands still where it is, resume goes on there, progress says how far and how long")
    func pauseAndResume() async throws {
        try await TestMatching.with { matching in
            let fixture = matching.fixture
            try fill(fixture, 2_000)
            try fixture.register(rows(2_000))
            for _ in 0..<3 {
                fixture.clock.advance(seconds: 2)
                #expect(try fixture.reverifier(blocks: 4).step() == .advanced)
            }
            func newest() async throws -> [String: Any] {
                let list = try matching.object(try await matching.ask("GET", "/v1/reverifications", as: .operator).text)
                return try #require((list["reverifications"] as? [[String: Any]])?.first)
            }
            let half = try await newest()
            let run = try #require(half["run"] as? Int)
            let (done, percent) = (try #require(half["done"] as? Int), try #require(half["percent"] as? Int))
            #expect(half["total"] as? Int == 2_000 && done > 0 && done < 2_000 && percent > 0 && percent < 100)
            #expect(half["records_per_second"] as? Int ?? 0 > 0 && half["seconds_left"] as? Int ?? 0 > 0)
            let paused = try await matching.ask("POST", "/v1/reverifications/\(run)/pause", as: .operator, body: "")
            #expect(paused.status == 200 && paused.text.contains("paused"))
            #expect(try fixture.reverifier().step() == .idle)
            let still = try await newest()
            #expect(still["done"] as? Int == done && still["state"] as? String == "paused")
            #expect(still["seconds_left"] == nil)
            let again = try await matching.ask("POST", "/v1/reverifications/\(run)/pause", as: .operator, body: "")
            #expect(again.status == 200)
            let on = try await matching.ask("POST", "/v1/reverifications/\(run)/resume", as: .operator, body: "")
            #expect(on.status == 200)
            try fixture.reverify()
            let finished = try await newest()
            #expect(finished["state"] as? String == "finished" && finished["done"] as? Int == 2_000)
            #expect(finished["percent"] as? Int == 100)
            let late = try await matching.ask("POST", "/v1/reverifications/\(run)/resume", as: .operator, body: "")
            #expect(late.status == 409)
            let unknown = try await matching.ask("POST", "/v1/reverifications/99/pause", as: .operator, body: "")
            #expect(unknown.status == 404)
            #expect(try fixture.countsAreTrue())
        }
    }

    @Test("MAT-07 a cancelled walk leaves the rest as it is, and the next one does it")
    func cancel() async throws {
        try await TestMatching.with { matching in
            let fixture = matching.fixture
            try fill(fixture, 1_000)
            try fixture.register(rows(1_000))
            #expect(try fixture.reverifier(blocks: 4).step() == .advanced)
            let gone = try await matching.ask("POST", "/v1/reverifications/1/cancel", as: .nationalPolice, body: "")
            #expect(gone.status == 200 && gone.text.contains("cancelled"))
            #expect(try fixture.reverifier().step() == .idle)
            let waiting = try fixture.number("SELECT count(*) FROM verdict WHERE outcome = 0")
            #expect(waiting > 0 && waiting < 1_000)
            let next = try await matching.ask("POST", "/v1/reverifications", as: .operator, body: "")
            #expect(next.status == 202)
            try fixture.reverify()
            #expect(try fixture.number("SELECT count(*) FROM verdict WHERE outcome = 1") == 1_000)
        }
    }

    @Test("MAT-07 a paused walk is taken over by the next switch with all that it had to visit")
    func pausedAndTakenOver() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(rows(300))
            try fill(fixture, 300)
            try fixture.register(rows(300), RegisterSwitch.Options(allRecords: true))
            try fixture.database.withConnection {
                try $0.script("UPDATE reverification SET state = 'paused' WHERE state = 'running'")
            }
            try fixture.register(Rows.all, RegisterSwitch.Options(allowShrink: true))
            try fixture.reverify()
            #expect(try fixture.number("SELECT count(*) FROM verdict WHERE outcome = 2") == 300)
        }
    }

    @Test(
        "MAT-07 two instances: one walks, the other finds nothing to do; a row is written only where its answer changes"
    )
    func twoInstances() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(rows(1_000))
            try fill(fixture, 1_000)
            try fixture.reverify()
            try fixture.register(rows(999), RegisterSwitch.Options(allRecords: true))
            try fixture.database.transaction { session in
                let run = try ReverificationRun.current(in: session)
                #expect(run != nil)
                // Another connection, as another instance has.
                #expect(try fixture.reverifier().step() == .idle)
            }
            try fixture.reverify()
            #expect(try fixture.number("SELECT changed FROM reverification ORDER BY run DESC LIMIT 1") == 1)
            #expect(try fixture.number("SELECT verified FROM reverification ORDER BY run DESC LIMIT 1") == 1_000)
            #expect(try fixture.number("SELECT count(DISTINCT xmin::text) FROM verdict WHERE outcome = 1") == 2)
        }
    }

    @Test("MAT-07 a live batch of rows that a walk is judging does not wait for the chunk")
    func liveDuringAChunk() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(rows(400))
            try fill(fixture, 400)
            try fixture.register(rows(400), RegisterSwitch.Options(allRecords: true))
            try fixture.database.transaction { session in
                // A chunk under way: generation held, rows read and judged, nothing written yet.
                let standing = try fixture.answering.register.standing(in: session)
                let run = try ReverificationRun.current(in: session)
                let walked = try run?.records(inBlocks: 0..<1_000, session: session) ?? []
                #expect(walked.count == 400 && standing != nil)
                // The same rows, new versions, from another connection: done while the chunk is open.
                let newer = (0..<400).map { number in
                    dose(
                        number, version: 2, name: "Sai", id: IDNumber.text(ofPersonalID: 79_087_000_000 + Int64(number))
                    )
                }
                try fixture.handle(newer)
                // What the chunk has judged is older now, and changes nothing.
                var records = walked.map(\.record)
                for index in records.indices {
                    records[index].answer.outcome = .right
                    records[index].answer.assessment = (standing?.assessment ?? 0)
                }
                #expect(try VerdictStore.storeAgain(records, restate: true, in: session).isEmpty)
            }
            try fixture.reverify()
            #expect(try fixture.number("SELECT count(*) FROM verdict WHERE version = 2 AND outcome = 2") == 400)
            #expect(try fixture.countsAreTrue())
        }
    }

    /// Batches go on while everything is verified again; the walk rests as long as it works.
    @Test("MAT-07 live batches stay quick beside a whole walk")
    func liveLatency() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(rows(12_000))
            try fill(fixture, 6_000)
            let timer = ContinuousClock()
            func batches(_ part: Int) throws -> [Duration] {
                try (0..<12).map { number in
                    let start = 6_000 + part * 3_000 + number * 200
                    let began = timer.now
                    try fixture.handle(many(start..<start + 200))
                    return began.duration(to: timer.now)
                }.sorted()
            }
            let alone = try batches(0)
            try fixture.register(
                rows(12_000).replacing("M,1987", with: "F,1987"), RegisterSwitch.Options(allRecords: true))
            let live = LiveTraffic()
            let stop = Mutex(false)
            let failures = Mutex<[String]>([])
            let group = DispatchGroup()
            DispatchQueue.global().async(group: group) {
                do {
                    var pace = WalkPace()
                    while !stop.withLock({ $0 }) {
                        let began = timer.now
                        if try fixture.reverifier().step(blocks: pace.blocks) == .idle { return }
                        let taken = began.duration(to: timer.now)
                        let seconds = Double(taken.components.attoseconds) * 1e-18 + Double(taken.components.seconds)
                        live.mark(fixture.clock.now())
                        _ = pace.rest(afterChunkOf: seconds, besideLive: live.isActive(fixture.clock.now()))
                    }
                } catch { failures.withLock { $0.append("\(error)") } }
            }
            let beside = try batches(1)
            stop.withLock { $0 = true }
            await withCheckedContinuation { continuation in group.notify(queue: .global()) { continuation.resume() } }
            #expect(failures.withLock { $0 } == [])
            // Half of the machine at worst, and a chunk of a twentieth of a second at most to wait for; the rest is for what
            // other suites do at the same time. A walk that is not held back takes its whole length, many seconds.
            #expect(beside[6] < alone[6] * 10 + .milliseconds(500), "\(alone[6]) alone, \(beside[6]) beside a walk")
            try fixture.reverify()
            #expect(try fixture.number("SELECT count(*) FROM verdict WHERE outcome = 2") == 10_800)
            #expect(try fixture.countsAreTrue())
        }
    }
}
