import RecordModel
import Storage
import Tabular
import Testing

@testable import IdentityMatching

@Suite("The register's generations")
struct RegisterTests {
    @Test("MAT-10 rows are refused one by one, with line, column and rule")
    func refusedRows() async throws {
        try await MatchingFixture.with { fixture in
            let report = try fixture.load(
                Rows.all + """
                    79087012345,,Mất Số Không,M,1987-09-05,
                    079087012346,12345678,Số Cũ Sai,M,1987-09-05,
                    079087012347,,,M,1987-09-05,
                    079087012348,,Giới Tính,X,1987-09-05,
                    079087012349,,Ngày Sai,M,1987-02-30,
                    079087012345,,Trùng Số,F,1990-01-01,
                    079087012350,,"Hợp Lệ",F,1990-01-01,00001

                    """)
            #expect(report.persons == 4 && report.refused == 6)
            #expect(
                report.refusals == [
                    .init(line: 5, column: "personal_id", rule: "must be 12 digits"),
                    .init(line: 6, column: "old_id", rule: "must be 9 digits or empty"),
                    .init(line: 7, column: "full_name", rule: "must not be empty"),
                    .init(line: 8, column: "sex", rule: "must be M or F"),
                    .init(line: 9, column: "date_of_birth", rule: "must be a date that exists, YYYY-MM-DD"),
                    .init(line: 10, column: "personal_id", rule: "must not come twice"),
                ])
            #expect(try fixture.number("SELECT count(*) FROM register_refusal") == 6)
            try fixture.activate(report.generation)
            #expect(try fixture.handle([dose(1)]) == 2)
        }
    }

    @Test("MAT-10 BOM, CRLF, quotes, other column order and unknown columns")
    func shapes() async throws {
        try await MatchingFixture.with { fixture in
            let report = try fixture.load(
                "\"An, Nguyễn\",079087012345,M,1987-09-05,x,\r\n\"Lê \"\"B\"\"\",079087012346,F,1987-09-06,y,123456789\r\n",
                header: "\u{FEFF}full_name,personal_id,sex,date_of_birth,note,old_id\r\n")
            #expect(report.persons == 2 && report.refused == 0)
        }
    }

    @Test(
        "MAT-10 files that are refused leave the generation that stands",
        arguments: [
            ("", ""), ("", MatchingFixture.header), ("nonsense", ""),
            (Rows.an + "079087012346,,Trần", MatchingFixture.header),
            (Rows.an + "079087012346,,\"Trần", MatchingFixture.header),
            (Rows.all + "079087012346,,Trần,F,1990-0", MatchingFixture.header),
            (Rows.all + "079087012346,,Trần,F,1990-01-01,000", MatchingFixture.header),
            ("1,,A,M,1990-01-01,\n", MatchingFixture.header),
            (Rows.an, "id,name\n"),
            (Rows.an + String(repeating: "1,,A,M,1990-01-01,\n", count: 10), MatchingFixture.header),
        ])
    func refusedFiles(_ file: (rows: String, header: String)) async throws {
        try await MatchingFixture.with { fixture in
            let standing = try fixture.register(Rows.all)
            #expect(throws: RegisterLoad.Failure.self) { try fixture.load(file.rows, header: file.header) }
            #expect(try fixture.number("SELECT active_generation FROM register_state") == Int(standing))
            #expect(try fixture.number("SELECT count(*) FROM register_generation WHERE state = 'failed'") == 1)
            #expect(
                try fixture.number(
                    "SELECT count(*) FROM pg_class WHERE relname = 'register_person_2' AND relnamespace = current_schema()::regnamespace"
                ) == 0)
            #expect(try fixture.handle([dose(1)]) == 2)
        }
    }

    private struct Cut: Error {}

    @Test("MAT-10 a load that breaks in the middle leaves the old generation, and the next load clears it away")
    func brokenLoad() async throws {
        try await MatchingFixture.with { fixture in
            let standing = try fixture.register(Rows.all)
            var chunks: [[UInt8]?] = [nil, Array((MatchingFixture.header + Rows.an).utf8)]
            #expect(throws: Cut.self) {
                try fixture.loader.load(format: .csv, by: "tester") {
                    guard let chunk = chunks.popLast() ?? nil else { throw Cut() }
                    return chunk
                }
            }
            // A process that died: its row says loading, nobody holds the lock.
            try fixture.database.withConnection { connection in
                try connection.script(
                    """
                    INSERT INTO register_generation (state, rule_version, started_at, started_by)
                    VALUES ('loading', '1', now(), 'dead');
                    CREATE TABLE register_person_3 (personal_id bigint)
                    """)
            }
            let next = try fixture.load(Rows.all)
            #expect(next.generation == 4)
            #expect(try fixture.number("SELECT active_generation FROM register_state") == Int(standing))
            #expect(try fixture.number("SELECT count(*) FROM register_generation WHERE state = 'failed'") == 2)
            #expect(throws: RegisterSwitch.Refusal.notReady("failed")) { try fixture.activate(3) }
            #expect(throws: RegisterSwitch.Refusal.noSuchGeneration) { try fixture.activate(99) }
        }
    }

    @Test("MAT-10 of two loads at once one is refused")
    func twoLoads() async throws {
        try await MatchingFixture.with { fixture in
            var chunks = [Array(Rows.all.utf8), Array(MatchingFixture.header.utf8)]
            var second: (any Error)?
            let report = try fixture.loader.load(format: .csv, by: "first") {
                if second == nil {
                    do { try fixture.load(Rows.all) } catch { second = error }
                }
                return chunks.popLast()
            }
            #expect(second as? RegisterLoad.Failure == .anotherLoadRuns)
            #expect(report.persons == 3)
        }
    }

    @Test("MAT-10 many chunks")
    func chunks() async throws {
        try await MatchingFixture.with { fixture in
            var loader = fixture.loader
            loader.chunk = 7
            var number = 0
            let report = try loader.load(format: .ndjson, by: "tester") {
                defer { number += 1 }
                guard number < 100 else { return nil }
                return Array(
                    #"{"personal_id":"079087\#(100_000 + number)","full_name":"Nguyễn Văn \#(number)","sex":"M","date_of_birth":"1987-09-05"}"#
                        .utf8) + [0x0A]
            }
            #expect(report.persons == 100)
            #expect(try fixture.number("SELECT count(DISTINCT full_name) FROM register_person_1") == 100)
        }
    }

    @Test("MAT-07 a switch verifies what is not right, keeps right ones, and says nothing that has not changed")
    func switching() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.an + Rows.binh)
            let hoa = dose(2, name: "Lê Thị Hòa", sex: "F", birth: "28/02/2001", id: "038301000002")
            let emitted = try fixture.handle([dose(1), hoa, dose(3, id: "")])
            try fixture.register(Rows.binh + Rows.hoa)
            try fixture.reverify()
            #expect(
                try fixture.verdicts() == ["R1": "1 right none", "R2": "1 right none", "R3": "1 cannot-verify no-id"])
            let told = fixture.told(emitted + 3)
            #expect(told.count == emitted + 3)
            let verdict = try Verdict(wire: told[emitted].value)
            #expect(verdict.assessment > (try Verdict(wire: told[0].value)).assessment && verdict.doseVersion == 1)
            #expect(try fixture.number("SELECT count(*) FROM reverification WHERE state = 'finished'") == 1)
            #expect(try fixture.countsAreTrue())
        }
    }

    @Test("MAT-07 with scope all a right record that the switch made wrong is found")
    func switchingAll() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.an + Rows.binh)
            let emitted = try fixture.handle([dose(1)])
            try fixture.register(Rows.binh + Rows.hoa, RegisterSwitch.Options(allRecords: true))
            try fixture.reverify()
            #expect(try fixture.verdicts() == ["R1": "1 wrong verified-wrong"])
            let persons = try fixture.personsTold(emitted + 3)
            #expect(persons.map { $0.personKey == nil } == [false, true])
            #expect(persons[1].order > persons[0].order)
            #expect(try fixture.number("SELECT count(*) FROM verdict_history") == 1)
        }
    }

    @Test("MAT-07 a rollback takes back what the abandoned generation found right")
    func rollback() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.an + Rows.binh)
            let first = dose(1)
            try fixture.handle([first])
            let bad = try fixture.register("079087012345,,Nguyễn Văn Khác,M,1987-09-05,\n" + Rows.hoa)
            try fixture.reverify()
            try fixture.handle([dose(2, name: "Nguyễn Văn Khác")])
            #expect(try fixture.verdicts() == ["R1": "1 right none", "R2": "1 right none"])
            #expect(throws: RegisterSwitch.Refusal.notActive) {
                try fixture.database.transaction {
                    try RegisterSwitch.rollBack(from: 1, by: "tester", at: fixture.clock.now(), in: $0)
                }
            }
            let assessment = try fixture.database.transaction {
                try RegisterSwitch.rollBack(from: bad, by: "tester", at: fixture.clock.now(), in: $0)
            }
            try fixture.reverify()
            #expect(try fixture.verdicts() == ["R1": "1 right none", "R2": "1 wrong verified-wrong"])
            #expect(
                try fixture.number("SELECT assessment FROM verdict WHERE source_record_id = 'R2'") == Int(assessment))
            #expect(throws: RegisterSwitch.Refusal.nothingBefore) {
                try fixture.database.transaction {
                    try RegisterSwitch.rollBack(from: 1, by: "tester", at: fixture.clock.now(), in: $0)
                }
            }
        }
    }

    @Test("MAT-07 the assessment only grows, also over a restore: it is at least the time in seconds")
    func assessment() async throws {
        try await MatchingFixture.with { fixture in
            let generation = try fixture.load(Rows.all).generation
            let first = try fixture.activate(generation)
            #expect(first == UInt64(MatchingFixture.noon.microseconds / 1_000_000))
            #expect(try fixture.activate(generation) == first + 1)
            fixture.clock.advance(seconds: 100)
            #expect(try fixture.activate(generation) == first + 100)
        }
    }

    @Test("MAT-07 restate tells every answer again under the new assessment")
    func restate() async throws {
        try await MatchingFixture.with { fixture in
            let generation = try fixture.register(Rows.all)
            let emitted = try fixture.handle([dose(1), dose(2, name: "X"), dose(3, nationality: "US")])
            try fixture.reverify()
            let assessment = try fixture.activate(generation, RegisterSwitch.Options(restate: true))
            try fixture.reverify()
            let told = try fixture.verdictsTold(2 * emitted)
            #expect(told.suffix(3).allSatisfy { $0.assessment == assessment } && told.count == 6)
            #expect(try fixture.countsAreTrue())
        }
    }

    @Test("MAT-10 a generation of less than half the persons needs to be meant")
    func shrinking() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            let small = try fixture.load(Rows.an).generation
            #expect(throws: RegisterSwitch.Refusal.shrinks(from: 3, to: 1)) { try fixture.activate(small) }
            try fixture.activate(small, RegisterSwitch.Options(allowShrink: true))
            #expect(try fixture.number("SELECT active_generation FROM register_state") == Int(small))
        }
    }

    @Test("MAT-10 generations that nobody can go back to are cleared away by the next load")
    func clearing() async throws {
        try await MatchingFixture.with { fixture in
            for _ in 0..<3 { try fixture.register(Rows.all) }
            try fixture.load(Rows.all)
            let states = try fixture.database.transaction { session in
                try session.query("SELECT state FROM register_generation ORDER BY generation", []) { $0.text(0) }
            }
            #expect(states == ["dropped", "ready", "ready", "ready"])
        }
    }
}
