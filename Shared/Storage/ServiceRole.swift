/// The database role of one service: it owns its schema and reaches no other.
public struct ServiceRole: Sendable {
    public let schema: String
    public let password: String

    public init(schema: String, password: String) {
        self.schema = schema
        self.password = password
    }

    public var name: String { "tiemchung_\(schema)" }

    /// SQL for a superuser or the database's owner; running it again sets the password again and changes nothing else.
    public var script: String {
        let role = name.quotedIdentifier
        let schema = schema.quotedIdentifier
        return """
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = \(name.quotedLiteral)) THEN
                    CREATE ROLE \(role) LOGIN;
                END IF;
            END $$;
            ALTER ROLE \(role) LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD \(password.quotedLiteral);
            CREATE SCHEMA IF NOT EXISTS \(schema);
            ALTER SCHEMA \(schema) OWNER TO \(role);
            REVOKE ALL ON SCHEMA \(schema) FROM PUBLIC;
            REVOKE CREATE ON SCHEMA public FROM PUBLIC;
            """
    }
}

extension String {
    var quotedLiteral: String {
        "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
