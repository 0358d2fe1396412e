import RecordModel
import Storage
import Testing

@testable import IdentityMatching

@Suite("Rule sets: trying, switching, switching back")
struct RuleSetSwitchTests {
    /// R1 right under both, R2 right under 2 only, R3 readable under 2 only and right, R4 wrong under both, R5 without number.
    private static let records = [
        dose(1), dose(2, name: "Nguyễn-Văn An."), dose(3, birth: "05-09-1987", id: "'079-087-012-345"),
        dose(4, name: "Nguyễn Văn Ân"), dose(5, id: ""),
    ]

    private func tryOut(_ fixture: MatchingFixture, _ version: String = "2", examples: Int = 10) throws -> Int64 {
        let run = try fixture.database.transaction {
            try DryRun.begin(of: version, examples: examples, by: "tester", at: fixture.clock.now(), in: $0)
        }
        let runner = fixture.dryRunner()
        while try runner.step() == .advanced {}
        return run
    }

    @discardableResult
    private func switchOver(
        _ fixture: MatchingFixture, to version: String = "2", allRecords: Bool = true, withoutDryRun: Bool = false
    ) throws -> UInt64 {
        try fixture.database.transaction {
            try RuleSetSwitch.switchOver(
                to: version, allRecords: allRecords, withoutDryRun: withoutDryRun, by: "tester",
                at: fixture.clock.now(), in: $0)
        }
    }

