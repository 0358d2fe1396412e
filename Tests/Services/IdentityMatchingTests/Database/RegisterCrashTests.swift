import Foundation
import RecordModel
import ServiceRuntime
import Storage
import Tabular
import TestSupport
import Testing

@testable import IdentityMatching

@Suite("The register under bad input and crashes")
struct RegisterCrashTests {
    private static func rows(_ range: Range<Int>, end: String = "\n") -> String {
        range.map { "0790870\(10_000 + $0),,Nguyễn Thị Số \($0),F,1987-09-05,26740\(end)" }.joined()
    }

    private static func load(
        _ fixture: MatchingFixture, chunks: [String], adapt: (inout RegisterLoad) -> Void = { _ in },
        before: (Int) throws -> Void = { _ in }
    ) throws -> RegisterLoad.Report {
        var loader = fixture.loader
        adapt(&loader)
        var next = 0
        return try loader.load(format: .csv, by: "tester") {
            defer { next += 1 }
            try before(next)
            return next < chunks.count ? Array(chunks[next].utf8) : nil
        }
    }

    private static func stands(_ fixture: MatchingFixture, _ generation: Int32) throws {
        #expect(try fixture.number("SELECT active_generation FROM register_state") == Int(generation))
        #expect(try fixture.handle([dose(.random(in: 1_000...1_000_000_000))]) == 2)
    }

