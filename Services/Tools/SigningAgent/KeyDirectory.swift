import Cryptography
import Foundation
import RecordModel
import Web

/// A directory with one key and certificate chain for each facility, `<unit>.key.pem` and `<unit>.certificate.pem`, and
/// the authority that made them: what `demo-authority` fills and `sign-all` reads.
struct KeyDirectory: Sendable {
    let path: String

    /// The authority's certificate: what TRUST_ANCHORS_FILE of Signing names.
    var trustPath: String { path + "/trust.pem" }
    private var authorityKeyPath: String { path + "/authority.key.pem" }

    func keyPath(of unitCode: String) -> String { path + "/" + percentEncoded(unitCode) + ".key.pem" }
    func certificatePath(of unitCode: String) -> String { path + "/" + percentEncoded(unitCode) + ".certificate.pem" }
    func tokenPath(of unitCode: String) -> String { path + "/" + percentEncoded(unitCode) + ".token" }

    func holdsKey(of unitCode: String) -> Bool { FileManager.default.fileExists(atPath: keyPath(of: unitCode)) }

    /// Five years: long enough for any trial.
    private static let lifetime: Int64 = 5 * 365 * 86_400

    /// Makes the TEST authority if there is none, and opens it.
    func authority(at now: Instant) throws -> CertificateAuthority {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        if let key = text(of: authorityKeyPath), let certificate = text(of: trustPath) {
            return try CertificateAuthority(key: SigningKey(pem: key), certificate: Certificate(pem: certificate))
        }
        let seconds = now.microseconds / 1_000_000
        let authority = try CertificateAuthority.root(
            DistinguishedName(organization: "TEST - không có giá trị pháp lý", commonName: "TEST Organisation CA"),
            key: SigningKey.generateP256(), notBefore: seconds - 86_400, notAfter: seconds + Self.lifetime)
        try write(authority.key.pem, to: authorityKeyPath, mode: 0o600)
        try write(authority.certificate.pem, to: trustPath, mode: 0o644)
        return authority
    }

    /// Makes a facility's key and certificate if it has none; true when they are new.
    func issue(_ unitCode: String, by authority: CertificateAuthority, at now: Instant) throws -> Bool {
        if holdsKey(of: unitCode), text(of: certificatePath(of: unitCode)) != nil { return false }
        let seconds = now.microseconds / 1_000_000
        let key = try SigningKey.generateP256()
        let certificate = try authority.issueOrganisation(
            DistinguishedName(organization: "TEST \(unitCode)", commonName: "TEST \(unitCode)"),
            publicKey: key.publicKey, notBefore: seconds - 3_600, notAfter: seconds + Self.lifetime - 86_400)
        try write(key.pem, to: keyPath(of: unitCode), mode: 0o600)
        try write(
            certificate.pem + authority.certificate.pem, to: certificatePath(of: unitCode), mode: 0o644)
        return true
    }

    func certificateText(of unitCode: String) throws -> String {
        guard let text = text(of: certificatePath(of: unitCode)) else {
            throw KeyProblem.unreadable(path: certificatePath(of: unitCode))
        }
        return text
    }

    private func text(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Writes a file in one step: a reader sees all of it or none.
    private func write(_ text: String, to path: String, mode: Int) throws {
        let draft = path + ".new"
        guard
            FileManager.default.createFile(
                atPath: draft, contents: Data(text.utf8), attributes: [.posixPermissions: mode]),
            rename(draft, path) == 0
        else { throw KeyProblem.unreadable(path: path) }
    }
}
