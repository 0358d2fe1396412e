import Tabular
import Web

/// How a request's body is to be read.
enum BodyFormat {
    static let accepted = ["text/csv", "application/x-ndjson", "application/json"]

    /// The format that the content type names; nil where there is none, or one that says nothing (the first bytes
    /// decide then).
    ///
    /// - Throws: 415 for a type that is no table.
    static func of(_ request: Request) throws(Problem) -> TabularFormat? {
        let type = request.contentType
        if type.isEmpty || type == "application/octet-stream" || type == "application/x-www-form-urlencoded" {
            return nil
        }
        guard let format = TabularFormat(mediaType: type) else { throw .unsupportedMediaType(accepted) }
        // A JSON body may also be one object a line.
        return format == .jsonArray ? nil : format
    }
}

extension Problem {
    /// What to answer where nothing of a body can be read: 415 for data that are no text, else 422.
    static func unreadable(_ error: TabularError) -> Problem {
        let isForeign = error.rule == .compressed || error.rule == .wrongEncoding
        return Problem(
            status: isForeign ? 415 : 422, type: error.rule.rawValue, titleVI: "Không đọc được dữ liệu gửi lên",
            titleEN: "The data cannot be read",
            detail: error.line > 0 ? "line \(error.line): \(error.detail)" : error.detail,
            fields: error.column.isEmpty ? [] : [(name: error.column, rule: error.rule.rawValue)])
    }
}
