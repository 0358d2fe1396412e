/// Why a passport is not accepted.
public struct PassportRejection: Error, Sendable, Equatable, CustomStringConvertible {
    /// The step at which it failed; the raw value is stable.
    public enum Step: String, Sendable {
        case prefix, base45, zlib, cbor, cose, algorithm
        case unknownKey = "unknown-key"
        case signature
        case keyUsage = "key-usage"
        case signerValidity = "signer-validity"
        case expired
        case notYetValid = "not-yet-valid"
        case content, revoked
    }

    public let step: Step
    /// In English; holds nothing of the passport's content.
    public let reason: String

    public init(_ step: Step, _ reason: String) {
        self.step = step
        self.reason = reason
    }

    public var description: String { "\(step.rawValue): \(reason)" }
}

/// An accepted passport.
public struct VerifiedPassport: Sendable, Equatable {
    /// Who issued it (claim `iss`), or empty.
    public let issuerCountry: String
    /// Seconds since 1970.
    public let issuedAt: Int64
    /// Seconds since 1970.
    public let expiresAt: Int64
    public let keyIdentifier: [UInt8]
    public let content: VaccinationCertificate
    /// The health certificate as it stands in the passport, with what this version does not know.
    public let raw: CBOR
}

/// Verifies vaccine passports offline: every rule of HCERT 1.0.8 and of the EU DCC schema that a reader applies,
/// against the signer certificates of a trust list and a list of revocations.
public struct PassportVerifier: Sendable {
    private let signers: [[UInt8]: [Certificate]]
    private let revocations: RevocationList
    /// A longer text is refused unread: the largest QR holds 4,296 letters.
    public static let longestText = 8192
    /// A larger message is refused while it is decompressed.
    public static let largestMessage = 64 * 1024
    /// Seconds by which an issuer's clock may be ahead of the reader's.
    public static let leeway: Int64 = 300

    /// A verifier that trusts the signer certificates given; authorities among them sign no passports and are left
    /// out. No certificates: nothing is accepted.
    public init(trusted: [Certificate], revocations: RevocationList = RevocationList()) {
        var signers: [[UInt8]: [Certificate]] = [:]
        for certificate in trusted where !certificate.isAuthority {
            signers[certificate.keyIdentifier, default: []].append(certificate)
        }
        self.signers = signers
        self.revocations = revocations
    }

    /// The passport of the text, judged at an instant (seconds since 1970); throws why it is not accepted.
    public func verify(_ text: String, at seconds: Int64) throws(PassportRejection) -> VerifiedPassport {
        let message = try SignedMessage(try PassportVerifier.message(text))
        let signer = try signer(of: message)
        guard PassportVerifier.isForVaccination(signer.extendedKeyUsage) else {
            throw PassportRejection(.keyUsage, "the signer's certificate is not for vaccinations")
        }
        let claims: CBOR
        do { claims = try CBOR(decoding: message.payload) } catch { throw PassportRejection(.cbor, error.rawValue) }
        guard let expiresAt = PassportVerifier.time(claims[CBOR(4)]) else {
            throw PassportRejection(.content, "no time of expiry")
        }
        guard let issuedAt = PassportVerifier.time(claims[CBOR(6)]) else {
            throw PassportRejection(.content, "no time of issue")
        }
        guard seconds < expiresAt else { throw PassportRejection(.expired, "the passport has expired") }
        guard issuedAt <= seconds + PassportVerifier.leeway else {
            throw PassportRejection(.notYetValid, "the passport is of a time to come")
        }
        guard signer.isValid(at: seconds), signer.notBefore <= issuedAt, expiresAt <= signer.notAfter else {
            throw PassportRejection(.signerValidity, "outside the validity of the signer's certificate")
        }
        guard let health = claims[CBOR(-260)], let raw = health[CBOR(1)] else {
            throw PassportRejection(.content, "no health certificate")
        }
        let content = try VaccinationCertificate(reading: raw)
        let issuer = claims[CBOR(1)]?.text ?? ""
        let revoked = revocations.contains(
            countries: [issuer, content.country], keyIdentifier: message.keyIdentifier, uci: content.certificateID,
            signature: message.signature, algorithm: message.algorithm)
        guard !revoked else { throw PassportRejection(.revoked, "the passport is revoked") }
        return VerifiedPassport(
            issuerCountry: issuer, issuedAt: issuedAt, expiresAt: expiresAt, keyIdentifier: message.keyIdentifier,
            content: content, raw: raw)
    }

    /// The COSE message inside the text.
    static func message(_ text: String) throws(PassportRejection) -> [UInt8] {
        guard text.utf8.count <= longestText else { throw PassportRejection(.prefix, "longer than any QR code") }
        let trimmed = text.drop { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
        guard trimmed.hasPrefix("HC1:") else { throw PassportRejection(.prefix, "the text does not start with HC1:") }
        var body = trimmed.dropFirst(4)
        // A line's end, not a space: that is a letter of base45.
        while let last = body.last, last == "\n" || last == "\r" || last == "\r\n" { body.removeLast() }
        guard let compressed = Base45.decode(body) else { throw PassportRejection(.base45, "not base45") }
        do { return try Zlib.decompress(compressed, limit: largestMessage) } catch {
            throw PassportRejection(.zlib, error.reason)
        }
    }

    /// Tries every trusted certificate of the key identifier.
    private func signer(of message: SignedMessage) throws(PassportRejection) -> Certificate {
        guard let candidates = signers[message.keyIdentifier], !candidates.isEmpty else {
            throw PassportRejection(.unknownKey, "no trusted certificate has the key identifier")
        }
        let signed = COSE.signedBytes(protected: message.protected, payload: message.payload)
        for candidate in candidates {
            guard let key = candidate.publicKey, key.algorithm == message.algorithm else { continue }
            if key.verify(message.signature, over: signed) { return candidate }
        }
        throw PassportRejection(.signature, "the signature does not verify")
    }

    /// Absent or empty means every kind; the numbers of the old arc count too.
    private static func isForVaccination(_ usages: [String]?) -> Bool {
        guard let usages else { return true }
        let arcs = ["1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1."]
        let kinds = usages.filter { usage in arcs.contains { usage.hasPrefix($0) } }
        return usages.isEmpty || kinds.contains { $0.hasSuffix(".1.2") }
    }

    /// A NumericDate: whole, or a float as some countries write it.
    private static func time(_ item: CBOR?) -> Int64? {
        switch item {
        case .float(let seconds)? where seconds.magnitude < 1e12: Int64(seconds)
        case let item?: item.integer.flatMap { $0.magnitude < 1_000_000_000_000 ? $0 : nil }
        case nil: nil
        }
    }
}
