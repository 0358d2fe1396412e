import Observability
import RecordModel
import Storage
import Web

/// Records that were amended too often while wrong, and letting one of them be judged (see `HeldRecords`).
struct GuessingRoutes: Sendable {
    let desk: Desk
    let held: HeldRecords
    let guessesPerDay: Int

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

    /// Records that one list looks through, of all territories: more are a case for the holder of the register.
    private static let most = 10_000

    private func list(_ request: Request) async throws -> Response {
        let (least, now) = (guessesPerDay, desk.clock.now())
        return try await desk.look(.guessing, request) { question, session in
            let all = try session.query(
                """
                SELECT \(StoredFinding.columns) FROM verdict v
                WHERE v.guesses >= 2 AND v.guesses >= $1
                    AND (v.guess_day = ($2::timestamptz AT TIME ZONE 'Asia/Ho_Chi_Minh')::date OR v.outcome = 0)
                ORDER BY v.facility_code, v.source_record_id LIMIT \(Self.most)
                """, [.int4(Int32(least)), .instant(now)], StoredFinding.init)
            let mine = all.filter { question.territory.holds(commune: $0.commune) }
            let response = Response.json { json in
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
                json.member("complete", all.count < Self.most)
            }
            return Desk.Seen(response, records: mine.count)
        }
    }

    private func release(_ request: Request) async throws -> Response {
        let (facility, record) = (request.parameter("facility"), request.parameter("record"))
        return try await desk.change(.release, request) { [held] question, session in
            let found = try FindingTable.find(facility: facility, record: record, in: session)
            guard let finding = found, question.territory.holds(commune: finding.commune),
                let outcome = try held.release(finding.doseID, in: session)
            else { return Desk.Seen(refused: .notFound("no record of this territory that waits")) }
            return Desk.Seen(
                Response.json { $0.member("outcome", outcome.label) }, records: 1, of: finding.doseID)
        }
    }
}
