import RecordModel
import ServiceRuntime
import Storage

/// Tells every passport again, in its present state and with the revision it has: what readers know already changes
/// nothing there.
enum Announcement {
    static let batch = 500

    static func run(_ announcer: Announcer) throws {
        var after = CertificateNumber(high: 0, low: 0)
        var count = batch
        while count == batch {
            (after, count) = try announcer.emit { tx in try emit(after: after, in: tx) }
        }
    }

    /// Emits the next passports; returns the last one and how many there were.
    static func emit(after: CertificateNumber, in tx: Transaction) throws -> (CertificateNumber, Int) {
        let passports = try tx.run(PassportsAfter(certificate: after, limit: batch))
        for passport in passports {
            try tx.emit(passport.event.event(source: "passport-issuance", at: passport.changedAt))
        }
        return (passports.last?.certificate ?? after, passports.count)
    }
}

struct PassportsAfter: Statement {
    static let sql = """
        SELECT \(StoredPassport.columns) FROM passport WHERE certificate > $1 ORDER BY certificate LIMIT $2
        """
    var certificate: CertificateNumber
    var limit: Int
    var parameters: [SQLValue] { [.uuid(certificate), .int8(Int64(limit))] }
    static func row(_ row: ResultRow) -> StoredPassport { StoredPassport(row) }
}
