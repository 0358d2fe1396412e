import Observability
import RecordModel
import Storage
import Web

/// The rule sets over HTTP: list, propose, try, switch, switch back. For those who hold the register and who run the
/// platform.
struct RuleSetRoutes: Sendable {
    let database: Database
    let clock: any WallClock
    let log: Log

    private static let roles: Set<Role> = [.operator, .nationalPolice]

    var routes: [Route] {
        [
            Route(
                .get, "/v1/rule-sets", roles: Self.roles,
                summary: "The rule sets, which stands and which stood before, and the rules that a set may add.",
                response: "RuleSets", handler: list),
            Route(
                .post, "/v1/rule-sets", roles: Self.roles,
                summary: "Proposes a rule set: version 1 and the named rules that it adds. Changes no verdict.",
                request: Schema(
                    "RuleSetProposal",
                    properties: [
                        Schema.Property("version"), Schema.Property("add", "array", "names of rules"),
                        Schema.Property("note"),
                    ]), response: "RuleSetProposed", handler: propose),
            Route(
                .post, "/v1/rule-sets/{version}/dry-run", roles: Self.roles,
                summary: "Tries a rule set over all records beside the live stream; changes no verdict.",
                response: "DryRunStarted",
                query: [Schema.Property("examples", "integer", "record keys kept of each change, 0 to 100")],
                handler: tryOut),
            Route(
                .post, "/v1/rule-sets/{version}/switch", roles: Self.roles,
                summary: "Makes a rule set the one that judges and verifies again (scope=all|open, without_dry_run).",
                response: "RuleSetSwitched", handler: switchOver),
            Route(
                .post, "/v1/rule-sets/{version}/switch-back", roles: Self.roles,
                summary: "Goes back from this rule set, the standing one, to the one before it.",
                response: "RuleSetSwitched", handler: switchBack),
        ]
    }

    // MARK: Looking

    private func list(_ request: Request) async throws -> Response {
        try await database.asyncTransaction { session in
            let state = try session.query("SELECT rule_version, previous_rule_version FROM register_state", []) {
                ($0.text(0), $0.optionalText(1))
            }[0]
            let sets = try session.query(
                """
                SELECT version, array_to_string(added, ','), note, proposed_at, proposed_by FROM rule_set
                ORDER BY proposed_at, version
                """, []
            ) { Self.json($0, standing: state.0) }
            return Response.json { json in
                json.member("standing", state.0)
                if let previous = state.1 { json.member("previous", previous) }
                json.array("rule_sets") { json in
                    for set in sets { json.element(json: set) }
                }
                json.array("addable_rules") { json in
                    for rule in NormalisationRule.addable { json.element(rule.rawValue) }
                }
            }
        }
    }

    private static func json(_ row: ResultRow, standing: String) -> [UInt8] {
        let (version, added) = (row.text(0), row.text(1))
        let set = try? RuleSets.set(version: version, added: added)
        var json = JSONWriter()
        json.object { json in
            json.member("version", version)
            json.member("standing", version == standing)
            json.member("note", row.text(2))
            json.member("proposed_at", row.instant(3).rfc3339)
            json.member("proposed_by", row.text(4))
            // A set of another version of the service may have rules that are not known here.
            json.member("usable", set != nil)
            json.array("adds") { json in
                for rule in added.split(separator: ",") { json.element(String(rule)) }
            }
            guard let set else { return }
            for (item, rules) in [("names", set.names), ("numbers", set.numbers), ("values", set.values)] {
                json.array(item) { json in
                    for rule in rules { json.element(rule.rawValue) }
                }
            }
        }
        return json.bytes
    }

    // MARK: Proposing and trying

    private struct Proposal: Decodable, Sendable {
        let version: String
        let add: [String]
        let note: String?
    }

