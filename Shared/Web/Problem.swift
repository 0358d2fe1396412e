import Observability

/// What went wrong, told to a client: RFC 9457 `application/problem+json`, with the title in Vietnamese and English.
///
/// A problem never holds personal data: field names and rules, no values.
public struct Problem: Error, Sendable {
    /// One refused field: where it stands and which rule it broke.
    public struct Field: Sendable, Hashable {
        public let name: String
        public let rule: String

        public init(name: String, rule: String) {
            self.name = name
            self.rule = rule
        }
    }

    /// HTTP status.
    public let status: Int
    /// The kind of problem as a slug; the body's `type` is `urn:tiemchung:problem:<slug>`.
    public let type: String
    public let titleVI: String
    public let titleEN: String
    /// More about this occurrence, in English. No personal data.
    public let detail: String?
    public let fields: [Field]
    /// Seconds after which trying again makes sense (`retry-after`).
    public let retryAfter: Int?
    /// Headers that belong to the status, such as `allow`.
    let headers: [(name: String, value: String)]

    public init(
        status: Int, type: String, titleVI: String, titleEN: String, detail: String? = nil,
        fields: [(name: String, rule: String)] = [], retryAfter: Int? = nil
    ) {
        self.init(
            status: status, type: type, titleVI: titleVI, titleEN: titleEN, detail: detail,
            fields: fields.map { Field(name: $0.name, rule: $0.rule) }, retryAfter: retryAfter, headers: [])
    }

    init(
        status: Int, type: String, titleVI: String, titleEN: String, detail: String?, fields: [Field],
        retryAfter: Int?, headers: [(name: String, value: String)]
    ) {
        self.status = status
        self.type = type
        self.titleVI = titleVI
        self.titleEN = titleEN
        self.detail = detail
        self.fields = fields
        self.retryAfter = retryAfter
        self.headers = headers
    }

    /// The body, with the trace id by which the operator finds the log line.
    func body(traceID: String?) -> [UInt8] {
        var json = JSONWriter(capacity: 256)
        json.object { json in
            json.member("type", "urn:tiemchung:problem:\(type)")
            json.member("title", titleVI)
            json.member("title_en", titleEN)
            json.member("status", status)
            if let detail { json.member("detail", detail) }
            if !fields.isEmpty {
                json.array("fields") { json in
                    for field in fields {
                        json.object { json in
                            json.member("name", field.name)
                            json.member("rule", field.rule)
                        }
                    }
                }
            }
            if let traceID { json.member("trace_id", traceID) }
        }
        return json.bytes
    }

    /// The problem as a response.
    func response(traceID: String?) -> Response {
        var response = Response(
            status: status, contentType: "application/problem+json", body: .bytes(body(traceID: traceID)))
        for header in headers { response.setHeader(header.name, header.value) }
        if let retryAfter { response.setHeader("retry-after", String(retryAfter)) }
        if status == 401 { response.setHeader("www-authenticate", "Bearer realm=\"tiemchung\"") }
        return response
    }
}
