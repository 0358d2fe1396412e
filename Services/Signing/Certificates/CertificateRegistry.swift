import Cryptography
import RecordModel
import Storage

/// Why a certificate was not registered.
enum RegistrationRefusal: Error, Hashable, Sendable {
    /// The text is no certificate, or not one that may sign documents.
    case notUsable(String)
    /// It leads to no trust anchor, or is not valid now.
    case notTrusted(String)
    /// It is registered for another unit already.
    case otherUnit
}

/// Binds organisation certificates to units by their serial numbers (SIG-01 … SIG-04).
struct CertificateRegistry {
    let trust: TrustAnchors

    /// Registers the first certificate of a PEM text for a unit; the others are intermediates of its chain. The same
    /// again is no error. Throws `RegistrationRefusal`.
    func register(
        pem: String, unitCode: String, by subject: String, at now: Instant, in tx: some SQLSession
    ) throws -> Registration {
        let certificate = try check(pem, at: now)
        let registration = Registration(
            fingerprint: certificate.fingerprint, serial: certificate.serial, unitCode: unitCode,
            certificate: certificate.der, notBefore: Instant(microseconds: certificate.notBefore * 1_000_000),
            notAfter: Instant(microseconds: certificate.notAfter * 1_000_000), registeredBy: subject,
            registeredAt: now, withdrawnAt: nil)
        if let inserted = try tx.run(InsertRegistration(registration: registration)).first { return inserted }
        guard let known = try tx.run(RegistrationForUse(fingerprint: registration.fingerprint)).first,
            known.unitCode == unitCode
        else { throw RegistrationRefusal.otherUnit }
        return known
    }

    private func check(_ pem: String, at now: Instant) throws -> Certificate {
        let certificates: [Certificate]
        do throws(CryptographyError) {
            certificates = try Certificate.all(pem: pem)
        } catch {
            throw RegistrationRefusal.notUsable(error.description)
        }
        guard let certificate = certificates.first, certificate.maySignDocuments, !certificate.isAuthority else {
            throw RegistrationRefusal.notUsable("the certificate is not for signing documents")
        }
        do throws(CryptographyError) {
            try CertificateChain.verify(
                certificate, intermediates: Array(certificates.dropFirst()), anchors: trust.current(),
                at: now.microseconds / 1_000_000)
        } catch {
            throw RegistrationRefusal.notTrusted(error.description)
        }
        return certificate
    }
}
