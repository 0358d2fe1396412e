import Observability
import RecordModel
import Storage
import Web

/// Intake's answer to why a dose has no passport (PAS-06): refused here, taken back, or none of Intake's business.
struct WhyRoute: Sendable {
    let database: Database
    let identifiers: RecordIdentifiers

    var routes: [Route] {
        [
            Route(
                .get, "/v1/why/{facility}/{record}", roles: .everyone,
                summary: "Whether this dose is held up at Intake, and who must act.", response: "Why", handler: why)
        ]
    }

    struct Answer: Sendable, Hashable {
        var isKnown: Bool
        var isBlocked: Bool
        var since: Instant?
        var unitCode = ""
        var vi: String
        var en: String
    }

    private func why(_ request: Request) async throws -> Response {
        let facility = request.parameter("facility")
        let record = request.parameter("record")
        let answer = try await database.asyncTransaction { try self.answer(facility, record, in: $0) }
        return .json { json in
            json.member("known", answer.isKnown)
            json.member("step", answer.isBlocked ? "intake" : "none")
            json.member("blocked", answer.isBlocked)
            json.member("since", answer.since?.rfc3339)
            json.member("unit_code", answer.unitCode)
            json.object("reason") {
                $0.member("vi", answer.vi)
                $0.member("en", answer.en)
            }
            json.member("passport", nil as String?)
        }
    }

    func answer(_ facility: String, _ record: String, in transaction: Transaction) throws -> Answer {
        let id = identifiers.doseID(
            facility: facility, facilityHash: RecordIdentifiers.facilityHash(facility), record: record)
        let standing = try transaction.query("SELECT record FROM dose_record WHERE dose_id = $1", [.uuid(id)]) {
            try RecordTable.read($0.bytes(0))
        }
        if let standing = standing.first {
            if standing.status == .withdrawn {
                return Answer(
                    isKnown: true, isBlocked: true, since: standing.recordedAt, unitCode: facility,
                    vi: "cơ sở tiêm chủng đã rút lại mũi tiêm này", en: "the facility has taken this record back")
            }
            return Answer(
                isKnown: true, isBlocked: false, since: standing.recordedAt,
                vi: "mũi tiêm đã được tiếp nhận", en: "the dose was taken in")
        }
        let refusals = try transaction.query(
            """
            SELECT field, rule, refused_at FROM refusal WHERE facility_code = $1 AND source_record_id = $2
            ORDER BY refused_at DESC LIMIT 1
            """,
            [.text(facility), .text(record)]
        ) { (field: $0.text(0), rule: $0.text(1), at: $0.instant(2)) }
        if let refusal = refusals.first {
            let reason = (RefusalRule(rawValue: refusal.rule) ?? .unreadable).explanation
            return Answer(
                isKnown: true, isBlocked: true, since: refusal.at, unitCode: facility,
                vi: "bị từ chối khi tiếp nhận: \(refusal.field): \(reason.vi)",
                en: "refused on entry: \(refusal.field): \(reason.en)")
        }
        return Answer(
            isKnown: false, isBlocked: true, unitCode: facility,
            vi: "cơ sở tiêm chủng chưa nhập mũi tiêm này", en: "the facility has not entered this dose")
    }
}
