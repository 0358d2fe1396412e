/// Why a row was refused: which field broke which rule. Never a value, so that it may be kept, shown and logged.
struct RuleFailure: Error, Hashable, Sendable {
    /// The column's name as in the dose stream.
    var field: String
    var rule: RefusalRule
}

/// The rules by which a row is refused. Raw values are stable: they stand in refusals, row results and error lists.
/// Dirt in the four identity items is not among them: it is accepted as typed and judged by matching.
enum RefusalRule: String, Hashable, Sendable, CaseIterable {
    case missing
    case tooLong = "too-long"
    case unknownFacility = "unknown-facility"
    case notAFacility = "not-a-facility"
    case otherFacility = "not-own-facility"
    case unreadable
    case ahead = "ahead-of-time"
    case inTheFuture = "in-the-future"
    case beforeStart = "before-start"
    case unknownVaccine = "unknown-vaccine"
    case unknownValue = "unknown-value"

    /// For the person who sent the row.
    var explanation: (vi: String, en: String) {
        switch self {
        case .missing: ("thiếu giá trị bắt buộc", "a required value is missing")
        case .tooLong: ("giá trị quá dài", "the value is too long")
        case .unknownFacility:
            ("mã cơ sở tiêm chủng không có trong danh mục", "the facility code is not in the list of units")
        case .notAFacility: ("đơn vị này không phải cơ sở tiêm chủng", "this unit gives no doses")
        case .otherFacility:
            ("mũi tiêm của cơ sở khác với tài khoản đăng nhập", "the dose is of another facility than the token's")
        case .unreadable: ("không đọc được giá trị", "the value cannot be read")
        case .ahead: ("thời điểm nhập sau thời điểm nhận", "the time of entry lies after the time of receipt")
        case .inTheFuture: ("ngày tiêm ở tương lai", "the injection date lies in the future")
        case .beforeStart:
            (
                "ngày tiêm trước ngày bắt đầu tiêm chủng tại Việt Nam; chỉ nhận nếu tiêm ở nước ngoài",
                "the injection date lies before the start in Viet Nam; accepted only with the country where it was given"
            )
        case .unknownVaccine: ("vắc xin không có trong danh mục", "the vaccine is not in the value set")
        case .unknownValue: ("giá trị không thuộc danh mục cho phép", "the value is none of the allowed ones")
        }
    }
}
