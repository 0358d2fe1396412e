import Cryptography
import RecordModel
import Storage

enum InstallationTag {}
typealias InstallationID = Identifier<InstallationTag>

/// Recognises a database that has lost its decisions.
///
/// Passports, their numbers and their revocations cannot be derived from anybody's events: they come from the backup.
/// So a random number stands in the database and beside the signer's key. If the file names another database than this
/// one, this one is empty or a stranger's: the service refuses to run until the backup is restored. Where passports are
/// lost for good and that is accepted, an operator takes the file away; the old passports can then be neither superseded
/// nor revoked.
struct Installation: Sendable {
    let files: SignerFiles

    /// What a start does about the two numbers.
    enum Judgement: Equatable {
        /// Both say the same.
        case known
        /// Nothing stands beside the key: the first start, or the file was taken away.
        case unmarked
        /// The file names a database that is not this one.
        case foreign
    }

    static func judge(stored: InstallationID?, beside: InstallationID?) -> Judgement {
        guard let beside else { return .unmarked }
        return stored == beside ? .known : .foreign
    }

    /// Checks, and marks at the first start of both.
    /// - Returns: why the service must not run; nil when it may.
    func problem(in database: Database, at now: Instant) throws -> String? {
        let beside =
            files.exists(SignerFiles.installation)
            ? InstallationID(try files.read(SignerFiles.installation).filter { !$0.isWhitespace }) : nil
        let stored = try database.transaction { tx in try tx.run(ReadInstallation()).first }
        switch Self.judge(stored: stored, beside: beside) {
        case .known: return nil
        case .foreign:
            return "this database has not issued the passports of this signer: restore the backup of schema issuance; "
                + "if they are lost for good, remove \(files.path(SignerFiles.installation))"
        case .unmarked:
            // The row first: a file without its row would refuse the next start.
            let id = try database.transaction { tx in
                try tx.run(MakeInstallation(id: .random(), at: now))
                return try tx.run(ReadInstallation()).first
            }
            if let id { try files.write(SignerFiles.installation, "\(id)\n", isSecret: false) }
            return nil
        }
    }
}

struct ReadInstallation: Statement {
    static let sql = "SELECT id FROM installation"
    var parameters: [SQLValue] { [] }
    static func row(_ row: ResultRow) -> InstallationID { row.uuid(0) }
}

/// Two instances may start at once: the first one's number stands.
struct MakeInstallation: Statement {
    static let sql = "INSERT INTO installation (id, made_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    var id: InstallationID
    var at: Instant
    var parameters: [SQLValue] { [.uuid(id), .instant(at)] }
    static func row(_ row: ResultRow) {}
}

/// Remembers certificates, so that verifiers get those of earlier signers, too.
struct RememberTrust: Statement {
    static let sql = """
        INSERT INTO trust (kid, is_authority, pem, first_seen)
        SELECT kid, is_authority, pem, $4 FROM unnest($1::bytea[], $2::bool[], $3::text[]) AS t (kid, is_authority, pem)
        ON CONFLICT (kid) DO NOTHING
        """
    var certificates: [Certificate]
    var at: Instant
    var parameters: [SQLValue] {
        [
            .byteArrays(certificates.map(\.keyIdentifier)), .bools(certificates.map(\.isAuthority)),
            .texts(certificates.map(\.pem)), .instant(at),
        ]
    }
    static func row(_ row: ResultRow) {}
}
