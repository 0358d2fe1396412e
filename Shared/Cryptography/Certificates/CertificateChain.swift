import COpenSSL

/// Chain verification against trust anchors at a given time (RFC 5280, by OpenSSL).
public enum CertificateChain {
    /// Verifies that a chain leads from the certificate to one of the anchors, every certificate being
    /// valid at the instant. Throws with OpenSSL's reason otherwise.
    /// - Parameter seconds: the instant, seconds since 1970.
    public static func verify(
        _ certificate: Certificate, intermediates: [Certificate] = [], anchors: [Certificate], at seconds: Int64
    ) throws(CryptographyError) {
        let store = try TrustStore(anchors: anchors, at: seconds)
        guard let context = X509_STORE_CTX_new() else { throw .openSSL("verify chain") }
        let others = CertificateStack(intermediates)
        defer { X509_STORE_CTX_free(context) }
        guard X509_STORE_CTX_init(context, store.handle, certificate.handle, others.handle) == 1 else {
            throw .openSSL("verify chain")
        }
        let result = X509_verify_cert(context)
        guard result == 1 else {
            let code = Int(X509_STORE_CTX_get_error(context))
            ERR_clear_error()
            throw CryptographyError("verify chain", String(cString: X509_verify_cert_error_string(code)))
        }
    }
}

/// Trust anchors with the time of judgement.
final class TrustStore {
    let handle: OpaquePointer

    init(anchors: [Certificate], at seconds: Int64) throws(CryptographyError) {
        guard let handle = X509_STORE_new() else { throw .openSSL("trust store") }
        self.handle = handle
        for anchor in anchors where X509_STORE_add_cert(handle, anchor.handle) != 1 {
            throw .openSSL("trust store")
        }
        let parameters = X509_STORE_get0_param(handle)
        X509_VERIFY_PARAM_set_time(parameters, time_t(seconds))
        // What a certificate may be used for is checked by the caller: facility certificates carry no
        // e-mail usage, which OpenSSL's default for CMS asks for.
        X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY)
    }

    deinit { X509_STORE_free(handle) }
}

/// A stack of certificates of OpenSSL, holding references of its own.
final class CertificateStack {
    let handle: OpaquePointer?

    init(_ certificates: [Certificate]) {
        handle = tiemchung_certificates_new()
        for certificate in certificates { tiemchung_certificates_push(handle, certificate.handle) }
    }

    deinit { tiemchung_certificates_free(handle) }
}
