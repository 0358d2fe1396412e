import RecordModel
import Storage

/// The open task that keeps a record from its passport (PAS-06).
struct Blocking: Sendable {
    var isKnown: Bool
    var task: StoredTask?
    var group: InvalidGroup = .none

    static func find(
        facilityCode: String, sourceRecordID: String, in session: some SQLSession
    ) throws -> Blocking {
        let doses = try session.run(DoseOfRecord(facilityCode: facilityCode, sourceRecordID: sourceRecordID))
        guard let dose = doses.first else { return Blocking(isKnown: false) }
        let tasks = try session.run(TasksOfSubjects(subjectIDs: [dose.subjectID]))
        // The longest waiting first; the kinds of this record only.
        let open = tasks.filter { $0.closedAt == nil && dose.facts.problems.contains(Problems($0.kind)) }
        return Blocking(
            isKnown: true, task: open.min { $0.createdAt < $1.createdAt }, group: dose.facts.group)
    }

    var vietnamese: String {
        guard let task else {
            return isKnown ? "Không có việc cần sửa" : "Chưa có dữ liệu về mũi tiêm này"
        }
        switch (task.progress.state, task.kind) {
        case (.corrected, _): return "Đã sửa, đang chờ xác thực lại"
        case (.confirmed, _): return "Công an xác nhận đúng như đã nhập, chờ cập nhật cơ sở dữ liệu dân cư"
        case (.noSuchPerson, _): return "Công an không xác định được người này; cơ sở tiêm cần rà soát lại"
        case (_, .doseField): return "Số mũi tiêm không hợp lệ, cơ sở tiêm cần xác nhận"
        case (_, .identityConflict): return "Cơ sở nhập thông tin khác với thông tin Công an đã xác nhận"
        case (_, .registerDisagrees): return "Thông tin từng đúng nay không khớp cơ sở dữ liệu dân cư"
        case (_, .identity):
            switch group {
            case .noID: return "Thiếu số CCCD/CMND, cần Công an xác minh và bổ sung"
            case .badFormat: return "Số CCCD/CMND sai định dạng, cần Công an xác minh"
            case .missingItem: return "Thiếu thông tin bắt buộc khác, cần Công an xác minh và bổ sung"
            case .verifiedWrong, .none: return "Thông tin cá nhân không khớp, cần Công an xác minh"
            }
        }
    }

    var english: String {
        guard let task else { return isKnown ? "Nothing is to be corrected" : "Nothing is known about this dose here" }
        switch (task.progress.state, task.kind) {
        case (.corrected, _): return "Corrected; waiting to be verified again"
        case (.confirmed, _): return "Police confirm it as typed; waiting for the population register"
        case (.noSuchPerson, _): return "Police know no such person; the giving facility must look again"
        case (_, .doseField): return "The dose number cannot be; the giving facility must confirm it"
        case (_, .identityConflict): return "The facility typed another identity than police had confirmed"
        case (_, .registerDisagrees): return "Was right and no longer agrees with the population register"
        case (_, .identity):
            switch group {
            case .noID: return "The identity number is missing; police must verify and add it"
            case .badFormat: return "The identity number has the wrong form; police must verify it"
            case .missingItem: return "A mandatory item is missing; police must verify and add it"
            case .verifiedWrong, .none:
                return "The person's data do not agree with the register; police must verify them"
            }
        }
    }
}
