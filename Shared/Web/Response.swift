import Foundation
public import Observability

/// An answer: status, headers and a body that is there, or that is written while it is sent.
public struct Response: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        case stream(@Sendable (BodyWriter) async throws -> Void)
        case blocking(@Sendable (BlockingBodyWriter) throws -> Void)
    }

    public var status: Int
    private(set) var headers: [(name: String, value: String)]
    let body: Body

    init(status: Int, contentType: String?, body: Body) {
        self.status = status
        self.body = body
        headers = [("cache-control", "no-store"), ("x-content-type-options", "nosniff")]
        if let contentType { headers.append(("content-type", contentType)) }
    }

    /// Sets a header, replacing what it was. Line breaks end the value.
    public mutating func setHeader(_ name: String, _ value: String) {
        let name = name.lowercased()
        headers.removeAll { $0.name == name }
        headers.append((name, String(value.prefix { !$0.isNewline })))
    }

    /// The same response with one more header.
    public func header(_ name: String, _ value: String) -> Response {
        var copy = self
        copy.setHeader(name, value)
        return copy
    }

    /// The value of a header that was set.
    public func header(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }

    // MARK: Bodies that are there

    /// No body.
    public static func empty(_ status: Int = 204) -> Response {
        Response(status: status, contentType: nil, body: .bytes([]))
    }

    /// Bytes of any kind.
    public static func bytes(_ bytes: [UInt8], contentType: String, status: Int = 200) -> Response {
        Response(status: status, contentType: contentType, body: .bytes(bytes))
    }

    public static func text(_ text: String, status: Int = 200) -> Response {
        .bytes(Array(text.utf8), contentType: "text/plain; charset=utf-8", status: status)
    }

    /// JSON bytes as they are.
    public static func json(_ bytes: [UInt8], status: Int = 200) -> Response {
        .bytes(bytes, contentType: "application/json", status: status)
    }

    /// One JSON object, written member by member.
    public static func json(status: Int = 200, _ body: (inout JSONWriter) throws -> Void) rethrows -> Response {
        var json = JSONWriter(capacity: 512)
        try json.object { json in try body(&json) }
        return .json(json.bytes, status: status)
    }

    /// A value as JSON, keys in snake case and sorted.
    public static func json(_ value: some Encodable, status: Int = 200) throws -> Response {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return .bytes(Array(try encoder.encode(value)), contentType: "application/json", status: status)
    }

    // MARK: Bodies that are written while they are sent

    /// A body written by a task; `write` waits while the client is slow. An error cuts the connection, so that the client
    /// does not take a part for the whole.
    public static func stream(
        _ contentType: String, status: Int = 200, _ write: @escaping @Sendable (BodyWriter) async throws -> Void
    ) -> Response {
        Response(status: status, contentType: contentType, body: .stream(write))
    }

    /// A body written by a thread of its own, which may block: for exports that read a database cursor.
    public static func blockingStream(
        _ contentType: String, status: Int = 200, _ write: @escaping @Sendable (BlockingBodyWriter) throws -> Void
    ) -> Response {
        Response(status: status, contentType: contentType, body: .blocking(write))
    }

    /// A CSV download written by a thread of its own.
    public static func csv(
        filename: String, _ write: @escaping @Sendable (BlockingBodyWriter) throws -> Void
    ) -> Response {
        Response.blockingStream("text/csv; charset=utf-8", write)
            .header("content-disposition", "attachment; filename=\"\(safe(filename))\"")
    }

    /// An NDJSON download written by a thread of its own.
    public static func ndjson(_ write: @escaping @Sendable (BlockingBodyWriter) throws -> Void) -> Response {
        .blockingStream("application/x-ndjson", write)
    }

    private static func safe(_ filename: String) -> String {
        String(
            filename.unicodeScalars.filter {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789.-_".unicodeScalars.contains($0))
            }.map(Character.init))
    }
}

extension Request {
    /// The body as a value, keys in snake case.
    /// - Throws: `Problem` 400 naming the field and what is wrong with it, never the value.
    public func json<T: Decodable & Sendable>(_ type: T.Type) async throws -> T {
        let bytes = try await bytes()
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw Problem.badRequest("the JSON body does not have the expected form", fields: [error.field])
        }
    }
}

extension DecodingError {
    fileprivate var field: (name: String, rule: String) {
        func path(_ context: Context) -> String {
            context.codingPath.isEmpty ? "(body)" : context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        return switch self {
        case .keyNotFound(let key, let context):
            ((context.codingPath + [key]).map(\.stringValue).joined(separator: "."), "is required")
        case .typeMismatch(let type, let context): (path(context), "must be of type \(type)")
        case .valueNotFound(let type, let context): (path(context), "must not be null; expected \(type)")
        case .dataCorrupted(let context): (path(context), "is not valid JSON")
        @unknown default: ("(body)", "cannot be read")
        }
    }
}
