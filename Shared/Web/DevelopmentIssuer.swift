import Cryptography
import Foundation
import Glibc

/// Issues bearer tokens on one machine, for trying the system out. Works in development mode only: in production tokens
/// come from the ministry's identity provider, and this type refuses to exist.
///
/// Its directory holds `development-issuer.pem` (the key, readable by its owner alone) and `jwks.json` (the key set that
/// services are pointed to by `JWKS_FILE`).
public struct DevelopmentIssuer: Sendable {
    /// The key set's file name in the directory.
    public static let keySetFile = "jwks.json"
    /// The key's file name in the directory.
    public static let keyFile = "development-issuer.pem"

    private let tokens: TokenIssuer
    private let issuer: String
    private let audience: String

    /// Opens the issuer of a directory, making its key and key set if there is none.
    /// - Throws: `DevelopmentIssuerRefused` outside development mode; file and key errors.
    public init(
        directory: String, developmentMode: Bool, issuer: String = "tiemchung", audience: String = "tiemchung"
    ) throws {
        guard developmentMode else { throw DevelopmentIssuerRefused() }
        self.issuer = issuer
        self.audience = audience
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let keyPath = directory + "/" + Self.keyFile
        if !FileManager.default.fileExists(atPath: keyPath) {
            try Self.create(keyPath, Array(try SigningKey.generateP256().pem.utf8))
        }
        guard let pem = FileManager.default.contents(atPath: keyPath) else {
            throw KeySetError(path: keyPath, reason: "the file cannot be read")
        }
        tokens = try TokenIssuer(key: SigningKey(pem: String(decoding: pem, as: UTF8.self)))
        let keySetPath = directory + "/" + Self.keySetFile
        let keySet = Data(tokens.keySet.json)
        if FileManager.default.contents(atPath: keySetPath) != keySet {
            try keySet.write(to: URL(fileURLWithPath: keySetPath), options: .atomic)
        }
    }

    /// A token for a role and a unit.
    /// - Parameters:
    ///   - lifetime: seconds until it expires.
    ///   - now: seconds since 1970.
    public func issue(
        role: Role, unit: String, subject: String = "development", lifetime: Int64 = 3_600, now: Int64
    ) throws -> String {
        try tokens.issue(
            TokenClaims(
                subject: subject, role: role.rawValue, unit: unit, issuer: issuer, audience: audience, issuedAt: now,
                expiresAt: now + lifetime))
    }

    /// Writes a new file that its owner alone can read. When two processes start together, one file stays: the first's.
    private static func create(_ path: String, _ bytes: [UInt8]) throws {
        let draft = path + ".\(getpid())"
        let handle = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard handle >= 0 else {
            throw KeySetError(path: draft, reason: "cannot be made: \(String(cString: strerror(errno)))")
        }
        let written = bytes.withUnsafeBytes { Glibc.write(handle, $0.baseAddress, $0.count) }
        close(handle)
        defer { unlink(draft) }
        guard written == bytes.count else { throw KeySetError(path: draft, reason: "could not be written whole") }
        if link(draft, path) != 0, errno != EEXIST {
            throw KeySetError(path: path, reason: "cannot be made: \(String(cString: strerror(errno)))")
        }
    }
}

/// Development mode is off.
public struct DevelopmentIssuerRefused: Error, CustomStringConvertible, Sendable {
    public var description: String {
        "the development issuer works in development mode only (DEVELOPMENT_MODE=true); "
            + "in production tokens come from the identity provider whose keys are in JWKS_FILE"
    }
}
