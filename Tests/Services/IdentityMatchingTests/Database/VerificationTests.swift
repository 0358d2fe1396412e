import Messaging
import RecordModel
import Storage
import Testing

@testable import IdentityMatching

@Suite("Verification of the stream")
struct VerificationTests {
    private let wrong = dose(2, name: "Nguyễn Văn Ân")

    @Test("MAT-02 MAT-03 MAT-04 a batch gives verdicts, persons and findings, once")
    func batch() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            let batch = [
                dose(1), wrong, dose(3, id: ""),
                dose(4, name: "Trần Thị Bình", sex: "Nữ", birth: "1998-01-01", id: "123456789"),
                dose(5, nationality: "Lào"),
                dose(6, name: "LÊ THỊ HOÀ", sex: "F", birth: "28/02/2001", id: "038301000002"),
            ]
            let emitted = try fixture.handle(batch)
            #expect(emitted == 6 + 3 + 2)
            #expect(
                try fixture.verdicts() == [
                    "R1": "1 right none", "R2": "1 wrong verified-wrong", "R3": "1 cannot-verify no-id",
                    "R4": "1 right none", "R5": "1 exempt none", "R6": "1 right none",
                ])
            let told = try fixture.verdictsTold(emitted)
            #expect(told.map(\.outcome) == [.right, .wrong, .cannotVerify, .right, .exempt, .right])
            #expect(Set(told.map(\.ruleVersion)) == ["1"])
            let persons = try fixture.personsTold(emitted)
            #expect(
                persons.count == 3 && Set(persons.map(\.personKey)).count == 3
                    && persons.allSatisfy { $0.personKey != nil })
            let findings = try fixture.findingsTold(emitted)
            #expect(
                findings.map { $0.differences.map { "\($0.field):\($0.reason)" } } == [
                    ["name:DIACRITICS_ONLY"], ["id_number:ABSENT"],
                ])
            #expect(try fixture.handle(batch) == 0)
            #expect(try fixture.handle(batch.reversed() + batch) == 0)
            #expect(try fixture.countsAreTrue())
        }
    }

    @Test("MAT-07 versions in any order: the newest stands, late and repeated ones change and say nothing")
    func anyOrder() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            let versions = [dose(1, id: ""), dose(1, version: 2, name: "X"), dose(1, version: 3)]
            for order in [[2, 0, 1], [0, 1, 2], [1, 2, 0]] {
                try fixture.database.withConnection {
                    try $0.script("TRUNCATE verdict, verdict_history, verdict_count")
                }
                for index in order { try fixture.handle([versions[index]]) }
                for index in order { #expect(try fixture.handle([versions[index], versions[0]]) == 0) }
                #expect(try fixture.verdicts() == ["R1": "3 right none"])
                #expect(try fixture.countsAreTrue())
            }
            #expect(try fixture.handle(versions) == 0)
        }
    }

    @Test("MAT-07 a corrected version is answered anew, the history keeps what it replaced")
    func corrected() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            var emitted = try fixture.handle([dose(1, name: "Sai Tên")])
            emitted += try fixture.handle([dose(1, version: 2)])
            #expect(emitted == 2 + 3)
            let findings = try fixture.findingsTold(emitted)
            #expect(findings.count == 2 && findings[1].differences.isEmpty && findings[1].doseVersion == 2)
            emitted += try fixture.handle([dose(1, version: 3, id: "079087012346")])
            let persons = try fixture.personsTold(emitted)
            #expect(persons.map { $0.personKey == nil } == [false, true])
            #expect(persons[1].doseVersion == 3)
            let history = try fixture.database.transaction { session in
                try session.query("SELECT version, outcome FROM verdict_history ORDER BY version", []) {
                    [$0.int(0), $0.int(1)]
                }
            }
            #expect(history == [[1, 2], [2, 1]])
            #expect(try fixture.countsAreTrue())
        }
    }

    @Test("MAT-02 several versions of one dose in one batch are one answer")
    func folded() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            let emitted = try fixture.handle([dose(1, version: 2), dose(1, version: 1, id: ""), dose(1, version: 2)])
            #expect(emitted == 2)
            #expect(try fixture.verdicts() == ["R1": "2 right none"])
        }
    }

    @Test("MAT-03 the person key is the same for old and new number, and for a changed number with its alias")
    func personKeys() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            var emitted = try fixture.handle([dose(1), dose(2, id: "123456789")])
            let changed = try fixture.load(
                Rows.hoa + "079087099999,123456789,Nguyễn Văn An,M,1987-09-05,26740\n" + Rows.binh)
            try fixture.activate(changed.generation)
            try fixture.database.withConnection {
                try $0.script("INSERT INTO personal_id_alias VALUES (79087099999, 79087012345)")
            }
            emitted += try fixture.handle([dose(3, id: "079087099999")])
            let keys = try fixture.personsTold(emitted).map(\.personKey)
            #expect(keys.count == 3 && Set(keys).count == 1)
        }
    }

    @Test("AUT-17 without a register nothing is said; records wait, and the first activation answers them")
    func waiting() async throws {
        try await MatchingFixture.with { fixture in
            #expect(try fixture.handle([dose(1), wrong, dose(3, nationality: "US")]) == 0)
            #expect(try fixture.handle([dose(1, version: 2)]) == 0)
            #expect(try fixture.verdicts() == ["R1": "2 - ", "R2": "1 - ", "R3": "1 - "].mapValues { $0 + "none" })
            try fixture.reverify()
            #expect(try fixture.number("SELECT count(*) FROM verdict WHERE outcome = 0") == 3)
            try fixture.register(Rows.all)
            try fixture.reverify()
            #expect(
                try fixture.verdicts() == [
                    "R1": "2 right none", "R2": "1 wrong verified-wrong", "R3": "1 exempt none",
                ])
            #expect(try fixture.verdictsTold(5).count == 3)
            #expect(try fixture.number("SELECT count(*) FROM verdict_history") == 0)
            #expect(try fixture.countsAreTrue())
        }
    }

    @Test("PRE-10 nothing of an exempt record is asked of the register")
    func exemptIsNotAsked() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            try fixture.handle([dose(1, nationality: "US")])
            let counts = try fixture.database.transaction { try VerdictCounts.read(in: $0) }
            #expect(counts.byOutcome == [.exempt: 1])
            #expect(try fixture.number("SELECT traits::int FROM verdict") == DecisionTraits.personalID.rawValue)
        }
    }

    @Test("MAT-08 what cannot be read is rejected by its place, the rest of the batch is handled")
    func poison() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            let good = dose(1).event(source: "intake", at: MatchingFixture.noon)
            var cut = good
            cut.value.removeLast(5)
            var foreign = good
            foreign.type = "somebody.else.v1.Thing"
            var far = dose(7)
            far.version = UInt32.max
            let batch = [cut, good, foreign, far.event(source: "intake", at: MatchingFixture.noon)].map {
                InboundMessage($0)
            }
            let (rejections, emitted) = try fixture.handle(batch)
            #expect(rejections.map(\.index) == [0, 2, 3])
            #expect(emitted == 2)
            for rejection in rejections { #expect(!rejection.reason.contains("Nguyễn")) }
        }
    }

    @Test("MAT-02 a withdrawn version is judged like any other and counted as withdrawn")
    func withdrawn() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            try fixture.handle([dose(1), dose(2)])
            #expect(try fixture.handle([dose(1, version: 2, status: .withdrawn)]) == 2)
            #expect(try fixture.verdicts()["R1"] == "2 right none")
            let counts = try fixture.database.transaction { try VerdictCounts.read(in: $0) }
            #expect(counts.byOutcome == [.right: 2] && counts.withdrawn == 1)
        }
    }

    @Test("MAT-09 REP-09 counts add up, and known ids that fail on name or date are told apart")
    func counts() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            try fixture.handle([
                dose(1), wrong, dose(3, birth: "1987"), dose(4, sex: "F"), dose(5, id: "079087012399"),
                dose(6, id: "1"),
                dose(7, name: "Trần Thị Binh", sex: "F", birth: "1998-01-01", id: "123456789"),
                dose(8, nationality: "JP"),
            ])
            let counts = try fixture.database.transaction { try VerdictCounts.read(in: $0) }
            #expect(counts.byOutcome == [.right: 1, .wrong: 4, .cannotVerify: 2, .exempt: 1])
            #expect(counts.byGroup == [.verifiedWrong: 4, .missingItem: 1, .badFormat: 1])
            #expect(counts.judged == 8 && counts.waiting == 0)
            #expect(counts.personalIDNotRight == 4)
            #expect(counts.knownPersonalIDOtherNameOrDate == 2)
            #expect(!counts.named(withPoliceSide: false).contains { $0.0 == "known-personal-id-other-name-or-date" })
        }
    }

    @Test("announcing tells the same facts with the same ids, and nothing changes")
    func announce() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            var emitted = try fixture.handle([dose(1, id: ""), wrong, dose(3), dose(4, name: "X")])
            emitted += try fixture.handle([dose(1, version: 2), dose(3, version: 2, id: "")])
            let facts = fixture.told(emitted)
            var newest: [String: OutgoingEvent] = [:]
            for fact in facts { newest[fact.topic + fact.subject] = fact }
            let again = try fixture.database.transaction { session -> Int in
                var last: DoseID? = DoseID(high: 0, low: 0)
                while let after = last { last = try Announcement.page(after: after, count: 3, in: session) }
                return session.emittedCount
            }
            let announced = fixture.told(emitted + again).dropFirst(emitted)
            #expect(announced.count == newest.count)
            for fact in announced { #expect(newest[fact.topic + fact.subject] == fact) }
        }
    }
}
