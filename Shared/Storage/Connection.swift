internal import CPQ
internal import Glibc

/// One connection to the server. Made by `Database`; used by one thread at a time, by whoever has checked it out.
public final class Connection: SQLSession, @unchecked Sendable {
    private let handle: OpaquePointer
    private var prepared: [PreparedKey: String] = [:]
    private var preparedCount = 0
    private var transactions = 0
    private var nextReplan = 8
    /// Set when the server or the network has ended the connection; such a connection is never used again.
    private(set) var isBroken = false
    /// As the server sees it, also when a statement of one's own began it.
    var isInTransaction: Bool { PQtransactionStatus(handle) != PQTRANS_IDLE }

    /// More distinct statements than this on one connection are a sign of SQL made from values; all are forgotten then.
    private static let preparedLimit = 400

    private struct PreparedKey: Hashable {
        let sql: String
        let types: [UInt32]
    }

    /// Connects and sets the session up. Throws `StorageError.unavailable`.
    init(_ configuration: DatabaseConfiguration) throws(StorageError) {
        handle = try ConnectionOpening.open(configuration)
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        do {
            try script(
                """
                SET search_path TO \(configuration.schema.quotedIdentifier); SET timezone TO 'UTC';
                SET client_min_messages TO warning
                """)
        } catch {
            PQfinish(handle)
            throw error as? StorageError ?? .closed
        }
    }

    deinit { PQfinish(handle) }

    /// Whether an idle connection is still good: nothing may wait to be read from it, least of all its end.
    func isAlive() -> Bool {
        guard !isBroken, PQstatus(handle) == CONNECTION_OK else { return false }
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, 0) > 0 else { return true }
        return PQconsumeInput(handle) == 1 && PQstatus(handle) == CONNECTION_OK
    }

    /// The server process behind this connection.
    public var serverProcess: Int32 { PQbackendPID(handle) }

    // MARK: SQLSession

    @discardableResult
    public func execute(_ sql: String, _ parameters: [SQLValue] = []) throws -> Int {
        try perform(sql, parameters).affected
    }

    @discardableResult
    public func query<R>(_ sql: String, _ parameters: [SQLValue], _ row: (ResultRow) throws -> R) throws -> [R] {
        try perform(sql, parameters).rows(row)
    }

    public func script(_ sql: String) throws {
        _ = try checked(PQexec(handle, sql), sql)
    }

    @discardableResult
    public func copyIn(_ sql: String, _ write: (CopyWriter) throws -> Void) throws -> Int {
        let start = try checked(PQexec(handle, sql), sql)
        guard start.status == PGRES_COPY_IN else {
            throw StorageError.unexpectedResult(
                column: 0, expected: "COPY FROM STDIN", statement: sql.statementBeginning)
        }
        let isBinary = PQbinaryTuples(start.handle) == 1
        let writer = CopyWriter(isBinary: isBinary) { [handle] bytes in
            bytes.withUnsafeBytes {
                PQputCopyData(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count)) == 1
            }
        }
        do {
            try write(writer)
            try writer.finish()
        } catch {
            PQputCopyEnd(handle, "the writer failed")
            let refusal = Result { try drainCopy(sql) }
            // A refused row stops the server first; its reason says more than the write that failed after it.
            if error is CopyWriter.Interrupted, case .failure(let reason) = refusal { throw reason }
            if error is CopyWriter.Interrupted { throw lost() }
            throw error
        }
        guard PQputCopyEnd(handle, nil) == 1 else { throw lost() }
        return try drainCopy(sql)
    }

    private func drainCopy(_ sql: String) throws -> Int {
        var affected = 0
        var problem: (any Error)?
        while let raw = PQgetResult(handle) {
            do { affected = try checked(raw, sql).affected } catch { problem = problem ?? error }
            if PQstatus(handle) != CONNECTION_OK { break }
        }
        if let problem { throw problem }
        return affected
    }

    // MARK: Transactions

    /// Starts a transaction. Now and then plans are made anew: a plan made while a table was empty would otherwise read
    /// the whole table until the next ANALYZE.
    func begin(_ options: TransactionOptions) throws {
        transactions += 1
        if transactions >= nextReplan {
            nextReplan = transactions + min(transactions, 1000)
            try script("DISCARD PLANS")
        }
        var text = "BEGIN" + options.clauses
        if options.usesGenericPlans { text += "; SET LOCAL plan_cache_mode TO force_generic_plan" }
        try script(text)
    }

    func commit() throws {
        let result: QueryResult
        do {
            result = try checked(PQexec(handle, "COMMIT"), "COMMIT")
        } catch {
            if isBroken { throw StorageError.commitOutcomeUnknown }
            throw error
        }
        guard result.commandTag == "COMMIT" else { throw StorageError.commitRolledBack }
    }

    /// Ends a transaction that failed; a connection on which even that fails is given up.
    func rollback() {
        guard !isBroken else { return }
        do { try script("ROLLBACK") } catch { isBroken = true }
    }

    // MARK: libpq

    /// Runs a statement that is not worth preparing, or must not be: cursors change what their name means.
    func performOnce(_ sql: String, _ parameters: [SQLValue] = []) throws -> QueryResult {
        let types = parameters.map(\.oid)
        let raw = ParameterPointers.with(parameters) { values, lengths, formats in
            PQexecParams(handle, sql, Int32(parameters.count), types, values, lengths, formats, 1)
        }
        return try checked(raw, sql)
    }

    private func perform(_ sql: String, _ parameters: [SQLValue]) throws -> QueryResult {
        let name = try preparedName(sql, parameters)
        let raw = ParameterPointers.with(parameters) { values, lengths, formats in
            PQexecPrepared(handle, name, Int32(parameters.count), values, lengths, formats, 1)
        }
        do {
            return try checked(raw, sql)
        } catch StorageError.refused(let refusal) where refusal.state == "26000" || refusal.state == "0A000" {
            // The server has forgotten the statement, or a migration has changed its result: prepare anew next time.
            prepared.removeAll()
            throw StorageError.refused(refusal)
        }
    }

    private func preparedName(_ sql: String, _ parameters: [SQLValue]) throws -> String {
        let key = PreparedKey(sql: sql, types: parameters.map(\.oid))
        if let name = prepared[key] { return name }
        if prepared.count >= Connection.preparedLimit {
            try script("DEALLOCATE ALL")
            prepared.removeAll()
        }
        preparedCount += 1
        let name = "s\(preparedCount)"
        _ = try checked(PQprepare(handle, name, sql, Int32(key.types.count), key.types), sql)
        prepared[key] = name
        return name
    }

    private func checked(_ raw: OpaquePointer?, _ sql: String) throws -> QueryResult {
        guard let raw else { throw lost() }
        let result = QueryResult(raw, statement: sql)
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_COPY_IN, PGRES_EMPTY_QUERY: return result
        default: break
        }
        let refusal = ServerRefusal(result)
        if PQstatus(handle) != CONNECTION_OK || refusal.endsConnection { throw lost(refusal.message) }
        throw StorageError.refused(refusal)
    }

    private func lost(_ reason: String = "") -> StorageError {
        isBroken = true
        let text = reason.isEmpty ? PQerrorMessage(handle).map { String(cString: $0) } ?? "" : reason
        return .connectionLost(text.firstLine)
    }
}

