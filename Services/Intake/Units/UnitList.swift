import Observability
import RecordModel
import Storage
import Synchronization

/// The list of units as rules need it: read once, and again when its revision has stepped.
final class UnitList: Sendable {
    private let cached = Mutex<UnitDirectory?>(nil)

    /// The list as this transaction sees it.
    func current(in transaction: Transaction) throws -> UnitDirectory {
        let revision = try transaction.query("SELECT revision FROM unit_list") { $0.int8(0) }.first ?? 0
        if let directory = cached.withLock({ $0 }), directory.revision == revision { return directory }
        let units = try transaction.query("SELECT unit_code, kind, commune_code FROM unit") { row in
            (code: row.text(0), kind: UnitKind(rawValue: row.text(1)) ?? .ministry, communeCode: row.text(2))
        }
        let directory = UnitDirectory(revision: revision, units: units)
        cached.withLock { $0 = directory }
        return directory
    }

    /// Names a list that is not there yet.
    func warnIfEmpty(_ log: Log, in transaction: Transaction) throws {
        guard try current(in: transaction).isEmpty else { return }
        log.warning(
            "the list of units is empty: dose rows wait",
            ["remedy": .string("load it: operator load units")])
    }

    /// The list for taking rows in: without any unit every row would be refused as of an unknown facility, so the
    /// batch is held instead, and tried again until the list is loaded.
    ///
    /// - Throws: a `StorageError` (SQLSTATE 55000) that says so while there are no units.
    func required(in transaction: Transaction) throws -> UnitDirectory {
        let directory = try current(in: transaction)
        if directory.isEmpty {
            try transaction.script(
                """
                DO $$ BEGIN RAISE EXCEPTION 'the list of units is empty: load it (PUT /v1/units)'
                USING ERRCODE = '55000'; END $$
                """)
        }
        return directory
    }
}