    private func ruleVersions(_ fixture: MatchingFixture) throws -> [String: String] {
        let rows = try fixture.database.transaction { session in
            try session.query("SELECT source_record_id, rule_version FROM verdict", []) { ($0.text(0), $0.text(1)) }
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    @Test("MAT-02 the sets of the migration are those of the program, and version 1 stands")
    func rows() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.database.transaction { session in
                for set in RuleSet.builtIn { #expect(try RuleSets.named(set.version, in: session) == set) }
                #expect(try RuleSets.problem(in: session) == nil)
                try session.execute("INSERT INTO rule_set VALUES ('9', '{soundex}', '', now(), 'future')", [])
                try session.execute("UPDATE register_state SET rule_version = '9'", [])
                let problem = try RuleSets.problem(in: session)
                #expect(problem?.contains("soundex") == true)
            }
        }
    }

    @Test("MAT-07 a dry run says what would change from which answer to which, and changes nothing")
    func dryRun() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            let emitted = try fixture.handle(Self.records)
            let before = try fixture.verdicts()
            let run = try tryOut(fixture)
            #expect(try fixture.verdicts() == before)
            #expect(try fixture.number("SELECT changed FROM dry_run WHERE run = \(run) AND state = 'finished'") == 2)
            #expect(try fixture.number("SELECT done FROM dry_run") == 5)
            let changes = try fixture.database.transaction { session in
                try session.query(
                    """
                    SELECT from_outcome, from_grp, to_outcome, to_grp, records, by_register FROM dry_run_change
                    ORDER BY from_outcome
                    """, []
                ) { row in (0..<6).map { row.int($0) } }
            }
            #expect(changes == [[2, 5, 1, 1, 1, 0], [3, 3, 1, 1, 1, 0]])
            let examples = try fixture.database.transaction { session in
                try session.query(
                    "SELECT facility_code || ' ' || source_record_id FROM dry_run_example ORDER BY 1", []
                ) { $0.text(0) }
            }
            #expect(examples == ["79001 R2", "79001 R3"])
            // Nothing was told, and the assessment stands.
            #expect(fixture.told(emitted).count == emitted)
            #expect(try fixture.number("SELECT count(DISTINCT assessment) FROM verdict") == 1)
        }
    }

    @Test("MAT-07 what the register alone would change is counted apart")
    func byRegister() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.an + Rows.binh)
            try fixture.handle([dose(1), dose(2, name: "Nguyễn-Văn An")])
            // R1 stays right until somebody verifies everything again.
            try fixture.register(Rows.binh + Rows.hoa)
            try fixture.reverify()
            _ = try tryOut(fixture)
            #expect(try fixture.number("SELECT records FROM dry_run_change WHERE from_outcome = 1") == 1)
            #expect(try fixture.number("SELECT by_register FROM dry_run_change WHERE from_outcome = 1") == 1)
            #expect(try fixture.number("SELECT count(*) FROM dry_run_change") == 1)
        }
    }

    @Test("MAT-07 a switch in the middle of a dry run starts it again; examples are at most as many as asked")
    func restarted() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            try fixture.handle((0..<600).map { dose($0, name: "Nguyễn-Văn-An") })
            try fixture.database.transaction {
                _ = try DryRun.begin(of: "2", examples: 3, by: "tester", at: fixture.clock.now(), in: $0)
            }
            let runner = fixture.dryRunner()
            #expect(try runner.step(blocks: 4) == .advanced)
            #expect(try fixture.number("SELECT done FROM dry_run") > 0)
            #expect(throws: DryRun.Refusal.anotherRuns) {
                try fixture.database.transaction {
                    _ = try DryRun.begin(of: "1", examples: 3, by: "tester", at: fixture.clock.now(), in: $0)
                }
            }
            try fixture.register(Rows.all)
            while try runner.step(blocks: 4) == .advanced {}
            #expect(try fixture.number("SELECT restarts FROM dry_run") == 1)
            #expect(try fixture.number("SELECT done FROM dry_run") == 600)
            #expect(try fixture.number("SELECT records FROM dry_run_change") == 600)
            #expect(try fixture.number("SELECT count(*) FROM dry_run_example") == 3)
        }
    }

    @Test("MAT-07 a switch steps the assessment, verifies everything again, and the verdict carries the set")
    func switching() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            let emitted = try fixture.handle(Self.records)
            #expect(throws: RuleSetSwitch.Refusal.notTried) { try switchOver(fixture) }
            _ = try tryOut(fixture)
            let assessment = try switchOver(fixture)
            #expect(throws: RuleSetSwitch.Refusal.stands) { try switchOver(fixture) }
            try fixture.reverify()
            #expect(
                try fixture.verdicts() == [
                    "R1": "1 right none", "R2": "1 right none", "R3": "1 right none", "R4": "1 wrong verified-wrong",
                    "R5": "1 cannot-verify no-id",
                ])
            #expect(Set(try ruleVersions(fixture).values) == ["2"])
            let told = try fixture.verdictsTold(emitted + 5 + 3 + 4)
            #expect(told.count == 10)
            #expect(told.suffix(5).allSatisfy { $0.ruleVersion == "2" && $0.assessment == assessment })
            #expect(try fixture.number("SELECT count(*) FROM verdict_history WHERE rule_version = '1'") == 5)
            // What comes now is judged by the set that stands; R2's first try would have been wrong.
            try fixture.handle([dose(6, name: "Nguyễn Văn-An")])
            #expect(try fixture.verdicts()["R6"] == "1 right none")
            #expect(try fixture.countsAreTrue())
        }
    }

    @Test("MAT-07 switching back takes back what the abandoned set found right")
    func switchingBack() async throws {
        try await MatchingFixture.with { fixture in
            try fixture.register(Rows.all)
            try fixture.handle(Self.records)
            try switchOver(fixture, allRecords: false, withoutDryRun: true)
            try fixture.reverify()
            #expect(try ruleVersions(fixture)["R1"] == "1")
            #expect(try fixture.verdicts()["R2"] == "1 right none")
            #expect(throws: RuleSetSwitch.Refusal.doesNotStand) {
                try fixture.database.transaction {
                    _ = try RuleSetSwitch.switchBack(from: "1", by: "tester", at: fixture.clock.now(), in: $0)
                }
            }
            let back = try fixture.database.transaction {
                try RuleSetSwitch.switchBack(from: "2", by: "tester", at: fixture.clock.now(), in: $0)
            }
            try fixture.reverify()
            #expect(
                try fixture.verdicts() == [
                    "R1": "1 right none", "R2": "1 wrong verified-wrong", "R3": "1 cannot-verify bad-format",
                    "R4": "1 wrong verified-wrong", "R5": "1 cannot-verify no-id",
                ])
            #expect(Set(try ruleVersions(fixture).values) == ["1"])
            #expect(try fixture.number("SELECT assessment FROM verdict WHERE source_record_id = 'R2'") == Int(back))
            #expect(throws: RuleSetSwitch.Refusal.nothingBefore) {
                try fixture.database.transaction {
                    _ = try RuleSetSwitch.switchBack(from: "1", by: "tester", at: fixture.clock.now(), in: $0)
                }
            }
            #expect(try fixture.countsAreTrue())
        }
    }

    @Test(
        "MAT-07 a register switch under a set keeps the set; a set switched before any register stands judges from the first"
    )
    func bothKinds() async throws {
        try await MatchingFixture.with { fixture in
            try switchOver(fixture)
            #expect(try fixture.number("SELECT count(*) FROM reverification") == 0)
            try fixture.handle([dose(2, name: "Nguyễn-Văn An")])
            try fixture.register(Rows.all)
            try fixture.reverify()
            #expect(try fixture.verdicts() == ["R2": "1 right none"])
            try fixture.register(Rows.all)
            #expect(try fixture.number("SELECT count(*) FROM register_switch WHERE rule_version = '2'") == 3)
        }
    }
}
