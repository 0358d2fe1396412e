import Cryptography
import Foundation
import RecordModel

/// The files of the passport signer: one folder, four names.
///
/// - `csca.pem`: the country signing authority, and authorities before it
/// - `signer.pem`, `signer.key`: the document signer certificate (DSC) in use and its private key
/// - `csca.key`: in development only; a production authority's key is never where the service runs
/// - `former-signers.pem`: optional, certificates whose passports are still out there
struct SignerFiles: Sendable {
    let directory: String

    static let authority = "csca.pem"
    static let authorityKey = "csca.key"
    static let certificate = "signer.pem"
    static let key = "signer.key"
    static let former = "former-signers.pem"
    /// Says which database has issued with this signer.
    static let installation = "issuance-installation"

    /// A signer with the certificates that verifiers need.
    struct Loaded: Sendable {
        let signer: SoftwareSigner
        let authorities: [Certificate]
        let former: [Certificate]
    }

    /// What is missing or wrong, each piece by name; empty when a signer can be loaded.
    func problems(at seconds: Int64, isDevelopment: Bool) -> [String] {
        guard !directory.isEmpty else { return ["no folder is named; it holds csca.pem, signer.pem and signer.key"] }
        let missing = [Self.authority, Self.certificate, Self.key].filter { !exists($0) }
        guard missing.isEmpty else { return missing.map { "\($0) is missing in \(directory)" } }
        do throws(CryptographyError) {
            let loaded = try load()
            let certificate = loaded.signer.certificate
            if !isDevelopment, certificate.commonName.contains("TEST") {
                return ["\(Self.certificate) is a TEST certificate; production needs one of the production authority"]
            }
            guard certificate.isValid(at: seconds) else {
                return ["\(Self.certificate) is not valid today; put a new document signer in its place"]
            }
            try CertificateChain.verify(certificate, anchors: loaded.authorities, at: seconds)
            return []
        } catch {
            return ["the signer cannot be used: \(error)"]
        }
    }

    /// Reads the files.
    func load() throws(CryptographyError) -> Loaded {
        let certificate = try Certificate(pem: try read(Self.certificate))
        let signer = try SoftwareSigner(key: try SigningKey(pem: try read(Self.key)), certificate: certificate)
        return Loaded(
            signer: signer, authorities: try Certificate.all(pem: try read(Self.authority)),
            former: exists(Self.former) ? try Certificate.all(pem: try read(Self.former)) : [])
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    func read(_ name: String) throws(CryptographyError) -> String {
        guard let data = FileManager.default.contents(atPath: path(name)),
            let text = String(validating: data, as: UTF8.self)
        else { throw CryptographyError("read \(name)", "it is not there, or not readable, in \(directory)") }
        return text
    }

    /// Writes a file in one step: a reader sees it whole or not at all.
    func write(_ name: String, _ text: String, isSecret: Bool) throws(CryptographyError) {
        let temporary = path(".\(name).\(UInt32.random(in: 0...UInt32.max))")
        let mode = isSecret ? 0o600 : 0o644
        guard
            FileManager.default.createFile(
                atPath: temporary, contents: Data(text.utf8), attributes: [.posixPermissions: mode]),
            unsafe rename(temporary, path(name)) == 0
        else { throw CryptographyError("write \(name)", "the folder \(directory) cannot be written") }
    }

    func path(_ name: String) -> String { directory + "/" + name }
}
