import COpenSSL
import Synchronization

/// How a signature is made.
public enum SignatureAlgorithm: String, Sendable, CaseIterable {
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    case ps256 = "PS256"
}

/// Something that signs: a key of this process now, a token or a signing service later.
public protocol Signer: Sendable {
    /// The algorithm of every signature made.
    var algorithm: SignatureAlgorithm { get }
    /// The certificate of the key.
    var certificate: Certificate { get }
    /// Signs the bytes (hashing them). ES256: raw r‖s of 64 bytes; PS256: as long as the modulus.
    func sign(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8]
}

/// A private key of this process: EC P-256 (ES256) or RSA of at least 2048 bits (PS256).
///
/// Signing reuses OpenSSL's contexts through a small pool, so any number of threads may sign at once.
public final class SigningKey: @unchecked Sendable {
    /// The algorithm that follows from the kind of key.
    public let algorithm: SignatureAlgorithm
    let handle: OpaquePointer
    private let contexts = Mutex<[UInt]>([])

    init(owning handle: OpaquePointer) throws(CryptographyError) {
        self.handle = handle
        if tiemchung_is_p256(handle) == 1 {
            algorithm = .es256
        } else if tiemchung_is_rsa(handle) == 1, EVP_PKEY_get_bits(handle) >= 2048 {
            algorithm = .ps256
        } else {
            EVP_PKEY_free(handle)
            throw CryptographyError("read private key", "neither EC P-256 nor RSA of 2048 bits or more")
        }
    }

    deinit {
        contexts.withLock { pool in
            for context in pool { EVP_PKEY_CTX_free(OpaquePointer(bitPattern: context)) }
        }
        EVP_PKEY_free(handle)
    }

    /// A new EC P-256 key.
    public static func generateP256() throws(CryptographyError) -> SigningKey {
        guard let handle = tiemchung_generate_p256() else { throw .openSSL("generate EC key") }
        return try SigningKey(owning: handle)
    }

    /// A new RSA key; `bits` at least 2048.
    public static func generateRSA(bits: Int = 2048) throws(CryptographyError) -> SigningKey {
        guard let handle = tiemchung_generate_rsa(bits) else { throw .openSSL("generate RSA key") }
        return try SigningKey(owning: handle)
    }

    /// What `init(pem:passphrase:)` throws when the key is encrypted and the passphrase missing or wrong.
    public static let wrongPassphrase = CryptographyError("read private key", "wrong passphrase")

    /// Reads a PEM key (PKCS #8 or the traditional forms).
    /// - Parameter passphrase: of an encrypted key; it is not kept. Throws `wrongPassphrase` if it is not the one.
    public convenience init(pem: String, passphrase: String? = nil) throws(CryptographyError) {
        let bio = MemoryBIO(pem.utf8)
        guard let handle = tiemchung_read_private_key(bio.handle, passphrase) else {
            let error = CryptographyError.openSSL("read private key")
            throw pem.contains("ENCRYPTED") && pem.contains("-----END") ? SigningKey.wrongPassphrase : error
        }
        try self.init(owning: handle)
    }

    /// The key as unencrypted PKCS #8 PEM. Write it to files of mode 0600 only.
    public var pem: String {
        let bio = MemoryBIO()
        PEM_write_bio_PKCS8PrivateKey(bio.handle, handle, nil, nil, 0, nil, nil)
        return String(decoding: bio.bytes, as: UTF8.self)
    }

    /// The key as PKCS #8 PEM, encrypted (AES-256) under a passphrase, which must not be empty.
    public func pem(passphrase: String) throws(CryptographyError) -> String {
        let bio = MemoryBIO()
        guard !passphrase.isEmpty, tiemchung_write_encrypted_key(bio.handle, handle, passphrase) == 1 else {
            throw .openSSL("write private key")
        }
        return String(decoding: bio.bytes, as: UTF8.self)
    }

    /// The public half.
    public var publicKey: PublicKey {
        EVP_PKEY_up_ref(handle)
        return PublicKey(owning: handle, algorithm: algorithm)
    }

    /// Signs the bytes: raw r‖s of 64 bytes for ES256, the plain signature for PS256.
    public func sign(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
        let signature = try signDigest(SHA256.hash(bytes))
        guard algorithm == .es256 else { return signature }
        guard let raw = ECDSASignature.raw(der: signature) else { throw CryptographyError("sign", "odd signature") }
        return raw
    }

    /// Signs the bytes: DER for ES256 (as X.509 and CMS want it), the plain signature for PS256.
    public func signDER(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
        try signDigest(SHA256.hash(bytes))
    }

    private func signDigest(_ digest: [UInt8]) throws(CryptographyError) -> [UInt8] {
        let context = try takeContext()
        var count = algorithm == .es256 ? 80 : Int(EVP_PKEY_get_size(handle))
        var ok: Int32 = 0
        let signature = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            ok = EVP_PKEY_sign(context, buffer.baseAddress, &count, digest, digest.count)
            filled = ok == 1 ? count : 0
        }
        guard ok == 1 else {
            EVP_PKEY_CTX_free(context)
            throw .openSSL("sign")
        }
        contexts.withLock { $0.append(UInt(bitPattern: context)) }
        return signature
    }

    private func takeContext() throws(CryptographyError) -> OpaquePointer {
        if let used = contexts.withLock({ $0.popLast() }), let context = OpaquePointer(bitPattern: used) {
            return context
        }
        guard let context = EVP_PKEY_CTX_new(handle, nil) else { throw .openSSL("sign") }
        let ready =
            EVP_PKEY_sign_init(context) == 1
            && (algorithm == .es256 ? tiemchung_set_sha256(context) : tiemchung_set_ps256(context)) == 1
        guard ready else {
            EVP_PKEY_CTX_free(context)
            throw .openSSL("sign")
        }
        return context
    }
}

/// A key of this process with its certificate: the software form of `Signer`.
public struct SoftwareSigner: Signer {
    public let key: SigningKey
    public let certificate: Certificate
    public var algorithm: SignatureAlgorithm { key.algorithm }

    /// Throws if the certificate is of another key.
    public init(key: SigningKey, certificate: Certificate) throws(CryptographyError) {
        guard certificate.publicKey == key.publicKey else {
            throw CryptographyError("use signer", "the certificate is of another key")
        }
        self.key = key
        self.certificate = certificate
    }

    public func sign(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8] { try key.sign(bytes) }
}
