import Observability
import RecordModel
import Storage
import Web

/// How many records stand where. The five numbers of the reconciliation (REP-09) add up to all records that were seen.
struct VerdictCounts: Sendable {
    private(set) var byOutcome: [Outcome: Int64] = [:]
    private(set) var byGroup: [InvalidGroup: Int64] = [:]
    private(set) var waiting: Int64 = 0
    /// Of all: taken back by their facility.
    private(set) var withdrawn: Int64 = 0
    /// Not right although a number of the form of a personal id is there: all the health side can know (MAT-09).
    private(set) var personalIDNotRight: Int64 = 0
    /// Of those: the register knows the number, and name or birth date differ. Police side only.
    private(set) var knownPersonalIDOtherNameOrDate: Int64 = 0

    var judged: Int64 { byOutcome.values.reduce(0, +) }

    static func read(in session: Transaction) throws -> VerdictCounts {
        let rows = try session.query(
            "SELECT outcome, grp, traits, sum(records)::int8 FROM verdict_count GROUP BY outcome, grp, traits", []
        ) { (VerdictStore.CountKey(outcome: $0.int4(0), group: $0.int4(1), traits: $0.int4(2)), $0.int8(3)) }
        var counts = VerdictCounts()
        for (key, records) in rows { counts.add(key, records) }
        return counts
    }

    private mutating func add(_ key: VerdictStore.CountKey, _ records: Int64) {
        let traits = DecisionTraits(rawValue: key.traits)
        if traits.contains(.withdrawn) { withdrawn += records }
        guard let outcome = Outcome(rawValue: key.outcome), let group = InvalidGroup(rawValue: key.group) else {
            waiting += records
            return
        }
        byOutcome[outcome, default: 0] += records
        if group != .none { byGroup[group, default: 0] += records }
        guard outcome == .wrong || outcome == .cannotVerify, traits.contains(.personalID) else { return }
        personalIDNotRight += records
        if traits.contains(.numberKnown), !traits.isDisjoint(with: [.nameDiffers, .birthDateDiffers]) {
            knownPersonalIDOtherNameOrDate += records
        }
    }

    /// Names and numbers; those of the police side only where asked for.
    func named(withPoliceSide: Bool) -> [(String, Int64)] {
        var named: [(String, Int64)] = [("judged", judged)]
        for outcome in Outcome.allCases { named.append((outcome.label, byOutcome[outcome] ?? 0)) }
        named.append(("not-yet-verified", waiting))
        for group in InvalidGroup.allCases where group != .none { named.append((group.label, byGroup[group] ?? 0)) }
        named.append(("withdrawn", withdrawn))
        named.append(("personal-id-not-right", personalIDNotRight))
        if withPoliceSide { named.append(("known-personal-id-other-name-or-date", knownPersonalIDOtherNameOrDate)) }
        return named
    }

    static func route(_ database: Database) -> Route {
        Route(
            .get, "/v1/counts",
            roles: Set<Role>.police.union([.operator, .mohIT, .preventiveMedicine, .healthDepartment, .cdc]),
            summary: "Records by outcome and group; they add up to all records.", response: "MatchingCounts"
        ) { request in
            let counts = try await database.asyncTransaction { try VerdictCounts.read(in: $0) }
            let withPoliceSide = Set<Role>.police.contains(request.principal.role)
            return Response.json { json in
                for (name, value) in counts.named(withPoliceSide: withPoliceSide) { json.member(name, value) }
            }
        }
    }
}
