import COpenSSL

/// An X.509 certificate. Extensions are read leniently: signer certificates of some countries encode
/// BasicConstraints badly, and trust is decided by `CertificateChain` or by a trust list, not here.
public final class Certificate: @unchecked Sendable, Equatable, CustomStringConvertible {
    let handle: OpaquePointer
    /// The DER bytes.
    public let der: [UInt8]
    /// The serial number, upper-case hexadecimal, an even number of digits.
    public let serial: String
    /// The subject's name, RFC 2253.
    public let subject: String
    /// The issuer's name, RFC 2253.
    public let issuer: String
    /// First second of validity, since 1970.
    public let notBefore: Int64
    /// Last second of validity, since 1970.
    public let notAfter: Int64
    /// Whether BasicConstraints says that it may sign certificates.
    public let isAuthority: Bool
    /// The subject key identifier, empty if absent.
    public let subjectKeyIdentifier: [UInt8]
    /// The authority key identifier, empty if absent.
    public let authorityKeyIdentifier: [UInt8]
    /// The extended key usages as dotted OIDs; nil where the extension is absent.
    public let extendedKeyUsage: [String]?
    /// The key usage bits of OpenSSL; all ones where the extension is absent.
    let keyUsage: UInt32
    /// The public key, if its kind is one of ours.
    public let publicKey: PublicKey?

    init(owning handle: OpaquePointer) throws(CryptographyError) {
        self.handle = handle
        guard let der = derBytes({ i2d_X509(handle, $0) }) else {
            X509_free(handle)
            throw .openSSL("read certificate")
        }
        var first: Int64 = 0
        var last: Int64 = 0
        guard tiemchung_seconds(X509_get0_notBefore(handle), &first) == 1,
            tiemchung_seconds(X509_get0_notAfter(handle), &last) == 1
        else {
            X509_free(handle)
            throw CryptographyError("read certificate", "its validity is unreadable")
        }
        self.der = der
        serial = Certificate.serial(of: handle)
        subject = Certificate.text(of: X509_get_subject_name(handle))
        issuer = Certificate.text(of: X509_get_issuer_name(handle))
        notBefore = first
        notAfter = last
        isAuthority = X509_check_ca(handle) == 1
        subjectKeyIdentifier = Certificate.octets(X509_get0_subject_key_id(handle))
        authorityKeyIdentifier = Certificate.octets(X509_get0_authority_key_id(handle))
        keyUsage = X509_get_key_usage(handle)
        var text = [CChar](repeating: 0, count: 4096)
        if tiemchung_extended_key_usage(handle, &text, Int32(text.count)) >= 0 {
            let joined = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
            extendedKeyUsage = joined.split(separator: " ").map(String.init)
        } else {
            extendedKeyUsage = nil
        }
        publicKey = X509_get_pubkey(handle).flatMap { try? PublicKey(owning: $0) }
        ERR_clear_error()
    }

    deinit { X509_free(handle) }

    /// Reads one DER certificate; bytes after it are refused.
    public convenience init(der: [UInt8]) throws(CryptographyError) {
        let handle: OpaquePointer? = der.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            guard let handle = d2i_X509(nil, &position, buffer.count) else { return nil }
            guard position == buffer.baseAddress.map({ $0 + buffer.count }) else {
                X509_free(handle)
                return nil
            }
            return handle
        }
        guard let handle else { throw .openSSL("read certificate") }
        try self.init(owning: handle)
    }

    /// Reads the first certificate of a PEM text.
    public convenience init(pem: String) throws(CryptographyError) {
        let bio = MemoryBIO(pem.utf8)
        guard let handle = PEM_read_bio_X509(bio.handle, nil, nil, nil) else { throw .openSSL("read certificate") }
        try self.init(owning: handle)
    }

    /// Reads all certificates of a PEM text, at least one.
    public static func all(pem: String) throws(CryptographyError) -> [Certificate] {
        let bio = MemoryBIO(pem.utf8)
        var certificates: [Certificate] = []
        while let handle = PEM_read_bio_X509(bio.handle, nil, nil, nil) {
            certificates.append(try Certificate(owning: handle))
        }
        guard !certificates.isEmpty else { throw .openSSL("read certificates") }
        ERR_clear_error()
        return certificates
    }

    /// The certificate as PEM.
    public var pem: String {
        let bio = MemoryBIO()
        PEM_write_bio_X509(bio.handle, handle)
        return String(decoding: bio.bytes, as: UTF8.self)
    }

    /// SHA-256 of the DER bytes.
    public var fingerprint: [UInt8] { SHA256.hash(der) }

    /// The key identifier of the EU DCC: the first eight bytes of the fingerprint.
    public var keyIdentifier: [UInt8] { Array(fingerprint.prefix(8)) }

    /// Whether the key may sign documents (digitalSignature or nonRepudiation, or no key usage stated).
    public var maySignDocuments: Bool { keyUsage & UInt32(KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION) != 0 }

    /// Whether an instant (seconds since 1970) lies within the validity.
    public func isValid(at seconds: Int64) -> Bool { notBefore <= seconds && seconds <= notAfter }

    /// The subject's common name, empty if it has none.
    public var commonName: String { entry(NID_commonName) }

    /// The subject's organisation, empty if it has none.
    public var organization: String { entry(NID_organizationName) }

    private func entry(_ nid: Int32) -> String {
        guard let name = X509_get_subject_name(handle) else { return "" }
        let index = X509_NAME_get_index_by_NID(name, nid, -1)
        guard index >= 0, let data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)) else { return "" }
        var utf8: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&utf8, data)
        guard count >= 0, let utf8 else { return "" }
        defer { CRYPTO_free(utf8, "", 0) }
        return String(decoding: UnsafeBufferPointer(start: utf8, count: Int(count)), as: UTF8.self)
    }

    public static func == (one: Certificate, other: Certificate) -> Bool { one.der == other.der }

    public var description: String { "certificate \(serial)" }

    private static func serial(of handle: OpaquePointer) -> String {
        guard let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(handle), nil) else { return "" }
        defer { BN_free(number) }
        guard let text = BN_bn2hex(number) else { return "" }
        defer { CRYPTO_free(text, "", 0) }
        return String(cString: text)
    }

    private static func text(of name: OpaquePointer?) -> String {
        guard let name else { return "" }
        let bio = MemoryBIO()
        tiemchung_print_name(bio.handle, name)
        return String(decoding: bio.bytes, as: UTF8.self)
    }

    private static func octets(_ value: UnsafePointer<ASN1_OCTET_STRING>?) -> [UInt8] {
        guard let value, let start = ASN1_STRING_get0_data(value) else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(value))))
    }
}
