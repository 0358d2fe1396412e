import Cryptography
import Testing

/// An authority and a facility's certificate, as the tests use them; 2022-01-01 … 2023-12-31.
struct TestChain {
    static let start: Int64 = 1_640_995_200
    static let end: Int64 = 1_704_067_199
    static let during: Int64 = 1_650_000_000

    let authority: CertificateAuthority
    let key: SigningKey
    let certificate: Certificate

    init(authorityName: String = "TEST Facility CA", unit: String = "79001") throws {
        authority = try .root(
            DistinguishedName(organization: "TEST Bộ Y tế", commonName: authorityName), key: .generateP256(),
            notBefore: Self.start, notAfter: Self.end)
        key = try .generateP256()
        certificate = try authority.issueOrganisation(
            DistinguishedName(organization: "Trạm Y tế \(unit)", commonName: "TEST \(unit)"),
            publicKey: key.publicKey, notBefore: Self.start, notAfter: Self.end)
    }
}

@Suite struct CertificateTests {
    @Test func profileOfTheAuthority() throws {
        let chain = try TestChain()
        let root = chain.authority.certificate
        #expect(root.isAuthority)
        #expect(root.subjectKeyIdentifier.count == 20)
        #expect(root.notBefore == TestChain.start)
        #expect(root.notAfter == TestChain.end)
        #expect(root.organization == "TEST Bộ Y tế")
        #expect(!root.maySignDocuments)
    }

    @Test("PAS-04 profile of a document signer")
    func documentSigner() throws {
        let chain = try TestChain()
        let signer = try chain.authority.issueDocumentSigner(
            DistinguishedName(organization: "TEST", commonName: "TEST DSC 1"), publicKey: chain.key.publicKey,
            notBefore: TestChain.start, notAfter: TestChain.end, revocationList: "http://example.vn/dsc.crl")
        #expect(!signer.isAuthority)
        #expect(signer.authorityKeyIdentifier == chain.authority.certificate.subjectKeyIdentifier)
        #expect(signer.extendedKeyUsage == ["1.3.6.1.4.1.1847.2021.1.2"])
        #expect(signer.keyIdentifier == Array(SHA256.hash(signer.der).prefix(8)))
        #expect(signer.publicKey == chain.key.publicKey)
        let noUsage = try chain.authority.issueDocumentSigner(
            DistinguishedName(commonName: "TEST DSC 2"), publicKey: chain.key.publicKey,
            notBefore: TestChain.start, notAfter: TestChain.end, usages: [])
        #expect(noUsage.extendedKeyUsage == nil)
    }

    @Test func survivesPEMAndDER() throws {
        let chain = try TestChain()
        #expect(try Certificate(pem: chain.certificate.pem) == chain.certificate)
        let both = try Certificate.all(pem: chain.certificate.pem + chain.authority.certificate.pem)
        #expect(both == [chain.certificate, chain.authority.certificate])
        #expect(chain.certificate.serial.count == 32)
        #expect(chain.certificate.serial.allSatisfy { $0.isHexDigit && !$0.isLowercase })
        #expect(throws: CryptographyError.self) { try Certificate(der: chain.certificate.der + [0]) }
        #expect(throws: CryptographyError.self) { try Certificate(der: Array(chain.certificate.der.dropLast())) }
        #expect(throws: CryptographyError.self) { try Certificate(pem: "") }
    }

    @Test func chainNeedsItsAnchorAndItsTime() throws {
        let chain = try TestChain()
        let other = try TestChain()
        let anchors = [chain.authority.certificate]
        try CertificateChain.verify(chain.certificate, anchors: anchors, at: TestChain.during)
        #expect(throws: CryptographyError.self) {
            try CertificateChain.verify(chain.certificate, anchors: anchors, at: TestChain.end + 1)
        }
        #expect(throws: CryptographyError.self) {
            try CertificateChain.verify(chain.certificate, anchors: anchors, at: TestChain.start - 1)
        }
        #expect(throws: CryptographyError.self) {
            try CertificateChain.verify(
                chain.certificate, anchors: [other.authority.certificate], at: TestChain.during)
        }
        #expect(throws: CryptographyError.self) {
            try CertificateChain.verify(chain.certificate, anchors: [], at: TestChain.during)
        }
    }

    @Test func aSignerNeedsTheKeyOfItsCertificate() throws {
        let chain = try TestChain()
        _ = try SoftwareSigner(key: chain.key, certificate: chain.certificate)
        #expect(throws: CryptographyError.self) {
            try SoftwareSigner(key: try .generateP256(), certificate: chain.certificate)
        }
    }
}

@Suite struct CMSTests {
    static let content = Array("dose_id,dose_version\n1,1\n".utf8)

    func sign(_ chain: TestChain, _ content: [UInt8] = content) throws -> [UInt8] {
        try CMS.sign(
            content, key: chain.key, certificate: chain.certificate, chain: [chain.authority.certificate],
            signingTime: TestChain.during)
    }

    @Test("SIG-16 a detached CAdES-B-B signature verifies")
    func signAndVerify() throws {
        let chain = try TestChain()
        let verified = try CMS.verify(
            try sign(chain), over: Self.content, anchors: [chain.authority.certificate], at: TestChain.during)
        #expect(verified.signer == chain.certificate)
        #expect(verified.signingTime == TestChain.during)
    }

    @Test func anotherContentFails() throws {
        let chain = try TestChain()
        #expect(throws: CryptographyError.self) {
            try CMS.verify(
                try sign(chain), over: Self.content + [10], anchors: [chain.authority.certificate],
                at: TestChain.during)
        }
    }

    @Test func anotherAuthorityFails() throws {
        let chain = try TestChain()
        let other = try TestChain()
        #expect(throws: CryptographyError.self) {
            try CMS.verify(
                try sign(chain), over: Self.content, anchors: [other.authority.certificate], at: TestChain.during)
        }
        #expect(throws: CryptographyError.self) {
            try CMS.verify(
                try sign(chain), over: Self.content, anchors: [chain.authority.certificate],
                at: TestChain.end + 86_400)
        }
    }

    @Test func anAuthorityDoesNotSignDocuments() throws {
        let chain = try TestChain()
        let signature = try CMS.sign(
            Self.content, key: chain.authority.key, certificate: chain.authority.certificate,
            signingTime: TestChain.during)
        #expect(throws: CryptographyError.self) {
            try CMS.verify(
                signature, over: Self.content, anchors: [chain.authority.certificate], at: TestChain.during)
        }
    }

    @Test func damagedBytesNeverPass() throws {
        let chain = try TestChain()
        let good = try sign(chain)
        // A flipped bit in the certificates beside the signer's may leave the signature whole; nowhere may it crash.
        for position in stride(from: 0, to: good.count, by: 7) {
            var bad = good
            bad[position] ^= 0x10
            let verified = try? CMS.verify(
                bad, over: Self.content, anchors: [chain.authority.certificate], at: TestChain.during)
            if let verified { #expect(verified.signer == chain.certificate) }
        }
        for count in stride(from: 0, to: good.count, by: 11) {
            #expect(throws: CryptographyError.self) {
                try CMS.verify(
                    Array(good.prefix(count)), over: Self.content, anchors: [chain.authority.certificate],
                    at: TestChain.during)
            }
        }
    }
}
