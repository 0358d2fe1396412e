import COpenSSL

/// Parts of an X.500 name.
public struct DistinguishedName: Sendable, Equatable {
    /// ISO 3166 alpha-2.
    public var country: String
    /// Organisation, or empty.
    public var organization: String
    /// Common name.
    public var commonName: String

    public init(country: String = "VN", organization: String = "", commonName: String) {
        self.country = country
        self.organization = organization
        self.commonName = commonName
    }
}

/// A certificate authority held in this process: the passport's CSCA, or the authority of the facilities'
/// organisation certificates. For set-up and for development; a production CSCA lives offline
/// (certificate governance of the EU DCC: two persons, four years, its key in use for one).
public struct CertificateAuthority: Sendable {
    public let key: SigningKey
    public let certificate: Certificate

    /// OIDs of the EU DCC's extended key usages.
    public enum PassportUsage {
        public static let test = "1.3.6.1.4.1.1847.2021.1.1"
        public static let vaccination = "1.3.6.1.4.1.1847.2021.1.2"
        public static let recovery = "1.3.6.1.4.1.1847.2021.1.3"
    }

    /// An authority of its key and certificate; throws if they do not belong together.
    public init(key: SigningKey, certificate: Certificate) throws(CryptographyError) {
        guard certificate.isAuthority, certificate.publicKey == key.publicKey else {
            throw CryptographyError("use authority", "not the certificate of an authority with this key")
        }
        self.key = key
        self.certificate = certificate
    }

    /// A new self-signed authority, valid from and until the instants (seconds since 1970): CA:TRUE,
    /// pathlen 0, keyCertSign and cRLSign, subject key identifier.
    public static func root(
        _ name: DistinguishedName, key: SigningKey, notBefore: Int64, notAfter: Int64
    ) throws(CryptographyError) -> CertificateAuthority {
        let certificate = try CertificateBuilder.make(
            subject: name, publicKey: key.publicKey, issuer: nil, signer: key, notBefore: notBefore,
            notAfter: notAfter,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
                (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
                (NID_authority_key_identifier, "keyid:always"),
            ])
        return try CertificateAuthority(key: key, certificate: certificate)
    }

    /// A document signer certificate of the EU DCC profile: digitalSignature only, key identifiers,
    /// optionally usages and where the revocation list is.
    public func issueDocumentSigner(
        _ name: DistinguishedName, publicKey: PublicKey, notBefore: Int64, notAfter: Int64,
        usages: [String] = [PassportUsage.vaccination], revocationList: String = ""
    ) throws(CryptographyError) -> Certificate {
        var extensions: [(Int32, String)] = [
            (NID_key_usage, "critical,digitalSignature"),
            (NID_subject_key_identifier, "hash"),
            (NID_authority_key_identifier, "keyid:always"),
        ]
        if !usages.isEmpty { extensions.append((NID_ext_key_usage, usages.joined(separator: ","))) }
        if !revocationList.isEmpty { extensions.append((NID_crl_distribution_points, "URI:" + revocationList)) }
        return try issue(name, publicKey, notBefore, notAfter, extensions)
    }

    /// A certificate of a facility (organisation certificate): digitalSignature and nonRepudiation.
    public func issueOrganisation(
        _ name: DistinguishedName, publicKey: PublicKey, notBefore: Int64, notAfter: Int64
    ) throws(CryptographyError) -> Certificate {
        try issue(
            name, publicKey, notBefore, notAfter,
            [
                (NID_basic_constraints, "critical,CA:FALSE"),
                (NID_key_usage, "critical,digitalSignature,nonRepudiation"),
                (NID_subject_key_identifier, "hash"),
                (NID_authority_key_identifier, "keyid:always"),
            ])
    }

    private func issue(
        _ name: DistinguishedName, _ publicKey: PublicKey, _ notBefore: Int64, _ notAfter: Int64,
        _ extensions: [(Int32, String)]
    ) throws(CryptographyError) -> Certificate {
        try CertificateBuilder.make(
            subject: name, publicKey: publicKey, issuer: certificate, signer: key, notBefore: notBefore,
            notAfter: notAfter, extensions: extensions)
    }
}

/// Builds one certificate.
enum CertificateBuilder {
    static func make(
        subject: DistinguishedName, publicKey: PublicKey, issuer: Certificate?, signer: SigningKey,
        notBefore: Int64, notAfter: Int64, extensions: [(Int32, String)]
    ) throws(CryptographyError) -> Certificate {
        guard let made = X509_new() else { throw .openSSL("make certificate") }
        let failed: CryptographyError? = fill(
            made, subject: subject, publicKey: publicKey, issuer: issuer, signer: signer, notBefore: notBefore,
            notAfter: notAfter, extensions: extensions)
        if let failed {
            X509_free(made)
            throw failed
        }
        // Read anew, so that what is handed on is what a reader of the bytes sees.
        guard let der = derBytes({ i2d_X509(made, $0) }) else {
            X509_free(made)
            throw .openSSL("make certificate")
        }
        X509_free(made)
        return try Certificate(der: der)
    }

    private static func fill(
        _ made: OpaquePointer, subject: DistinguishedName, publicKey: PublicKey, issuer: Certificate?,
        signer: SigningKey, notBefore: Int64, notAfter: Int64, extensions: [(Int32, String)]
    ) -> CryptographyError? {
        var serial = SecureRandom.bytes(16)
        // Positive, and of full length.
        serial[0] = serial[0] & 0x7f | 0x40
        let number = BN_bin2bn(serial, 16, nil)
        defer { BN_free(number) }
        guard X509_set_version(made, 2) == 1,
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made)) != nil,
            X509_set_pubkey(made, publicKey.handle) == 1,
            ASN1_TIME_set(X509_getm_notBefore(made), time_t(notBefore)) != nil,
            ASN1_TIME_set(X509_getm_notAfter(made), time_t(notAfter)) != nil,
            let name = X509_NAME_new()
        else { return .openSSL("make certificate") }
        defer { X509_NAME_free(name) }
        for (field, text) in [("C", subject.country), ("O", subject.organization), ("CN", subject.commonName)]
        where !text.isEmpty {
            let bytes = Array(text.utf8)
            guard X509_NAME_add_entry_by_txt(name, field, MBSTRING_FLAG | 0, bytes, Int32(bytes.count), -1, 0) == 1
            else { return .openSSL("make certificate: name field \(field)") }
        }
        guard X509_set_subject_name(made, name) == 1,
            X509_set_issuer_name(made, issuer.map { X509_get_subject_name($0.handle) } ?? name) == 1
        else { return .openSSL("make certificate") }
        for (nid, value) in extensions {
            var context = X509V3_CTX()
            X509V3_set_ctx(&context, issuer?.handle ?? made, made, nil, nil, 0)
            guard let made509 = X509V3_EXT_conf_nid(nil, &context, nid, value) else {
                return .openSSL("make certificate: extension \(String(cString: OBJ_nid2sn(nid)))")
            }
            defer { X509_EXTENSION_free(made509) }
            guard X509_add_ext(made, made509, -1) == 1 else { return .openSSL("make certificate") }
        }
        guard X509_sign(made, signer.handle, EVP_sha256()) > 0 else { return .openSSL("make certificate: sign") }
        return nil
    }
}
