/// A passport as issued.
public struct EncodedPassport: Sendable, Equatable {
    /// The text of the QR, `HC1:` and so on.
    public let text: String
    /// The COSE signature, as revocation by signature hashes it.
    public let signature: [UInt8]
}

/// Signs and encodes passports (HCERT): CWT, COSE_Sign1, zlib, base45, `HC1:`. May be used from many threads.
public struct PassportEncoder: Sendable {
    /// The signer of every passport made.
    public let signer: any Signer
    /// The country of issue, claim `iss`.
    public let issuerCountry: String
    private let protected: [UInt8]

    public init(signer: any Signer, issuerCountry: String = "VN") {
        self.signer = signer
        self.issuerCountry = issuerCountry
        protected = COSE.protectedHeader(signer.algorithm, keyIdentifier: signer.certificate.keyIdentifier)
    }

    /// The passport with its times, seconds since 1970. Refuses times outside the signer certificate's validity:
    /// readers would refuse the passport.
    public func encode(
        _ certificate: VaccinationCertificate, issuedAt: Int64, expiresAt: Int64
    ) throws(CryptographyError) -> EncodedPassport {
        guard signer.certificate.notBefore <= issuedAt, issuedAt < expiresAt,
            expiresAt <= signer.certificate.notAfter
        else { throw CryptographyError("issue passport", "outside the validity of the signer's certificate") }
        let payload = certificate.claims(issuerCountry: issuerCountry, issuedAt: issuedAt, expiresAt: expiresAt)
        let signature = try signer.sign(COSE.signedBytes(protected: protected, payload: payload))
        let message = COSE.message(protected: protected, payload: payload, signature: signature)
        return EncodedPassport(text: "HC1:" + Base45.encode(try Zlib.compress(message)), signature: signature)
    }
}
