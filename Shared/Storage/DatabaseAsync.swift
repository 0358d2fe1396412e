/// The forms for HTTP handlers: the same closures, on the bounded set of threads that may block.
extension Database {
    /// As `transaction`, without blocking the caller's thread.
    @discardableResult
    public func asyncTransaction<R: Sendable>(
        _ options: TransactionOptions = TransactionOptions(), _ body: @escaping @Sendable (Transaction) throws -> R
    ) async throws -> R {
        try await blocking.run { try self.transaction(options, body) }
    }

    /// As `withConnection`, without blocking the caller's thread.
    @discardableResult
    public func asyncConnection<R: Sendable>(_ body: @escaping @Sendable (Connection) throws -> R) async throws -> R {
        try await blocking.run { try self.withConnection(body) }
    }

    /// Streams a result of any size: rows are fetched in chunks through a cursor, within one read-only snapshot, and each
    /// chunk is consumed before the next is fetched.
    ///
    /// - Parameters:
    ///   - chunk: rows held in memory at once.
    ///   - row: makes a value of each row.
    ///   - consume: takes each chunk, in order; the cursor waits for it.
    public func stream<R: Sendable>(
        _ sql: String, _ parameters: [SQLValue] = [], chunk: Int = 2000,
        row: @escaping @Sendable (ResultRow) throws -> R, consume: ([R]) async throws -> Void
    ) async throws {
        let connection = try await blocking.run { try self.checkoutForStreaming() }
        do {
            try await blocking.run {
                try connection.begin(
                    TransactionOptions(isolation: .repeatableRead, isReadOnly: true, usesGenericPlans: false))
                _ = try connection.performOnce("DECLARE chunks NO SCROLL CURSOR FOR \(sql)", parameters)
            }
            while true {
                let rows = try await blocking.run { try connection.performOnce("FETCH \(chunk) FROM chunks").rows(row) }
                if !rows.isEmpty { try await consume(rows) }
                if rows.count < chunk { break }
            }
            try await blocking.run { try connection.commit() }
        } catch {
            try? await blocking.run { self.giveBackFromStreaming(connection) }
            throw error
        }
        try await blocking.run { self.giveBackFromStreaming(connection) }
    }
}
