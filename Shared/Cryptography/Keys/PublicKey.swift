import COpenSSL

/// A public key: EC P-256 (ES256) or RSA (PS256).
public final class PublicKey: @unchecked Sendable, Equatable {
    /// The algorithm that follows from the kind of key.
    public let algorithm: SignatureAlgorithm
    let handle: OpaquePointer

    init(owning handle: OpaquePointer, algorithm: SignatureAlgorithm) {
        self.handle = handle
        self.algorithm = algorithm
    }

    /// Takes the handle over; frees it if the kind of key is none of ours.
    convenience init(owning handle: OpaquePointer) throws(CryptographyError) {
        if tiemchung_is_p256(handle) == 1 {
            self.init(owning: handle, algorithm: .es256)
        } else if tiemchung_is_rsa(handle) == 1 {
            self.init(owning: handle, algorithm: .ps256)
        } else {
            EVP_PKEY_free(handle)
            throw CryptographyError("read public key", "neither EC P-256 nor RSA")
        }
    }

    deinit { EVP_PKEY_free(handle) }

    /// Reads a PEM public key (SubjectPublicKeyInfo).
    public convenience init(pem: String) throws(CryptographyError) {
        let bio = MemoryBIO(pem.utf8)
        guard let handle = PEM_read_bio_PUBKEY(bio.handle, nil, nil, nil) else { throw .openSSL("read public key") }
        try self.init(owning: handle)
    }

    /// A P-256 key of its affine coordinates, 32 bytes each; throws if they are no point of the curve.
    public convenience init(x: [UInt8], y: [UInt8]) throws(CryptographyError) {
        guard x.count == 32, y.count == 32 else { throw CryptographyError("read public key", "odd coordinates") }
        guard let handle = tiemchung_p256_public(x, y) else { throw .openSSL("read public key") }
        try self.init(owning: handle)
    }

    /// The affine coordinates of a P-256 key; nil for RSA.
    public var coordinates: (x: [UInt8], y: [UInt8])? {
        var x = [UInt8](repeating: 0, count: 32)
        var y = x
        guard algorithm == .es256, tiemchung_p256_point(handle, &x, &y) == 1 else { return nil }
        return (x, y)
    }

    /// The DER of the SubjectPublicKeyInfo.
    public var der: [UInt8] { derBytes { i2d_PUBKEY(handle, $0) } ?? [] }

    /// The key as PEM.
    public var pem: String {
        let bio = MemoryBIO()
        PEM_write_bio_PUBKEY(bio.handle, handle)
        return String(decoding: bio.bytes, as: UTF8.self)
    }

    public static func == (one: PublicKey, other: PublicKey) -> Bool { EVP_PKEY_eq(one.handle, other.handle) == 1 }

    /// Whether the signature over the bytes is this key's: raw r‖s for ES256, plain for PS256.
    public func verify(_ signature: [UInt8], over bytes: [UInt8]) -> Bool {
        switch algorithm {
        case .es256:
            guard let der = ECDSASignature.der(raw: signature) else { return false }
            return verifyDigest(der, SHA256.hash(bytes))
        case .ps256:
            return verifyDigest(signature, SHA256.hash(bytes))
        }
    }

    /// As `verify(_:over:)`, the ES256 signature being DER.
    public func verifyDER(_ signature: [UInt8], over bytes: [UInt8]) -> Bool {
        verifyDigest(signature, SHA256.hash(bytes))
    }

    private func verifyDigest(_ signature: [UInt8], _ digest: [UInt8]) -> Bool {
        guard !signature.isEmpty, let context = EVP_PKEY_CTX_new(handle, nil) else { return false }
        defer {
            EVP_PKEY_CTX_free(context)
            ERR_clear_error()
        }
        guard EVP_PKEY_verify_init(context) == 1,
            (algorithm == .es256 ? tiemchung_set_sha256(context) : tiemchung_set_ps256(context)) == 1
        else { return false }
        return EVP_PKEY_verify(context, signature, signature.count, digest, digest.count) == 1
    }
}
