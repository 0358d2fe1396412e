internal import CPQ

/// Opening a connection, and saying in words why it could not be opened.
enum ConnectionOpening {
    /// A PGconn that is ready, or why there is none.
    static func open(_ configuration: DatabaseConfiguration) throws(StorageError) -> OpaquePointer {
        let settings: [(String, String)] = [
            ("application_name", configuration.applicationName),
            ("connect_timeout", String(max(2, configuration.connectTimeout.wholeSeconds))),
            ("client_encoding", "UTF8"),
            ("keepalives_idle", "15"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", "30000"),
            // The address comes last, so that what it says wins.
            ("dbname", configuration.url),
        ]
        guard let handle = connect(settings) else {
            throw .unavailable(ConnectionFailure(cause: .other, target: "?", message: "out of memory"))
        }
        if PQstatus(handle) == CONNECTION_OK { return handle }
        let message = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
        let failure = ConnectionFailure(
            cause: cause(of: message), target: target(of: handle), message: message.joinedLines)
        PQfinish(handle)
        throw .unavailable(failure)
    }

    private static func connect(_ settings: [(String, String)]) -> OpaquePointer? {
        func withStrings(
            _ rest: ArraySlice<(String, String)>, _ keys: [UnsafePointer<CChar>?], _ values: [UnsafePointer<CChar>?]
        ) -> OpaquePointer? {
            guard let (key, value) = rest.first else { return PQconnectdbParams(keys + [nil], values + [nil], 1) }
            return key.withCString { key in
                value.withCString { value in withStrings(rest.dropFirst(), keys + [key], values + [value]) }
            }
        }
        return withStrings(settings[...], [], [])
    }

    private static func target(of handle: OpaquePointer) -> String {
        func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
        let host = text(PQhost(handle))
        return (host.isEmpty ? "?" : host) + ":" + text(PQport(handle)) + "/" + text(PQdb(handle)) + " as "
            + text(PQuser(handle))
    }

    /// Failures while connecting carry no SQLSTATE in libpq 15; the server's and libpq's texts are told apart.
    static func cause(of message: String) -> ConnectionFailure.Cause {
        let signs: [(ConnectionFailure.Cause, [String])] = [
            (.wrongPassword, ["password authentication failed", "no password supplied", "empty password"]),
            (
                .refusedByServerRules,
                ["pg_hba.conf", "authentication failed for user", "permission denied for database"]
            ),
            (.startingUp, ["starting up", "shutting down", "recovery", "not yet accepting"]),
            (.tooManyConnections, ["too many clients", "too many connections", "remaining connection slots"]),
            (.timedOut, ["timeout expired", "timed out"]),
            (.unknownHost, ["could not translate host name", "Name or service not known"]),
            (
                .unreachable,
                [
                    "Connection refused", "No such file or directory", "No route to host", "unreachable",
                    "server closed the connection", "Connection reset", "could not receive data",
                ]
            ),
            (
                .badAddress,
                ["invalid connection option", "invalid URI", "missing \"=\"", "invalid port", "invalid integer"]
            ),
        ]
        if message.contains("does not exist") {
            if message.contains("database \"") && message.contains("\" does not exist") {
                return message.contains("role \"") ? .unknownRole : .unknownDatabase
            }
            if message.contains("role \"") { return .unknownRole }
        }
        return signs.first { $0.1.contains { message.contains($0) } }?.0 ?? .other
    }
}

extension Duration {
    var wholeSeconds: Int { Int(components.seconds) + (components.attoseconds > 0 ? 1 : 0) }
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

extension String {
    var joinedLines: String { split(whereSeparator: \.isNewline).joined(separator: "; ") }
}
