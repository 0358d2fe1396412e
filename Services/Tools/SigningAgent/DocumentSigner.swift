import Cryptography
import Foundation
import RecordModel

/// Signs a turn's manifest: a key file now, a token (USB Token) later.
protocol DocumentSigner: Sendable {
    /// The organisation certificate that the signature will name.
    var certificate: Certificate { get }
    /// A detached CMS signature (CAdES-B-B, DER) over the bytes, the chain inside.
    func signature(over manifest: [UInt8], at now: Instant) throws -> [UInt8]
}

/// A key that cannot be used; nothing was signed.
enum KeyProblem: Error, CustomStringConvertible {
    case unreadable(path: String)
    /// The passphrase (PIN) is wrong, or the file is no key (SIG-16).
    case wrongPIN
    case unusable(String)

    var description: String {
        switch self {
        case .unreadable(let path): "không đọc được tệp \(path) / the file \(path) cannot be read"
        case .wrongPIN: "mã PIN không đúng, chưa ký gì / the PIN is wrong, nothing was signed"
        case .unusable(let reason): "không dùng được khóa ký / the signing key cannot be used: \(reason)"
        }
    }
}

/// A private key and its certificate chain in PEM files. The key's passphrase stands for a token's PIN.
struct KeyFileSigner: DocumentSigner {
    let certificate: Certificate
    private let key: SigningKey
    private let chain: [Certificate]

    /// - Parameters:
    ///   - certificatePath: the certificate, then the authorities above it.
    ///   - pin: the passphrase of an encrypted key; nil for one that is not.
    init(keyPath: String, certificatePath: String, pin: String?) throws {
        let keyText = try Self.text(of: keyPath)
        let certificates: [Certificate]
        do throws(CryptographyError) {
            certificates = try Certificate.all(pem: try Self.pem(of: certificatePath))
        } catch {
            throw KeyProblem.unusable(error.description)
        }
        let key = try Self.key(keyText, pin: pin)
        guard certificates[0].publicKey == key.publicKey else {
            throw KeyProblem.unusable("the certificate is of another key")
        }
        self.key = key
        certificate = certificates[0]
        chain = Array(certificates.dropFirst())
    }

    func signature(over manifest: [UInt8], at now: Instant) throws -> [UInt8] {
        try CMS.sign(
            manifest, key: key, certificate: certificate, chain: chain, signingTime: now.microseconds / 1_000_000)
    }

    private static func key(_ pem: String, pin: String?) throws -> SigningKey {
        let isEncrypted = pem.contains("ENCRYPTED")
        if isEncrypted, pin == nil { throw KeyProblem.wrongPIN }
        do throws(CryptographyError) {
            guard let pin else { return try SigningKey(pem: pem) }
            return try SigningKey(pem: pem, passphrase: pin)
        } catch {
            if isEncrypted { throw KeyProblem.wrongPIN }
            throw KeyProblem.unusable(error.description)
        }
    }

    private static func text(of path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else { throw KeyProblem.unreadable(path: path) }
        return String(decoding: data, as: UTF8.self)
    }

    private static func pem(of path: String) throws(CryptographyError) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CryptographyError("read certificate", "the file cannot be read")
        }
        return String(decoding: data, as: UTF8.self)
    }
}
