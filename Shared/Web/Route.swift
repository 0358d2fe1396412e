/// What a body looks like, for the OpenAPI document: a name, a content type, and the members where they are declared.
/// A string literal is a JSON body of that name.
public struct Schema: Sendable, Hashable, ExpressibleByStringLiteral {
    /// One member of an object, or one column of a table.
    public struct Property: Sendable, Hashable {
        public let name: String
        /// JSON type: `string`, `integer`, `number`, `boolean`, `object`, `array`.
        public let type: String
        public let description: String

        public init(_ name: String, _ type: String = "string", _ description: String = "") {
            self.name = name
            self.type = type
            self.description = description
        }
    }

    public let name: String
    public let contentTypes: [String]
    public let properties: [Property]

    public init(_ name: String, contentTypes: [String] = ["application/json"], properties: [Property] = []) {
        self.name = name
        self.contentTypes = contentTypes
        self.properties = properties
    }

    public init(stringLiteral name: String) { self.init(name) }

    /// A table as CSV.
    public static func csv(_ name: String, columns: [String] = []) -> Schema {
        Schema(name, contentTypes: ["text/csv"], properties: columns.map { Property($0) })
    }

    /// One JSON object a line.
    public static func ndjson(_ name: String, columns: [String] = []) -> Schema {
        Schema(name, contentTypes: ["application/x-ndjson"], properties: columns.map { Property($0) })
    }

    /// A table as CSV or NDJSON.
    public static func table(_ name: String, columns: [String] = []) -> Schema {
        Schema(name, contentTypes: ["text/csv", "application/x-ndjson"], properties: columns.map { Property($0) })
    }
}

/// One row of the routing table: what is answered, to whom, and by what.
public struct Route: Sendable {
    public typealias Handler = @Sendable (Request) async throws -> Response

    public let method: Method
    public let pattern: PathPattern
    /// Who may use it; nobody when empty. Nil for an open route, which needs no token.
    public let roles: Set<Role>?
    public let scope: Scope
    public let summary: String
    public let request: Schema?
    public let response: Schema?
    /// The longest body in bytes.
    public let maxBody: Int
    /// Query values that it reads.
    public let query: [Schema.Property]
    public let handler: Handler

    /// A route for the bearers of certain roles.
    /// - Parameters:
    ///   - path: see `PathPattern`.
    ///   - roles: who may use it; an empty set answers nobody.
    ///   - scope: how far the asking unit reaches; the handler enforces it.
    ///   - summary: one line for the OpenAPI document.
    ///   - maxBody: the longest body in bytes; longer ones are answered by 413 while they arrive.
    ///   - query: query values that it reads, for the OpenAPI document.
    public init(
        _ method: Method, _ path: String, roles: Set<Role>, scope: Scope = .everywhere, summary: String,
        request: Schema? = nil, response: Schema? = nil, maxBody: Int = 1 << 20, query: [Schema.Property] = [],
        handler: @escaping Handler
    ) {
        self.init(method, path, roles, scope, summary, request, response, maxBody, query, handler)
    }

    /// A route without a token: health pages on the operations port. Never for data.
    public static func open(
        _ method: Method, _ path: String, summary: String, handler: @escaping Handler
    ) -> Route {
        Route(method, path, nil, .everywhere, summary, nil, nil, 0, [], handler)
    }

    private init(
        _ method: Method, _ path: String, _ roles: Set<Role>?, _ scope: Scope, _ summary: String, _ request: Schema?,
        _ response: Schema?, _ maxBody: Int, _ query: [Schema.Property], _ handler: @escaping Handler
    ) {
        self.method = method
        pattern = PathPattern(path)
        self.roles = roles
        self.scope = scope
        self.summary = summary
        self.request = request
        self.response = response
        self.maxBody = maxBody
        self.query = query
        self.handler = handler
    }

    /// The same route around its handler: for what is common to many (mapping errors, counting).
    public func wrapping(
        _ wrap: @escaping @Sendable (_ request: Request, _ handler: Handler) async throws -> Response
    ) -> Route {
        let inner = handler
        return Route(method, pattern.text, roles, scope, summary, request, response, maxBody, query) { request in
            try await wrap(request, inner)
        }
    }
}
