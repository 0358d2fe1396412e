import RecordModel
import Storage

/// A row of `turn`, without the manifest's and the signature's bytes.
struct TurnRow: Sendable {
    var turnID: TurnID
    var unitCode: String
    var state: TurnState
    var persons: Int
    var doses: Int
    var preparedBy: String
    var preparedAt: Instant
    var expiresAt: Instant
    var manifestSHA256: [UInt8]
    var signatureSHA256: [UInt8]?
    var signerSerial: String?
    var signedBy: String?
    var signedAt: Instant?
    /// JSON list of what had moved, for a failed turn.
    var moved: String?

    static let columns = """
        turn_id, unit_code, state, persons, doses, prepared_by, prepared_at, expires_at, manifest_sha256, \
        signature_sha256, signer_serial, signed_by, signed_at, moved
        """

    /// What it is at an instant: a prepared turn expires by time alone.
    func state(at now: Instant) -> TurnState { state == .prepared && expiresAt <= now ? .expired : state }
}

extension TurnRow {
    init(_ row: ResultRow) {
        self.init(
            turnID: row.uuid(0), unitCode: row.text(1), state: TurnState(rawValue: row.text(2)) ?? .failed,
            persons: row.int(3), doses: row.int(4), preparedBy: row.text(5), preparedAt: row.instant(6),
            expiresAt: row.instant(7), manifestSHA256: row.bytes(8), signatureSHA256: row.optionalBytes(9),
            signerSerial: row.optionalText(10), signedBy: row.optionalText(11), signedAt: row.optionalInstant(12),
            moved: row.optionalText(13))
    }
}

struct TurnByID: Statement {
    static let sql = "SELECT \(TurnRow.columns) FROM turn WHERE turn_id = $1"
    var turnID: TurnID
    var parameters: [SQLValue] { [.uuid(turnID)] }
    static func row(_ row: ResultRow) -> TurnRow { TurnRow(row) }
}

/// A turn with the bytes of its manifest; nil once it has ended unsigned.
struct TurnWithManifest: Statement {
    static let sql = "SELECT \(TurnRow.columns), manifest FROM turn WHERE turn_id = $1"
    var turnID: TurnID
    var parameters: [SQLValue] { [.uuid(turnID)] }
    static func row(_ row: ResultRow) -> (turn: TurnRow, manifest: [UInt8]?) {
        (TurnRow(row), row.optionalBytes(14))
    }
}

/// Locks a turn that is to be signed. Manifest and members are nil unless it waits for its signature.
struct LockTurn: Statement {
    static let sql = """
        SELECT \(TurnRow.columns), CASE WHEN state = 'prepared' THEN manifest END,
            CASE WHEN state = 'prepared' THEN members END
        FROM turn WHERE turn_id = $1 FOR UPDATE
        """
    var turnID: TurnID
    var parameters: [SQLValue] { [.uuid(turnID)] }
    static func row(_ row: ResultRow) -> (turn: TurnRow, manifest: [UInt8]?, members: [UInt8]?) {
        (TurnRow(row), row.optionalBytes(14), row.optionalBytes(15))
    }
}

/// A unit's turns, newest first.
struct TurnsOfUnit: Statement {
    static let sql = """
        SELECT \(TurnRow.columns) FROM turn WHERE unit_code = $1 AND prepared_at < $2
        ORDER BY prepared_at DESC, turn_id LIMIT $3
        """
    var unitCode: String
    var before: Instant
    var limit: Int
    var parameters: [SQLValue] { [.text(unitCode), .instant(before), .int8(Int64(limit))] }
    static func row(_ row: ResultRow) -> TurnRow { TurnRow(row) }
}

struct InsertTurn: Statement {
    static let sql = """
        INSERT INTO turn (turn_id, unit_code, state, persons, doses, prepared_by, prepared_at, expires_at,
            manifest_sha256, manifest, members)
        VALUES ($1, $2, 'prepared', $3, $4, $5, $6, $7, $8, $9, $10)
        """
    var turn: TurnRow
    var manifest: [UInt8]
    var members: [UInt8]
    var parameters: [SQLValue] {
        [
            .uuid(turn.turnID), .text(turn.unitCode), .int4(Int32(turn.persons)), .int4(Int32(turn.doses)),
            .text(turn.preparedBy), .instant(turn.preparedAt), .instant(turn.expiresAt), .bytes(turn.manifestSHA256),
            .bytes(manifest), .bytes(members),
        ]
    }
    static func row(_ row: ResultRow) {}
}

struct MarkTurnSigned: Statement {
    static let sql = """
        UPDATE turn SET state = 'signed', signature = $2, signature_sha256 = $3, signer_serial = $4,
            signer_certificate = $5, signed_by = $6, signed_at = $7, ended_at = $7, members = NULL
        WHERE turn_id = $1 RETURNING \(TurnRow.columns)
        """
    var turnID: TurnID
    var signature: [UInt8]
    var signatureSHA256: [UInt8]
    var signerSerial: String
    var signerCertificate: [UInt8]
    var signedBy: String
    var signedAt: Instant
    var parameters: [SQLValue] {
        [
            .uuid(turnID), .bytes(signature), .bytes(signatureSHA256), .text(signerSerial), .bytes(signerCertificate),
            .text(signedBy), .instant(signedAt),
        ]
    }
    static func row(_ row: ResultRow) -> TurnRow { TurnRow(row) }
}

/// Ends a turn unsigned; its manifest is no longer needed.
struct MarkTurnEnded: Statement {
    static let sql = """
        UPDATE turn SET state = $2, ended_at = $3, moved = $4, manifest = NULL, members = NULL
        WHERE turn_id = $1 AND state = 'prepared'
        """
    var turnID: TurnID
    var state: TurnState
    var endedAt: Instant
    var moved: String?
    var parameters: [SQLValue] { [.uuid(turnID), .text(state.rawValue), .instant(endedAt), .text(moved)] }
    static func row(_ row: ResultRow) {}
}

/// Ends the turns whose time is over, a thousand at a time; turns that are being signed are left alone.
struct ExpireTurns: Statement {
    static let sql = """
        UPDATE turn SET state = 'expired', ended_at = $1, manifest = NULL, members = NULL WHERE turn_id IN (
            SELECT turn_id FROM turn WHERE state = 'prepared' AND expires_at <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)
        RETURNING turn_id
        """
    var now: Instant
    var parameters: [SQLValue] { [.instant(now)] }
    static func row(_ row: ResultRow) -> TurnID { row.uuid(0) }
}
