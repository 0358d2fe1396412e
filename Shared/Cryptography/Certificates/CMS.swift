import COpenSSL

/// Detached CMS signatures of the level CAdES-B-B (ETSI EN 319 122-1): RFC 5652 SignedData without the
/// content, signed attributes content-type, message-digest, signing-time and signing-certificate-v2.
public enum CMS {
    /// The longest signature that is looked at, in bytes.
    public static let longestSignature = 256 * 1024

    /// What a good signature says.
    public struct Verified: Sendable {
        /// The signer's certificate, taken from the signature and verified up to an anchor.
        public let signer: Certificate
        /// The claimed time of signing, seconds since 1970; nil where the attribute is absent.
        public let signingTime: Int64?
    }

    /// Signs the content; the signer's certificate and the chain go into the signature.
    /// - Parameter signingTime: seconds since 1970, as the signing-time attribute states it.
    public static func sign(
        _ content: [UInt8], key: SigningKey, certificate: Certificate, chain: [Certificate] = [], signingTime: Int64
    ) throws(CryptographyError) -> [UInt8] {
        let flags = UInt32(CMS_DETACHED | CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP | CMS_PARTIAL)
        let others = CertificateStack(chain)
        guard let cms = CMS_sign(nil, nil, others.handle, nil, flags) else { throw .openSSL("sign CMS") }
        defer { CMS_ContentInfo_free(cms) }
        guard let signer = CMS_add1_signer(cms, certificate.handle, key.handle, EVP_sha256(), flags) else {
            throw .openSSL("sign CMS")
        }
        guard let time = ASN1_TIME_set(nil, time_t(signingTime)) else { throw .openSSL("sign CMS") }
        defer { ASN1_STRING_free(time) }
        guard CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, time.pointee.type, time, -1) == 1 else {
            throw .openSSL("sign CMS")
        }
        let bio = MemoryBIO(content)
        guard CMS_final(cms, bio.handle, nil, flags) == 1, let der = derBytes({ i2d_CMS_ContentInfo(cms, $0) })
        else { throw .openSSL("sign CMS") }
        return der
    }

    /// Verifies a detached signature over the content: one signer, digest and signature algorithm not
    /// weaker than SHA-256, signature and digest right, signing-certificate-v2 naming the signer, and a
    /// chain from the signer to one of the anchors, all valid at the instant. Throws with the reason.
    /// - Parameter seconds: the instant at which the chain is judged, seconds since 1970.
    public static func verify(
        _ signature: [UInt8], over content: [UInt8], anchors: [Certificate], at seconds: Int64
    ) throws(CryptographyError) -> Verified {
        let what = "verify CMS"
        guard signature.count <= longestSignature else { throw CryptographyError(what, "longer than allowed") }
        let cms = try parse(signature)
        defer { CMS_ContentInfo_free(cms) }
        guard OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed else {
            throw CryptographyError(what, "not SignedData")
        }
        guard CMS_is_detached(cms) == 1 else { throw CryptographyError(what, "the content is inside") }
        guard tiemchung_signers_count(cms) == 1, let info = tiemchung_signer_at(cms, 0) else {
            throw CryptographyError(what, "not exactly one signer")
        }
        guard tiemchung_has_signing_certificate_v2(info) == 1 else {
            throw CryptographyError(what, "the signing-certificate-v2 attribute is missing")
        }
        let store = try TrustStore(anchors: anchors, at: seconds)
        let bio = MemoryBIO(content)
        let flags = UInt32(CMS_BINARY | CMS_CADES)
        guard CMS_verify(cms, nil, store.handle, bio.handle, nil, flags) == 1 else { throw .openSSL(what) }
        return try facts(of: info)
    }

    private static func parse(_ signature: [UInt8]) throws(CryptographyError) -> OpaquePointer {
        let cms: OpaquePointer? = signature.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            guard let cms = d2i_CMS_ContentInfo(nil, &position, buffer.count) else { return nil }
            guard position == buffer.baseAddress.map({ $0 + buffer.count }) else {
                CMS_ContentInfo_free(cms)
                return nil
            }
            return cms
        }
        guard let cms else { throw .openSSL("verify CMS: read") }
        return cms
    }

    private static func facts(of info: OpaquePointer) throws(CryptographyError) -> Verified {
        var certificate: OpaquePointer?
        var digest: UnsafeMutablePointer<X509_ALGOR>?
        var algorithm: UnsafeMutablePointer<X509_ALGOR>?
        CMS_SignerInfo_get0_algs(info, nil, &certificate, &digest, &algorithm)
        guard let certificate, let digest, let algorithm else { throw CryptographyError("verify CMS", "no signer") }
        guard strongDigests.contains(OBJ_obj2nid(digest.pointee.algorithm)),
            strongSignatures.contains(OBJ_obj2nid(algorithm.pointee.algorithm))
        else { throw CryptographyError("verify CMS", "the algorithm is not allowed") }
        X509_up_ref(certificate)
        let signer = try Certificate(owning: certificate)
        guard !signer.isAuthority, signer.maySignDocuments else {
            throw CryptographyError("verify CMS", "the signer's certificate is not for signing documents")
        }
        var seconds: Int64 = 0
        var time: Int64?
        if let value = CMS_signed_get0_data_by_OBJ(info, OBJ_nid2obj(NID_pkcs9_signingTime), -3, V_ASN1_UTCTIME)
            ?? CMS_signed_get0_data_by_OBJ(
                info, OBJ_nid2obj(NID_pkcs9_signingTime), -3, V_ASN1_GENERALIZEDTIME),
            tiemchung_seconds(value.assumingMemoryBound(to: ASN1_TIME.self), &seconds) == 1
        {
            time = seconds
        }
        return Verified(signer: signer, signingTime: time)
    }

    private static let strongDigests: Set<Int32> = [NID_sha256, NID_sha384, NID_sha512]
    private static let strongSignatures: Set<Int32> = [
        NID_ecdsa_with_SHA256, NID_ecdsa_with_SHA384, NID_ecdsa_with_SHA512, NID_rsaEncryption,
        NID_sha256WithRSAEncryption, NID_sha384WithRSAEncryption, NID_sha512WithRSAEncryption, NID_rsassaPss,
    ]
}
