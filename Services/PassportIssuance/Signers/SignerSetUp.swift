import Cryptography
import Foundation
import RecordModel

/// Makes an authority and a signer under it, for development; named TEST, so that no reader takes their passports for
/// real ones. For production the set-up is the authority's own act, with two persons and an offline key.
enum SignerSetUp {
    /// Makes what is not there yet. Several instances may start at once: the first one makes the files, the others wait.
    static func make(in files: SignerFiles, at now: Instant) throws(CryptographyError) {
        do {
            try FileManager.default.createDirectory(
                atPath: files.directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CryptographyError("make signer", "the folder \(files.directory) cannot be made")
        }
        let descriptor = unsafe open(files.path(".lock"), O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CryptographyError("make signer", "the folder \(files.directory) cannot be written")
        }
        defer { close(descriptor) }
        flock(descriptor, LOCK_EX)
        guard !files.exists(SignerFiles.certificate) else { return }
        let (authority, key, certificate) = try made(at: now)
        try files.write(SignerFiles.authorityKey, authority.key.pem, isSecret: true)
        try files.write(SignerFiles.authority, authority.certificate.pem, isSecret: false)
        try files.write(SignerFiles.key, key.pem, isSecret: true)
        // Last: its presence says that all is there.
        try files.write(SignerFiles.certificate, certificate.pem, isSecret: false)
    }

    /// A signer that is written nowhere: for describing the service.
    static func inMemory(at now: Instant) throws(CryptographyError) -> SignerFiles.Loaded {
        let (authority, key, certificate) = try made(at: now)
        return SignerFiles.Loaded(
            signer: try SoftwareSigner(key: key, certificate: certificate), authorities: [authority.certificate],
            former: [])
    }

    private static func made(
        at now: Instant
    ) throws(CryptographyError) -> (authority: CertificateAuthority, key: SigningKey, certificate: Certificate) {
        let day: Int64 = 86_400
        // A passport of the first minutes must not start before its signer does.
        let start = now.microseconds / 1_000_000 - day
        let authority = try CertificateAuthority.root(
            DistinguishedName(organization: "TEST Bộ Y tế", commonName: "TEST CSCA Viet Nam"), key: .generateP256(),
            notBefore: start, notAfter: start + 4 * 365 * day)
        let key = try SigningKey.generateP256()
        let certificate = try authority.issueDocumentSigner(
            DistinguishedName(organization: "TEST Cục Y tế dự phòng", commonName: "TEST DSC Viet Nam 1"),
            publicKey: key.publicKey, notBefore: start, notAfter: start + 2 * 365 * day)
        return (authority, key, certificate)
    }
}