    @Test("MAT-10 five megabytes with a byte order mark and CRLF, and twins that differ in one digit")
    func largeFile() async throws {
        try await MatchingFixture.with { fixture in
            let twins = (1...2).map { "07908790000\($0),,Nguyễn Thị Song,F,1990-02-03,26740\r\n" }.joined()
            let header = MatchingFixture.header.dropLast() + "\r\n"
            let file = "\u{FEFF}" + header + Self.rows(0..<85_000, end: "\r\n") + twins
            #expect(file.utf8.count > 5_000_000)
            var rest = Array(file.utf8)[...]
            let report = try fixture.loader.load(format: nil, by: "tester") {
                let part = rest.prefix(65_521)
                rest = rest.dropFirst(65_521)
                return part.isEmpty ? nil : Array(part)
            }
            #expect(report.persons == 85_002 && report.refused == 0)
            try fixture.activate(report.generation)
            let song = { (number: Int, id: String) in
                dose(number, name: "Nguyễn Thị Song", sex: "F", birth: "1990-02-03", id: id)
            }
            try fixture.handle([song(1, "079087900001"), song(2, "079087900002"), song(3, "079087900003")])
            #expect(
                try fixture.verdicts() == ["R1": "1 right none", "R2": "1 right none", "R3": "1 wrong verified-wrong"])
            let links = try fixture.personsTold(5)
            #expect(links.count == 2 && links[0].personKey != links[1].personKey)
        }
    }

    @Test(
        "MAT-10 of rows that come again in other chunks the first stands; as many are listed as asked for, all are counted"
    )
    func repeated() async throws {
        try await MatchingFixture.with { fixture in
            let again = Self.rows(0..<500).replacing("Thị Số", with: "Văn Khác")
            let report = try Self.load(
                fixture, chunks: [MatchingFixture.header + Self.rows(0..<1_000), again],
                adapt: {
                    $0.chunk = 10
                    $0.listed = 7
                })
            #expect(report.persons == 1_000 && report.refused == 500 && report.refusals.count == 7)
            #expect(report.refusals.first == .init(line: 1_002, column: "personal_id", rule: "must not come twice"))
            #expect(try fixture.number("SELECT count(*) FROM register_person_1 WHERE full_name LIKE '%Khác%'") == 0)
        }
    }

    @Test("MAT-10 a copying connection that is killed ends the load; the old generation stands and the next load works")
    func killedCopier() async throws {
        try await MatchingFixture.with { fixture in
            let standing = try fixture.register(Rows.all)
            let chunks = [MatchingFixture.header] + (0..<40).map { Self.rows(1_000 * $0..<1_000 * ($0 + 1)) }
            #expect(throws: (any Error).self) {
                try Self.load(fixture, chunks: chunks, adapt: { $0.chunk = 500 }) { number in
                    guard number == 20 else { return }
                    let killed = try fixture.number(
                        """
                        SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_activity a
                        JOIN pg_locks l ON l.pid = a.pid JOIN pg_class c ON c.oid = l.relation
                        WHERE c.relname = 'register_person_2' AND c.relnamespace = current_schema()::regnamespace
                        """)
                    // Between two copies nobody holds the table: then the loader itself is killed.
                    if killed == 0 { try Self.killLoader(fixture) }
                }
            }
            try Self.stands(fixture, standing)
            #expect(try fixture.load(Rows.all).generation == 3)
            #expect(try fixture.number("SELECT count(*) FROM register_generation WHERE state = 'failed'") == 1)
        }
    }

    private static func killLoader(_ fixture: MatchingFixture) throws {
        _ = try fixture.number(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_locks
            WHERE locktype = 'advisory' AND classid::bigint = (hashtext('tiemchung.register-load')::bigint & 4294967295)
                AND objid::bigint = (hashtext(current_schema())::bigint & 4294967295)
            """)
    }

    @Test("MAT-10 a loader whose own connection is killed leaves a load that the next one clears away")
    func killedLoader() async throws {
        try await MatchingFixture.with { fixture in
            let standing = try fixture.register(Rows.all)
            #expect(throws: StorageError.self) {
                try Self.load(
                    fixture, chunks: [MatchingFixture.header, Self.rows(0..<5_000)],
                    before: { number in if number == 2 { try Self.killLoader(fixture) } })
            }
            try Self.stands(fixture, standing)
            #expect(try fixture.number("SELECT count(*) FROM register_generation WHERE state = 'loading'") == 1)
            #expect(try fixture.load(Rows.all).generation == 3)
            #expect(try fixture.number("SELECT count(*) FROM register_generation WHERE state = 'failed'") == 1)
            #expect(
                try fixture.number(
                    "SELECT count(*) FROM pg_class WHERE relname = 'register_person_2' AND relnamespace = current_schema()::regnamespace"
                ) == 0)
        }
    }

    @Test("MAT-10 whatever a dead load left is cleared away; a table that somebody reads goes the next time")
    func clearedAway() async throws {
        try await MatchingFixture.with { fixture in
            let standing = try fixture.register(Rows.all)
            // Died while loading; after it was marked as failed; after a generation was marked as dropped.
            try fixture.database.withConnection { connection in
                try connection.script(
                    """
                    INSERT INTO register_generation (state, rule_version, started_at, started_by) VALUES
                        ('failed', '1', now(), 'x'), ('dropped', '1', now(), 'x'), ('loading', '1', now(), 'dead');
                    CREATE TABLE register_person_2 (personal_id bigint);
                    CREATE TABLE register_person_3 (personal_id bigint);
                    CREATE TABLE register_person_4 (personal_id bigint)
                    """)
            }
            let generations = RegisterGenerations(
                database: fixture.database, clock: fixture.clock, log: TestPostgres.log)
            func clear() throws { _ = try generations.alone { try generations.clear(on: $0) } }
            func tables() throws -> [String] {
                try fixture.database.withConnection { connection in
                    try connection.query(
                        """
                        SELECT relname::text FROM pg_class WHERE relname ~ '^register_person_[0-9]+$'
                            AND relnamespace = current_schema()::regnamespace ORDER BY 1
                        """, []
                    ) { $0.text(0) }
                }
            }
            try fixture.database.transaction { session in
                try session.execute("LOCK TABLE register_person_3 IN ACCESS SHARE MODE")
                try clear()
            }
            #expect(try tables() == ["register_person_1", "register_person_3"])
            try clear()
            #expect(try tables() == ["register_person_1"])
            #expect(try fixture.number("SELECT count(*) FROM register_generation WHERE state = 'loading'") == 0)
            try Self.stands(fixture, standing)
        }
    }

    @Test("MAT-10 nobody clears away a load that goes on, and a load does not wait for long")
    func loadGoesOn() async throws {
        try await MatchingFixture.with { fixture in
            let generations = RegisterGenerations(
                database: fixture.database, clock: fixture.clock, log: TestPostgres.log)
            let report = try Self.load(
                fixture, chunks: [MatchingFixture.header, Self.rows(0..<100)],
                before: { number in
                    guard number == 1 else { return }
                    let cleared: Void? = try generations.alone { try generations.clear(on: $0) }
                    #expect(cleared == nil)
                })
            #expect(report.persons == 100)
        }
    }

    @Test("MAT-12 half an index file of a load that was given up is removed")
    func halfIndex() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            let gone = try fixture.load(Rows.all).generation
            try fixture.indexes.ensure(gone)
            try fixture.database.withConnection { connection in
                try connection.script("UPDATE register_generation SET state = 'dropped' WHERE generation = \(gone)")
            }
            let index = try #require(
                try FileManager.default.contentsOfDirectory(atPath: fixture.directory).first {
                    $0.hasPrefix("register-\(gone)-") && $0.hasSuffix(".index")
                })
            let half = fixture.directory + "/" + index + ".building"
            #expect(FileManager.default.createFile(atPath: half, contents: Data([1])))
            try fixture.indexes.keepUp(until: StopSignal())
            let left = try FileManager.default.contentsOfDirectory(atPath: fixture.directory)
            #expect(!left.contains { $0.hasPrefix("register-\(gone)-") })
        }
    }

    @Test(
        "MAT-10 a switch whose connection is cut at its commit has taken place as a whole or not at all",
        arguments: [CuttingProxy.Cut.beforeCommit, .afterCommit])
    func cutSwitch(_ cut: CuttingProxy.Cut) async throws {
        try await MatchingFixture.with { fixture in
            let standing = try fixture.register(Rows.all)
            let next = try fixture.load(Rows.all).generation
            let server = try TestPostgres.shared()
            let proxy = try CuttingProxy(target: server.port)
            defer { proxy.stop() }
            var configuration = fixture.database.configuration
            configuration.url = configuration.url.replacing(":\(server.port)", with: ":\(proxy.port)")
            let database = Database(configuration, log: TestPostgres.log)
            defer { database.close() }
            proxy.cutNext(cut)
            #expect(throws: StorageError.self) {
                try database.transaction {
                    try RegisterSwitch.activate(next, by: "tester", at: fixture.clock.now(), in: $0)
                }
            }
            let stands = cut == .afterCommit ? next : standing
            try Self.stands(fixture, stands)
            // Whatever happened, asking again makes it so.
            try fixture.activate(next)
            try Self.stands(fixture, next)
            #expect(try fixture.number("SELECT count(*) FROM reverification WHERE state = 'running'") == 1)
        }
    }
}
