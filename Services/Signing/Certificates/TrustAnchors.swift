import Cryptography
import Foundation

/// The certificate authorities whose organisation certificates may sign (SIG-02), from a PEM file.
///
/// The file is read again for each use: an authority is added or taken out by replacing the file, without a restart.
struct TrustAnchors: Sendable {
    /// Empty: none are configured, and every signature is refused.
    let path: String

    /// The anchors now; throws where the file cannot be read.
    func current() throws(CryptographyError) -> [Certificate] { try Certificate.all(pem: text()) }

    /// There is no file, as before the first certificate authority was set up.
    var isMissing: Bool { path.isEmpty || !FileManager.default.fileExists(atPath: path) }

    /// All anchors as PEM, for the export.
    func pem() throws(CryptographyError) -> String { try current().map(\.pem).joined() }

    /// What is wrong with the file, or nil.
    func problem() -> String? {
        if path.isEmpty { return "no file of trust anchors is set" }
        do throws(CryptographyError) {
            let anchors = try current()
            return anchors.allSatisfy(\.isAuthority) ? nil : "a certificate in it is not an authority's"
        } catch {
            return error.description
        }
    }

    private func text() throws(CryptographyError) -> String {
        guard !path.isEmpty, let data = FileManager.default.contents(atPath: path) else {
            throw CryptographyError("read trust anchors", "the file is missing or cannot be read")
        }
        return String(decoding: data, as: UTF8.self)
    }
}
