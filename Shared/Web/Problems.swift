/// The problems that every service shares.
extension Problem {
    /// 400: the request cannot be read.
    public static func badRequest(_ detail: String, fields: [(name: String, rule: String)] = []) -> Problem {
        Problem(
            status: 400, type: "bad-request", titleVI: "Yêu cầu không hợp lệ", titleEN: "The request is not valid",
            detail: detail, fields: fields)
    }

    /// 401: no token, or one that is refused. `reason` says which check failed.
    public static func unauthenticated(_ reason: String) -> Problem {
        Problem(
            status: 401, type: "unauthenticated", titleVI: "Chưa xác thực", titleEN: "Not authenticated", detail: reason
        )
    }

    /// 403: the role may not use this route, or the unit may not see these data.
    public static func forbidden(_ detail: String) -> Problem {
        Problem(status: 403, type: "forbidden", titleVI: "Không có quyền", titleEN: "Not allowed", detail: detail)
    }

    /// 404: nothing under this path, or nothing that the caller may see.
    public static func notFound(_ detail: String? = nil) -> Problem {
        Problem(status: 404, type: "not-found", titleVI: "Không tìm thấy", titleEN: "Not found", detail: detail)
    }

    /// 405: the path exists, the method does not.
    static func methodNotAllowed(_ allowed: [Method]) -> Problem {
        let names = allowed.map(\.rawValue).sorted().joined(separator: ", ")
        return Problem(
            status: 405, type: "method-not-allowed", titleVI: "Phương thức không được hỗ trợ",
            titleEN: "Method not allowed", detail: "allowed: \(names)", fields: [], retryAfter: nil,
            headers: [("allow", names)])
    }

    /// 408: the request did not arrive in time.
    public static var tooSlow: Problem {
        Problem(
            status: 408, type: "too-slow", titleVI: "Yêu cầu đến quá chậm", titleEN: "The request arrived too slowly")
    }

    /// 409: the act contradicts the present state.
    public static func conflict(_ detail: String, fields: [(name: String, rule: String)] = []) -> Problem {
        Problem(
            status: 409, type: "conflict", titleVI: "Xung đột với trạng thái hiện tại",
            titleEN: "In conflict with the present state", detail: detail, fields: fields)
    }

    /// 413: the body is longer than the route takes.
    public static func bodyTooLarge(limit: Int) -> Problem {
        Problem(
            status: 413, type: "body-too-large", titleVI: "Nội dung gửi lên quá lớn", titleEN: "The body is too large",
            detail: "this route takes at most \(limit) bytes")
    }

    /// 415: the body's content type is not taken here.
    public static func unsupportedMediaType(_ accepted: [String]) -> Problem {
        Problem(
            status: 415, type: "unsupported-media-type", titleVI: "Kiểu nội dung không được hỗ trợ",
            titleEN: "Unsupported content type", detail: "accepted: \(accepted.joined(separator: ", "))")
    }

    /// 422: the request was read, and its fields break rules.
    public static func unprocessable(_ fields: [(name: String, rule: String)], detail: String? = nil) -> Problem {
        Problem(
            status: 422, type: "rule-broken", titleVI: "Dữ liệu không hợp lệ", titleEN: "The data break rules",
            detail: detail, fields: fields)
    }

    /// 429: entry is held back because the pipeline is full.
    public static func heldBack(_ detail: String, retryAfter: Int = 5) -> Problem {
        Problem(
            status: 429, type: "held-back", titleVI: "Hệ thống đang bận, xin thử lại sau",
            titleEN: "The system is busy; try again later", detail: detail, retryAfter: retryAfter)
    }

    /// 500: an error of ours. The body says nothing but the trace id.
    public static var internalError: Problem {
        Problem(status: 500, type: "internal", titleVI: "Lỗi hệ thống", titleEN: "Internal error")
    }

    /// 503: something this service needs is away; nothing was done.
    public static func unavailable(_ detail: String, retryAfter: Int = 5) -> Problem {
        Problem(
            status: 503, type: "unavailable", titleVI: "Tạm thời không phục vụ được",
            titleEN: "Temporarily unavailable", detail: detail, retryAfter: retryAfter)
    }
}
