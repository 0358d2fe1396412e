import RecordModel
import Storage

/// A certificate registered for a unit (SIG-03).
struct Registration: Sendable {
    var fingerprint: [UInt8]
    /// Upper-case hexadecimal.
    var serial: String
    var unitCode: String
    var certificate: [UInt8]
    var notBefore: Instant
    var notAfter: Instant
    var registeredBy: String
    var registeredAt: Instant
    var withdrawnAt: Instant?

    static let columns = """
        fingerprint, serial, unit_code, certificate, not_before, not_after, registered_by, registered_at, withdrawn_at
        """
}

extension Registration {
    init(_ row: ResultRow) {
        self.init(
            fingerprint: row.bytes(0), serial: row.text(1), unitCode: row.text(2), certificate: row.bytes(3),
            notBefore: row.instant(4), notAfter: row.instant(5), registeredBy: row.text(6),
            registeredAt: row.instant(7),
            withdrawnAt: row.optionalInstant(8))
    }
}

/// The registration under which a signature is about to take effect; it cannot be withdrawn meanwhile.
struct RegistrationForUse: Statement {
    static let sql = "SELECT \(Registration.columns) FROM signing_certificate WHERE fingerprint = $1 FOR SHARE"
    var fingerprint: [UInt8]
    var parameters: [SQLValue] { [.bytes(fingerprint)] }
    static func row(_ row: ResultRow) -> Registration { Registration(row) }
}

/// A unit's certificates, by serial; every unit's where the unit is empty.
struct RegistrationsOfUnit: Statement {
    static let sql = """
        SELECT \(Registration.columns) FROM signing_certificate WHERE $1 = '' OR unit_code = $1
        ORDER BY unit_code, serial, fingerprint
        """
    var unitCode: String
    var parameters: [SQLValue] { [.text(unitCode)] }
    static func row(_ row: ResultRow) -> Registration { Registration(row) }
}

/// Registers a certificate; gives nothing back where it is registered already.
struct InsertRegistration: Statement {
    static let sql = """
        INSERT INTO signing_certificate (\(Registration.columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (fingerprint) DO NOTHING RETURNING \(Registration.columns)
        """
    var registration: Registration
    var parameters: [SQLValue] {
        [
            .bytes(registration.fingerprint), .text(registration.serial), .text(registration.unitCode),
            .bytes(registration.certificate), .instant(registration.notBefore), .instant(registration.notAfter),
            .text(registration.registeredBy), .instant(registration.registeredAt), .instant(registration.withdrawnAt),
        ]
    }
    static func row(_ row: ResultRow) -> Registration { Registration(row) }
}

/// Takes a registration back; signatures that took effect before stay.
struct WithdrawRegistrations: Statement {
    static let sql = """
        UPDATE signing_certificate SET withdrawn_at = $2 WHERE serial = $1 AND withdrawn_at IS NULL
        RETURNING \(Registration.columns)
        """
    var serial: String
    var now: Instant
    var parameters: [SQLValue] { [.text(serial), .instant(now)] }
    static func row(_ row: ResultRow) -> Registration { Registration(row) }
}
