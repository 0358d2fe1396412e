import Foundation
import Observability
import RecordModel
import ServiceRuntime
import Storage
import TestSupport
import Testing

@testable import IdentityMatching

@Suite("Candidates beside verdicts")
struct CandidateTests {
    @Test("MAT-12 candidates are packed and read again; foreign bytes are not")
    func packing() {
        let candidates = Candidates(
            strength: .ambiguous,
            persons: (0..<7).map { .init(personalID: 79_087_012_345 + Int64($0), weight: Float($0) - 2.5) })
        #expect(candidates.persons.count == 5)
        let bytes = (candidates.packedPersons, candidates.packedWeights)
        #expect(Candidates(packedPersons: bytes.0, packedWeights: bytes.1) == candidates)
        #expect(Candidates(packedPersons: Candidates.nobody.packedPersons, packedWeights: []) == .nobody)
        for cut in 0..<bytes.0.count {
            #expect(Candidates(packedPersons: Array(bytes.0.prefix(cut)), packedWeights: bytes.1) == nil)
        }
        #expect(Candidates(packedPersons: [9], packedWeights: []) == nil)
        #expect(candidates.told[0] == Candidate(personalID: "079087012345", weight: -2.5))
    }

    @Test("MAT-12 a wrong record's finding holds candidates, also when it is announced again; no verdict does")
    func told() async throws {
        try await MatchingFixture.with { fixture in
            let generation = try fixture.register(Rows.all)
            try fixture.indexes.ensure(generation)
            let right = dose(2, name: "Trần Thị Bình", sex: "F", birth: "01/01/1998", id: "001198000001")
            let emitted = try fixture.handle([dose(1, id: "079087012354"), right, dose(3, id: "")])
            #expect(emitted == 2 + 2 + 2)
            for record in ["R1", "R3"] {
                let finding = try #require(try fixture.finding(record, after: emitted))
                #expect(finding.candidates.first?.personalID == "079087012345" && finding.strength != .none)
                #expect(finding.candidates.count <= 5)
            }
            #expect(try fixture.finding("R2", after: emitted) == nil)
            for event in fixture.publisher.events where event.topic != Topic.findings.name {
                #expect(!String(decoding: event.value, as: UTF8.self).contains("079087012345"))
            }
            let told = Set(fixture.publisher.events.map(\.value))
            _ = try fixture.database.transaction {
                try Announcement.page(after: DoseID(high: 0, low: 0), in: $0)
            }
            #expect(Set(fixture.told(2 * emitted).suffix(emitted).map(\.value)) == told)
        }
    }

    @Test("MAT-12 without an index verdicts go on, findings come without candidates and again with them")
    func owed() async throws {
        try await MatchingFixture.with { fixture in
            let generation = try fixture.register(Rows.all)
            let emitted = try fixture.handle([dose(1, id: "079087012354"), dose(2)])
            #expect(try fixture.verdicts() == ["R1": "1 wrong verified-wrong", "R2": "1 right none"])
            let first = try #require(try fixture.finding("R1", after: emitted))
            #expect(first.candidates.isEmpty && first.strength == .none && !first.differences.isEmpty)
            #expect(fixture.metrics.render().contains("identity_matching_findings_without_candidates_total 1"))
            let owed = fixture.police().owed
            #expect(try owed.step { fixture.indexes.index(of: $0) != nil } == .idle)
            try fixture.indexes.ensure(generation)
            #expect(try owed.step { fixture.indexes.index(of: $0) != nil } == .begun)
            #expect(try owed.step { fixture.indexes.index(of: $0) != nil } == .settled(1))
            #expect(try owed.step { fixture.indexes.index(of: $0) != nil } == .idle)
            let again = try #require(try fixture.finding("R1", after: emitted + 2))
            #expect(again.order > first.order && again.candidates.first?.personalID == "079087012345")
            #expect(try fixture.countsAreTrue())
        }
    }