/// Parameters as the three arrays that libpq wants; pointers are good inside the closure only.
private enum ParameterPointers {
    /// What an empty value points to: a null pointer would be NULL.
    nonisolated(unsafe) private static let empty = UnsafePointer(UnsafeMutablePointer<CChar>.allocate(capacity: 1))

    typealias Body<R> = (
        UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>
    ) -> R

    static func with<R>(_ parameters: [SQLValue], _ body: Body<R>) -> R {
        var values = [UnsafePointer<CChar>?](repeating: nil, count: max(parameters.count, 1))
        var lengths = [Int32](repeating: 0, count: max(parameters.count, 1))
        let formats = [Int32](repeating: 1, count: max(parameters.count, 1))
        func fill(_ index: Int) -> R {
            guard index < parameters.count else { return body(values, lengths, formats) }
            guard let bytes = parameters[index].bytes else { return fill(index + 1) }
            return bytes.withUnsafeBytes { buffer in
                values[index] = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) ?? empty
                if buffer.isEmpty { values[index] = empty }
                lengths[index] = Int32(buffer.count)
                return fill(index + 1)
            }
        }
        return fill(0)
    }
}

extension ServerRefusal {
    init(_ result: QueryResult) {
        func field(_ code: UnicodeScalar) -> String {
            PQresultErrorField(result.handle, Int32(code.value)).map { String(cString: $0) } ?? ""
        }
        let state = field("C")
        let quotesValues = state.hasPrefix("22") || state.hasPrefix("23")
        self.init(
            state: state, message: quotesValues ? "" : field("M"), table: field("t"), column: field("c"),
            constraint: field("n"), statement: result.statement.statementBeginning)
    }

    /// FATAL: the server ends the connection after it (administrator, shutdown, idle timeout).
    var endsConnection: Bool { state.isEmpty || state.hasPrefix("57P") || state.hasPrefix("08") || state == "25P03" }
}

extension String {
    var quotedIdentifier: String {
        "\"" + split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
    var firstLine: String { String(prefix { !$0.isNewline }) }
}
