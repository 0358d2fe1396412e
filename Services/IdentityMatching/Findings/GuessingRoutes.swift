import Observability
import RecordModel
import Storage
import Web

/// Records that were amended too often while wrong, and letting one of them be judged (see `HeldRecords`).
struct GuessingRoutes: Sendable {
    let database: Database
    let held: HeldRecords
    let limits: RateLimits
    let guessesPerDay: Int
    let clock: any WallClock

    var routes: [Route] {
        [
            Route(
                .get, "/v1/guessing", roles: .police, scope: .territory,
                summary: "Records of the territory whose amendments keep guessing, today's and those that still wait.",
                response: "Guessing", query: [Purpose.query, Purpose.referenceQuery], handler: list),
            Route(
                .post, "/v1/guessing/{facility}/{record}/release", roles: .police, scope: .territory,
                summary: "Has a record that waits judged now, and begins its count anew.", response: "GuessingReleased",
                query: [Purpose.query, Purpose.referenceQuery], handler: release),
        ]
    }

    private func list(_ request: Request) async throws -> Response {
        let principal = request.principal
        try limits.admit(principal)
        let access = try FindingAccess(.guessing, request)
        let now = clock.now()
        let least = guessesPerDay
        return try await database.asyncTransaction { session in
            let territory = try Territory.required(of: principal, in: session)
            let all = try session.query(
                """
                SELECT \(StoredFinding.columns) FROM verdict v
                WHERE v.guesses >= 2 AND v.guesses >= $1
                    AND (v.guess_day = ($2::timestamptz AT TIME ZONE 'Asia/Ho_Chi_Minh')::date OR v.outcome = 0)
                ORDER BY v.facility_code, v.source_record_id LIMIT 10000
                """, [.int4(Int32(least)), .instant(now)], StoredFinding.init)
            let mine = try all.filter { try FindingTable.holds(territory, $0, in: session) }
            var seen = access
            seen.records = Int64(mine.count)
            try seen.record(principal, at: now, in: session)
            return Response.json { json in
                json.array("records") { json in
                    for record in mine {
                        json.object { json in
                            json.member("facility_code", record.facilityCode)
                            json.member("source_record_id", record.sourceRecordID)
                            json.member("version", record.version)
                            json.member("wrong_versions", record.guesses)
                            json.member("waits", record.outcome == nil)
                            json.member("since", record.decidedAt.rfc3339)
                        }
                    }
                }
            }
        }
    }

    private func release(_ request: Request) async throws -> Response {
        let principal = request.principal
        try limits.admit(principal)
        let access = try FindingAccess(.release, request)
        let (facility, record) = (request.parameter("facility"), request.parameter("record"))
        let (held, now) = (held, clock.now())
        let outcome: Outcome? = try await database.asyncTransaction { session in
            let territory = try Territory.required(of: principal, in: session)
            let found = try FindingTable.find(facility: facility, record: record, in: session)
            guard let finding = found, try FindingTable.holds(territory, finding, in: session),
                let outcome = try held.release(finding.doseID, in: session)
            else { return nil }
            var seen = access
            seen.doseID = finding.doseID
            seen.records = 1
            try seen.record(principal, at: now, in: session)
            return outcome
        }
        guard let outcome else { throw Problem.notFound("no record of this territory that waits") }
        return Response.json { $0.member("outcome", outcome.label) }
    }
}
