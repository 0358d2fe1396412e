import Observability
import RecordModel
import Storage
import Web

/// Whether the identity check is what keeps a dose from its passport (PAS-06). Says nothing of the register: the group
/// and the hints are deduced from the record (AUT-17).
struct Why: Sendable {
    let database: Database
    let limits: RateLimits

    private static let facilityRoles: Set<Role> = [.facilityStaff, .facilityHead]

    var route: Route {
        Route(
            .get, "/v1/why/{facility}/{record}", roles: .everyone, scope: .unit,
            summary: "Whether the identity check blocks this dose's passport, since when, and who must act.",
            response: "Why", handler: answer)
    }

    private func answer(_ request: Request) async throws -> Response {
        // Who holds the register, or runs the platform, learns nothing here; others may not ask without end.
        if Set<Role>.health.contains(request.principal.role) { try limits.admit(request.principal) }
        let (facility, record) = (request.parameter("facility"), request.parameter("record"))
        if Self.facilityRoles.contains(request.principal.role), request.principal.unit != facility {
            throw Problem.forbidden("a facility may ask about its own records")
        }
        let found = try await database.asyncTransaction { session in
            let rows = try session.query(
                """
                SELECT outcome, grp, decided_at, typed, (traits & 64) <> 0, dose_id, rule_version FROM verdict
                WHERE facility_code = $1 AND source_record_id = $2 ORDER BY decided_at DESC LIMIT 1
                """, [.text(facility), .text(record)]
            ) {
                (
                    Outcome(rawValue: $0.int4(0)), InvalidGroup(rawValue: $0.int4(1)) ?? .none, $0.instant(2),
                    $0.bytes(3), $0.bool(4), $0.uuid(5, as: DoseID.self), $0.text(6)
                )
            }
            return try rows.map { row in
                let hints = try Self.hints(row.5, row.3, outcome: row.0, ruleVersion: row.6, in: session)
                return (row.0, row.1, row.2, hints, row.4)
            }.first
        }
        guard let (outcome, group, since, hints, isHeld) = found else {
            return Response.json { json in
                json.member("known", false)
                json.member("step", "none")
                json.member("blocked", false)
            }
        }
        let isBlocked = outcome != .right
        return Response.json { json in
            json.member("known", true)
            json.member("step", isBlocked ? "identity" : "none")
            json.member("blocked", isBlocked)
            json.member("since", since.rfc3339)
            json.member("unit_code", facility)
            let reason = isHeld ? Self.heldReason : Self.reason(outcome, group)
            json.object("reason") { json in
                json.member("vi", reason.vi)
                json.member("en", reason.en)
            }
            if let hints {
                json.array("hints") { json in
                    for hint in hints { json.element(hint) }
                }
            }
        }
    }

    /// As they are now: the facility's other records may have changed since the verdict was told.
    private static func hints(
        _ dose: DoseID, _ packed: [UInt8], outcome: Outcome?, ruleVersion: String, in session: Transaction
    ) throws -> [String]? {
        guard let outcome, let typed = TypedItems(packed: packed) else { return nil }
        var readers = try RuleReaders(in: session)
        var hints = readers.hints(for: typed, outcome: outcome, ruleVersion: ruleVersion)
        if outcome == .wrong || outcome == .cannotVerify, !(try OwnNumbers.shared([dose], in: session)).isEmpty {
            hints.append(Hint.duplicateNumber.rawValue)
        }
        return hints
    }

    static let heldReason = (
        vi: "Đã sửa quá nhiều lần trong ngày: chờ Công an cấp xã xác nhận, hoặc đối sánh lại vào ngày hôm sau",
        en: "Amended too often today: waits for the commune police to confirm, or for the next day"
    )

    static func reason(_ outcome: Outcome?, _ group: InvalidGroup) -> (vi: String, en: String) {
        switch (outcome, group) {
        case (nil, _):
            (
                "Chưa xác thực: chưa có dữ liệu dân cư đang hoạt động",
                "Not yet verified: no population register is active"
            )
        case (.right, _): ("Đã xác thực đúng", "Verified right")
        case (.exempt, _):
            (
                "Không phải công dân Việt Nam: không xác thực, chưa ký được",
                "Not a citizen of Viet Nam: not verified, and not signable yet"
            )
        case (_, .noID): ("Không có CCCD/Mã định danh", "No citizen's card or personal identification number")
        case (_, .badFormat):
            ("CCCD/Mã định danh sai định dạng", "Citizen's card or personal identification number of a wrong format")
        case (_, .missingItem): ("Thiếu thông tin bắt buộc khác", "Another mandatory item is missing")
        case (_, .verifiedWrong), (_, .none): ("Xác minh sai thông tin", "Verified as wrong")
        }
    }
}