    @Test("MAT-12 a damaged index file is built again, a directory that cannot be written is said, and nothing crashes")
    func damaged() async throws {
        try await MatchingFixture.with { fixture in
            let generation = try fixture.register(Rows.all)
            let standing = StandingRegister(generation: generation, assessment: 1)
            let sought = [SoughtRecord(typed: TypedItems(dose(1, id: "")))]
            try fixture.indexes.ensure(generation)
            let names = try FileManager.default.contentsOfDirectory(atPath: fixture.directory)
            let file = try #require(names.first { $0.hasSuffix(".index") })
            let path = fixture.directory + "/" + file
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            var flipped = whole
            flipped[0] ^= 0xFF
            for damaged in [Data(), whole.prefix(whole.count / 2), flipped, Data(repeating: 0xA5, count: 4096)] {
                try damaged.write(to: URL(fileURLWithPath: path))
                let indexes = fixture.otherIndexes()
                try indexes.ensure(generation)
                #expect(
                    indexes.candidates(for: sought, of: standing)?.first?.persons.first?.personalID == 79_087_012_345)
            }
            let nowhere = fixture.otherIndexes(directory: "/proc/tiemchung")
            #expect(throws: RegisterIndexes.Missing.self) { try nowhere.ensure(generation) }
            #expect(nowhere.trouble?.contains("generation \(generation)") == true)
            #expect(nowhere.candidates(for: sought, of: standing) == nil)
            #expect(throws: RegisterIndexes.Missing.self) { try fixture.indexes.ensure(99) }
        }
    }

    @Test("MAT-10 indexes follow the generations: opened before a switch, let go of when nobody can go back")
    func keepingUp() async throws {
        try await MatchingFixture.with { fixture in
            let stop = StopSignal()
            let first = try fixture.register(Rows.all)
            try fixture.indexes.keepUp(until: stop)
            #expect(fixture.indexes.index(of: first) != nil)
            let second = try fixture.load(Rows.all + "079087012346,,Nguyễn Văn Ba,M,1987-09-06,26743\n").generation
            try fixture.indexes.keepUp(until: stop)
            #expect(fixture.indexes.index(of: second) != nil)
            try fixture.activate(second)
            let third = try fixture.register(Rows.all)
            try fixture.load(Rows.all)
            try fixture.indexes.keepUp(until: stop)
            #expect(fixture.indexes.index(of: first) == nil && fixture.indexes.index(of: third) != nil)
            let files = try FileManager.default.contentsOfDirectory(atPath: fixture.directory)
            #expect(!files.contains { $0.hasPrefix("register-\(first)-") })
            #expect(fixture.metrics.render().contains("identity_matching_candidate_index_ready 1"))
        }
    }

    @Test(
        "MAT-10 a switch in mid-stream: two handlers, every answer and its candidates are of one generation, as stated")
    func switchInMidStream() async throws {
        try await MatchingFixture.with { fixture in
            // The same person moves: 079…345 until the switch, 079…999 after it.
            let first = try fixture.load(Rows.an).generation
            let second = try fixture.load(Rows.an.replacing("079087012345", with: "079087012999")).generation
            for generation in [first, second] { try fixture.indexes.ensure(generation) }
            let before = try fixture.activate(first)
            let records = (1...600).map { dose($0, id: $0 % 2 == 0 ? "079087012345" : "079087012354") }
            let batches = stride(from: 0, to: records.count, by: 20).map { Array(records[$0..<$0 + 20]) }
            let after = try await withThrowingTaskGroup(of: UInt64?.self) { group in
                for instance in 0..<2 {
                    group.addTask {
                        try await onTestThread {
                            for batch in batches.enumerated() where batch.offset % 2 == instance {
                                try fixture.handle(batch.element)
                            }
                        }
                        return nil
                    }
                }
                group.addTask { try await onTestThread { try fixture.activate(second) } }
                return try await group.reduce(nil) { $0 ?? $1 }
            }
            let switched = try #require(after)
            #expect(switched > before)
            let wrong = fixture.publisher.wait(for: 1_200)
            #expect(wrong)
            var seen: [UInt64: Int] = [:]
            var rights: [DoseID: UInt64] = [:]
            for verdict in try fixture.verdictsTold(1_200) {
                seen[verdict.assessment, default: 0] += 1
                let even = verdict.sourceRecordID.dropFirst().last.map { "02468".contains($0) } ?? false
                #expect((verdict.outcome == .right) == (even && verdict.assessment == before))
                rights[verdict.doseID] = verdict.assessment
            }
            #expect(Set(seen.keys).isSubset(of: [before, switched]) && rights.count == 600)
            for finding in try fixture.findingsTold(1_200) where !finding.candidates.isEmpty {
                let expected = finding.assessment == before ? "079087012345" : "079087012999"
                #expect(
                    finding.candidates.map(\.personalID) == [expected] && finding.assessment == rights[finding.doseID])
            }
        }
    }
}

extension MatchingFixture {
    /// The indexes of another instance on the same host.
    func otherIndexes(directory: String? = nil) -> RegisterIndexes {
        RegisterIndexes(
            database: database, directory: directory ?? self.directory, indexing: RegisterIndexing(),
            log: TestPostgres.log, metrics: MetricsRegistry())
    }
}

/// Runs blocking work on a thread of its own.
func onTestThread<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result { try work() }) }.start()
    }
}
