/// A named, typed statement: its SQL, its parameters and its row.
public protocol Statement {
    associatedtype Row
    static var sql: String { get }
    var parameters: [SQLValue] { get }
    static func row(_ row: ResultRow) throws -> Row
}

extension Statement where Row == Void {
    public static func row(_ row: ResultRow) {}
}

/// What statements run on: a connection (each statement commits on its own) or a transaction.
public protocol SQLSession {
    /// Runs a statement and gives the number of rows it touched.
    @discardableResult
    func execute(_ sql: String, _ parameters: [SQLValue]) throws -> Int

    /// Runs a statement and gives what the closure makes of each row. The row is valid only inside the closure, which
    /// must not use the session.
    @discardableResult
    func query<R>(_ sql: String, _ parameters: [SQLValue], _ row: (ResultRow) throws -> R) throws -> [R]

    /// Runs several statements without parameters, separated by semicolons, as one text.
    func script(_ sql: String) throws

    /// Runs `COPY … FROM STDIN` in the format that its SQL names; gives the number of rows written.
    @discardableResult
    func copyIn(_ sql: String, _ write: (CopyWriter) throws -> Void) throws -> Int
}

extension SQLSession {
    @discardableResult
    public func execute(_ sql: String) throws -> Int { try execute(sql, []) }

    @discardableResult
    public func query<R>(_ sql: String, _ row: (ResultRow) throws -> R) throws -> [R] { try query(sql, [], row) }

    /// Runs a typed statement and gives its rows.
    @discardableResult
    public func run<S: Statement>(_ statement: S) throws -> [S.Row] {
        try query(S.sql, statement.parameters, S.row)
    }
}
