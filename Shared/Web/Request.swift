public import Observability

/// HTTP methods that routes may use. A route for GET also answers HEAD.
public enum Method: String, Sendable, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
    case patch = "PATCH"
}

/// Name and value pairs in the order they came; names of headers compare without case.
public struct NamedValues: Sendable {
    private let pairs: [(name: String, value: String)]
    private let ignoresCase: Bool

    init(_ pairs: [(name: String, value: String)], ignoresCase: Bool) {
        self.pairs = ignoresCase ? pairs.map { ($0.name.lowercased(), $0.value) } : pairs
        self.ignoresCase = ignoresCase
    }

    /// The first value of that name.
    public subscript(_ name: String) -> String? {
        let name = ignoresCase ? name.lowercased() : name
        return pairs.first { $0.name == name }?.value
    }

    /// All values of that name.
    public func all(_ name: String) -> [String] {
        let name = ignoresCase ? name.lowercased() : name
        return pairs.filter { $0.name == name }.map(\.value)
    }

    /// All names, in the order they came.
    public var names: [String] { pairs.map(\.name) }
}

/// A request whose route was found and whose caller may use it.
public struct Request: Sendable {
    public let method: Method
    /// The path as it came, percent-encoded. Never log it: log the route's pattern.
    public let path: String
    /// The pattern of the route, for logs and metrics.
    public let route: String
    /// Decoded values of the pattern's parameters.
    public let pathParameters: [String: String]
    /// Decoded query values.
    public let query: NamedValues
    public let headers: NamedValues
    /// The trace of this request: the caller's `traceparent`, or a new one.
    public let trace: TraceContext
    /// The body, to be read once.
    public let body: RequestBody
    let caller: Principal?

    /// Who is asking. Every route but `Route.open` has a verified caller; an open route must not ask.
    public var principal: Principal {
        guard let caller else { preconditionFailure("an open route has no principal") }
        return caller
    }

    /// A path parameter of the route's pattern. Asking for a name that the pattern does not hold is a programming error.
    public func parameter(_ name: String) -> String {
        guard let value = pathParameters[name] else {
            preconditionFailure("route \(route) has no path parameter \(name)")
        }
        return value
    }

    /// The content type without its parameters, in lower case; empty when there is none.
    public var contentType: String {
        let value = headers["content-type"] ?? ""
        let type = value.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        return type.trimmingSpaces().lowercased()
    }

    /// Reads a query value as a number within bounds.
    /// - Throws: `Problem` 400 when it is not one.
    public func integer(_ name: String, in range: ClosedRange<Int>, default fallback: Int) throws -> Int {
        guard let text = query[name], !text.isEmpty else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw Problem.badRequest(
                "query value out of bounds",
                fields: [(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")])
        }
        return value
    }

    /// The whole body, at most the route's limit.
    /// - Throws: `Problem` 413 when it is longer, `Problem` 400 when the client went away in the middle.
    public func bytes() async throws -> [UInt8] {
        var collected: [UInt8] = []
        for try await chunk in body {
            if collected.isEmpty { collected = chunk } else { collected.append(contentsOf: chunk) }
        }
        return collected
    }
}

extension Substring {
    func trimmingSpaces() -> Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
