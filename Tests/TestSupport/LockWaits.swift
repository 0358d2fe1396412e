public import Storage

extension Database {
    /// Whether somebody waits for a lock in this database: what a test waits for that wants two transactions to meet.
    public func somebodyWaits() throws -> Bool {
        try withConnection { session in
            try session.query(
                """
                SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                WHERE NOT l.granted AND a.datname = current_database()
                """
            ) { $0.int8(0) }[0] > 0
        }
    }
}