    private func propose(_ request: Request) async throws -> Response {
        let proposal = try await request.json(Proposal.self)
        let set = try Self.checked(proposal)
        let (now, subject) = (clock.now(), request.principal.subject)
        let added = try await database.asyncTransaction { session in
            try session.execute(
                """
                INSERT INTO rule_set (version, added, note, proposed_at, proposed_by) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT DO NOTHING
                """,
                [
                    .text(set.version), .texts(set.added.map(\.rawValue)), .text(proposal.note ?? ""), .instant(now),
                    .text(subject),
                ])
        }
        guard added == 1 else { throw Problem.conflict("this version is given already: a set is never changed") }
        log.info("rule set proposed", ["rule_version": .string(set.version), "by": .string(subject)])
        return Response.json(status: 201) { json in
            json.member("version", set.version)
            json.array("adds") { json in
                for rule in set.added { json.element(rule.rawValue) }
            }
        }
    }

    private static func checked(_ proposal: Proposal) throws -> RuleSet {
        let letters = proposal.version.utf8
        let isName = letters.allSatisfy {
            $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x61 && $0 <= 0x7A || $0 == 0x2D || $0 == 0x2E
        }
        guard !letters.isEmpty, letters.count <= 20, isName else {
            throw Problem.unprocessable([("version", "1 to 20 of a-z, 0-9, - and .")])
        }
        guard proposal.note?.utf8.count ?? 0 <= 500 else {
            throw Problem.unprocessable([("note", "at most 500 bytes")])
        }
        let rules = try proposal.add.map { name in
            guard let rule = NormalisationRule(rawValue: name), NormalisationRule.addable.contains(rule) else {
                throw Problem.unprocessable([("add", "only rules that GET /v1/rule-sets names as addable")])
            }
            return rule
        }
        guard !rules.isEmpty else { throw Problem.unprocessable([("add", "at least one rule")]) }
        return RuleSet(version: proposal.version, adding: rules)
    }

    private func tryOut(_ request: Request) async throws -> Response {
        let version = request.parameter("version")
        let examples = try request.integer("examples", in: 0...100, default: 10)
        let (now, subject) = (clock.now(), request.principal.subject)
        let run = try await Self.refusalsAsProblems {
            try await database.asyncTransaction { session in
                try DryRun.begin(of: version, examples: examples, by: subject, at: now, in: session)
            }
        }
        return Response.json(status: 202) { json in
            json.member("run", run)
            json.member("rule_version", version)
        }
    }

    // MARK: Switching

    private func switchOver(_ request: Request) async throws -> Response {
        guard ["open", "all"].contains(request.query["scope"] ?? "all") else {
            throw Problem.badRequest("unknown scope", fields: [("scope", "open or all")])
        }
        let version = request.parameter("version")
        let (allRecords, untried) = (request.query["scope"] != "open", request.query["without_dry_run"] == "true")
        let (now, subject) = (clock.now(), request.principal.subject)
        let assessment = try await Self.refusalsAsProblems {
            try await database.asyncTransaction { session in
                try RuleSetSwitch.switchOver(
                    to: version, allRecords: allRecords, withoutDryRun: untried, by: subject, at: now, in: session)
            }
        }
        return switched("rule set switched", assessment, by: subject)
    }

    private func switchBack(_ request: Request) async throws -> Response {
        let version = request.parameter("version")
        let all = request.query["scope"] == "all"
        let (now, subject) = (clock.now(), request.principal.subject)
        let assessment = try await Self.refusalsAsProblems {
            try await database.asyncTransaction { session in
                try RuleSetSwitch.switchBack(
                    from: version, allRecords: all, by: subject, at: now, in: session)
            }
        }
        return switched("rule set switched back", assessment, by: subject)
    }

    private func switched(_ message: StaticString, _ assessment: UInt64, by subject: String) -> Response {
        log.warning(message, ["assessment": .int(Int(assessment)), "by": .string(subject)])
        return Response.json { $0.member("assessment", assessment) }
    }

    private static func refusalsAsProblems<R>(_ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch RuleSetSwitch.Refusal.noSuchSet {
            throw Problem.notFound(RuleSetSwitch.Refusal.noSuchSet.description)
        } catch DryRun.Refusal.noSuchSet {
            throw Problem.notFound(DryRun.Refusal.noSuchSet.description)
        } catch let refusal as RuleSetSwitch.Refusal {
            throw Problem.conflict(refusal.description)
        } catch let refusal as DryRun.Refusal {
            throw Problem.conflict(refusal.description)
        } catch let unknown as RuleSets.UnknownRule {
            throw Problem.conflict(unknown.description)
        }
    }
}
