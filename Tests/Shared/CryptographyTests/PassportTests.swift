import Cryptography
import Foundation
import Testing

/// A CSCA, a signer under it, and a passport as issued at `TestChain.during`.
struct TestIssuer {
    let authority: CertificateAuthority
    let signer: SoftwareSigner
    let encoder: PassportEncoder
    static let issuedAt = TestChain.during
    static let expiresAt = TestChain.during + 31_536_000

    init(
        key: SigningKey? = nil, usages: [String] = [CertificateAuthority.PassportUsage.vaccination],
        notAfter: Int64 = TestChain.end
    ) throws {
        authority = try .root(
            DistinguishedName(organization: "TEST", commonName: "TEST CSCA VN"), key: .generateP256(),
            notBefore: TestChain.start, notAfter: TestChain.end)
        let key = try key ?? .generateP256()
        let certificate = try authority.issueDocumentSigner(
            DistinguishedName(organization: "TEST", commonName: "TEST DSC"), publicKey: key.publicKey,
            notBefore: TestChain.start, notAfter: notAfter, usages: usages)
        signer = try SoftwareSigner(key: key, certificate: certificate)
        encoder = PassportEncoder(signer: signer)
    }

    static let content = VaccinationCertificate(
        familyName: "Đặng", givenName: "Thị Tường Vi", dateOfBirth: "1990-05-17", prophylaxis: "1119349007",
        product: "EU/1/20/1528", maker: "ORG-100030215", doseNumber: 2, seriesDoses: 2,
        vaccinatedOn: "2022-01-03", country: "VN", issuer: "Cục Y tế dự phòng",
        certificateID: "URN:UVCI:01:VN:0123456789ABCDEF0123456789ABCDEF")

    func issue() throws -> EncodedPassport {
        try encoder.encode(Self.content, issuedAt: Self.issuedAt, expiresAt: Self.expiresAt)
    }

    /// A message made by hand: header maps, payload and tag as given, properly signed.
    func message(protected: CBOR, unprotected: CBOR, payload: CBOR, tags: [UInt64] = [18]) throws -> String {
        let signed = CBOR.array([
            .text("Signature1"), .bytes(protected.encoded), .bytes([]), .bytes(payload.encoded),
        ]).encoded
        var item = CBOR.array([
            .bytes(protected.encoded), unprotected, .bytes(payload.encoded), .bytes(try signer.sign(signed)),
        ])
        for tag in tags { item = .tagged(tag, item) }
        return "HC1:" + Base45.encode(try Zlib.compress(item.encoded))
    }

    /// The claims set of the issued passport, as read.
    func claims() throws -> CBOR {
        let text = try issue().text
        let message = try CBOR(decoding: inflated(text))
        guard case .tagged(18, let item) = message, let payload = item.array?[2].bytes else {
            throw CBORError.malformed
        }
        return try CBOR(decoding: payload)
    }

    var headers: (algorithm: CBOR.Pair, kid: CBOR.Pair) {
        (.init(CBOR(1), CBOR(-7)), .init(CBOR(4), .bytes(signer.certificate.keyIdentifier)))
    }

    func verifier(_ revocations: RevocationList = RevocationList()) -> PassportVerifier {
        PassportVerifier(trusted: [signer.certificate, authority.certificate], revocations: revocations)
    }
}

func step(_ verifier: PassportVerifier, _ text: String, at seconds: Int64 = TestChain.during + 60)
    -> PassportRejection.Step?
{
    do {
        _ = try verifier.verify(text, at: seconds)
        return nil
    } catch { return error.step }
}

/// The signed message in a passport's text.
func inflated(_ text: String) throws -> [UInt8] {
    guard let bytes = Base45.decode(text.dropFirst(4)) else { throw CBORError.malformed }
    return try Zlib.decompress(bytes, limit: 10_000)
}

/// A copy of a map with one value changed or, nil, taken out.
func changing(_ item: CBOR, _ key: CBOR, _ value: CBOR?) -> CBOR {
    guard case .map(let pairs) = item else { return item }
    return .map(pairs.filter { $0.key != key } + (value.map { [.init(key, $0)] } ?? []))
}

@Suite struct PassportTests {
    @Test("PAS-04 an issued passport verifies offline, ES256")
    func issueAndVerify() throws {
        let issuer = try TestIssuer()
        let passport = try issuer.issue()
        #expect(passport.text.hasPrefix("HC1:"))
        #expect(passport.signature.count == 64)
        let verified = try issuer.verifier().verify(passport.text + "\n", at: TestIssuer.issuedAt)
        #expect(verified.content == TestIssuer.content)
        #expect(verified.content.standardFamilyName == "DANG")
        #expect(verified.content.standardGivenName == "THI<TUONG<VI")
        #expect(verified.issuerCountry == "VN")
        #expect(verified.expiresAt == TestIssuer.expiresAt)
        #expect(passport.text.count < 700)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(verified.claimsJSON)) as? [String: Any])
        #expect(json["iat"] as? Int == Int(TestIssuer.issuedAt))
        #expect((json["nam"] as? [String: String])?["fn"] == "Đặng")
        #expect(((json["v"] as? [[String: Any]])?.first)?["dn"] as? Int == 2)
    }

    @Test("PAS-04 the payload is deterministic CBOR in the order 1, 4, 6, -260")
    func deterministic() throws {
        let issuer = try TestIssuer()
        let claims = try issuer.claims()
        guard case .map(let pairs) = claims else { throw CBORError.malformed }
        #expect(pairs.map { $0.key.integer } == [1, 4, 6, -260])
        let text = try issuer.issue().text
        let message = try Zlib.decompress(Base45.decode(text.dropFirst(4))!, limit: 10_000)
        #expect(try CBOR(decoding: message).encoded == message)
        guard case .tagged(18, let item) = try CBOR(decoding: message) else { throw CBORError.malformed }
        let payload = item.array?[2].bytes ?? []
        #expect(try CBOR(decoding: payload).encoded == payload)
    }

    @Test("PAS-04 PS256, as real Vietnamese passports are signed")
    func ps256() throws {
        let issuer = try TestIssuer(key: .generateRSA())
        let passport = try issuer.issue()
        #expect(passport.signature.count == 256)
        #expect(step(issuer.verifier(), passport.text) == nil)
    }

    @Test("time: expired, of a time to come, beyond the signer")
    func time() throws {
        let issuer = try TestIssuer()
        let text = try issuer.issue().text
        #expect(step(issuer.verifier(), text, at: TestIssuer.expiresAt) == .expired)
        #expect(step(issuer.verifier(), text, at: TestIssuer.expiresAt - 1) == nil)
        #expect(step(issuer.verifier(), text, at: TestIssuer.issuedAt - 3600) == .notYetValid)
        let short = try TestIssuer(notAfter: TestIssuer.expiresAt - 1)
        #expect(throws: CryptographyError.self) { try short.issue() }
        #expect(throws: CryptographyError.self) {
            try issuer.encoder.encode(TestIssuer.content, issuedAt: TestChain.start - 1, expiresAt: TestChain.end)
        }
    }

    @Test("trust is presence in the list")
    func trust() throws {
        let issuer = try TestIssuer()
        let text = try issuer.issue().text
        #expect(step(PassportVerifier(trusted: []), text) == .unknownKey)
        #expect(step(try TestIssuer().verifier(), text) == .unknownKey)
        let authoritySigned = try TestIssuer()
        #expect(
            step(PassportVerifier(trusted: [authoritySigned.authority.certificate]), try authoritySigned.issue().text)
                == .unknownKey)
    }

    @Test("a changed passport is refused, at every letter")
    func tampering() throws {
        let issuer = try TestIssuer()
        let verifier = issuer.verifier()
        let letters = Array(try issuer.issue().text)
        let message = try inflated(String(letters))
        var harmless = 0
        for position in letters.indices {
            var changed = letters
            changed[position] = changed[position] == "A" ? "B" : "A"
            if step(verifier, String(changed)) == nil {
                // The bits between the end of the compressed message and its checksum say nothing: the signed message
                // is the same, byte for byte.
                #expect(try inflated(String(changed)) == message)
                harmless += 1
            }
        }
        #expect(harmless <= 1)
        for count in stride(from: 0, to: letters.count, by: 13) {
            #expect(step(verifier, String(letters.prefix(count))) != nil)
        }
    }

    @Test("key usage: absent and empty mean all, another kind is refused")
    func keyUsage() throws {
        for (usages, expected) in [
            ([], nil), (["1.3.6.1.4.1.1847.2021.1.1"], .keyUsage), (["1.3.6.1.4.1.1847.2021.1.3"], .keyUsage),
            (["1.3.6.1.4.1.0.1847.2021.1.2"], nil),
            (["1.3.6.1.4.1.1847.2021.1.1", "1.3.6.1.4.1.1847.2021.1.2"], nil),
        ] as [([String], PassportRejection.Step?)] {
            let issuer = try TestIssuer(usages: usages)
            #expect(step(issuer.verifier(), try issuer.issue().text) == expected)
        }
    }

    @Test("kid in either header, protected wins; tags optional; dates tagged; times as floats")
    func variety() throws {
        let issuer = try TestIssuer()
        let verifier = issuer.verifier()
        let claims = try issuer.claims()
        let (algorithm, kid) = issuer.headers
        let wrongKid = CBOR.Pair(CBOR(4), .bytes([1, 2, 3, 4, 5, 6, 7, 8]))
        func verdict(
            _ protected: [CBOR.Pair], _ unprotected: [CBOR.Pair], _ tags: [UInt64] = [18], _ payload: CBOR? = nil
        )
            throws -> PassportRejection.Step?
        {
            step(
                verifier,
                try issuer.message(
                    protected: .map(protected), unprotected: .map(unprotected), payload: payload ?? claims,
                    tags: tags))
        }
        #expect(try verdict([algorithm, kid], []) == nil)
        #expect(try verdict([algorithm], [kid]) == nil)
        #expect(try verdict([algorithm, kid], [wrongKid]) == nil)
        #expect(try verdict([algorithm, wrongKid], [kid]) == .unknownKey)
        #expect(try verdict([algorithm], []) == .unknownKey)
        #expect(try verdict([kid], [algorithm]) == .algorithm)
        #expect(try verdict([.init(CBOR(1), CBOR(-8)), kid], []) == .algorithm)
        #expect(try verdict([.init(CBOR(1), CBOR(-37)), kid], []) == .signature)
        #expect(try verdict([algorithm, kid], [], []) == nil)
        #expect(try verdict([algorithm, kid], [], [18, 61]) == nil)
        #expect(try verdict([algorithm, kid], [], [17]) == .cose)
        let floats = changing(claims, CBOR(4), .float(Double(TestIssuer.expiresAt) + 0.5))
        #expect(try verdict([algorithm, kid], [], [18], floats) == nil)
        #expect(try verdict([algorithm, kid], [], [18], changing(claims, CBOR(4), nil)) == .content)
        #expect(try verdict([algorithm, kid], [], [18], changing(claims, CBOR(6), nil)) == .content)
        #expect(try verdict([algorithm, kid], [], [18], changing(claims, CBOR(4), .text("2030"))) == .content)
        #expect(try verdict([algorithm, kid], [], [18], changing(claims, CBOR(1), nil)) == nil)
        #expect(try verdict([algorithm, kid], [], [18], .array([])) == .content)
    }

    @Test("the schema's rules on the content")
    func content() throws {
        let issuer = try TestIssuer()
        let claims = try issuer.claims()
        let (algorithm, kid) = issuer.headers
        let health = try #require(claims[CBOR(-260)]?[CBOR(1)])
        let entry = try #require(health["v"]?.array?.first)
        func verdict(_ changed: CBOR) throws -> PassportRejection.Step? {
            let payload = changing(claims, CBOR(-260), .map([.init(CBOR(1), changed)]))
            return step(
                issuer.verifier(),
                try issuer.message(protected: .map([algorithm, kid]), unprotected: .map([]), payload: payload))
        }
        func vaccination(_ key: String, _ value: CBOR?) throws -> PassportRejection.Step? {
            try verdict(changing(health, .text("v"), .array([changing(entry, .text(key), value)])))
        }
        #expect(try verdict(health) == nil)
        for key in ["ver", "nam", "dob", "v"] { #expect(try verdict(changing(health, .text(key), nil)) == .content) }
        for key in ["tg", "vp", "mp", "ma", "dn", "sd", "dt", "co", "is", "ci"] {
            #expect(try vaccination(key, nil) == .content)
            #expect(try vaccination(key, .bytes([1])) == .content)
        }
        #expect(try vaccination("dn", CBOR(0)) == .content)
        #expect(try vaccination("dn", CBOR(-3)) == .content)
        #expect(try vaccination("dn", CBOR(3)) == nil)
        #expect(try vaccination("sd", CBOR(1)) == nil)
        #expect(try vaccination("mp", .text("Future-Vaccine")) == nil)
        #expect(try vaccination("dt", .tagged(0, .text("2022-01-03"))) == nil)
        #expect(try vaccination("dt", .text("2022-02-30")) == .content)
        #expect(try vaccination("dt", .text("03/01/2022")) == .content)
        #expect(try vaccination("ci", .text(String(repeating: "A", count: 81))) == .content)
        for dob in ["1990", "1990-05", ""] { #expect(try verdict(changing(health, .text("dob"), .text(dob))) == nil) }
        #expect(try verdict(changing(health, .text("dob"), .text("1990-13"))) == .content)
        #expect(try verdict(changing(health, .text("v"), .array([entry, entry]))) == .content)
        #expect(try verdict(changing(health, .text("t"), .array([entry]))) == .content)
        #expect(try verdict(changing(changing(health, .text("v"), nil), .text("r"), .array([entry]))) == .content)
        let oneName = CBOR.map([.init(.text("fnt"), .text("DANG"))])
        #expect(try verdict(changing(health, .text("nam"), oneName)) == nil)
        #expect(try verdict(changing(health, .text("nam"), .map([]))) == .content)
        let small = CBOR.map([.init(.text("fnt"), .text("Dang"))])
        #expect(try verdict(changing(health, .text("nam"), small)) == .content)
    }

    @Test("revocation by each of the three hashes, through JSON")
    func revocation() throws {
        let issuer = try TestIssuer()
        let passport = try issuer.issue()
        let uci = TestIssuer.content.certificateID
        let kid = issuer.signer.certificate.keyIdentifier
        let hashes: [(RevocationHash, [UInt8])] = [
            (.uci, RevocationHash.value(uci: uci)),
            (.countryAndUCI, RevocationHash.value(country: "VN", uci: uci)),
            (.signature, RevocationHash.value(signature: passport.signature, algorithm: .es256)),
        ]
        for (kind, hash) in hashes {
            for (identifier, country, expected) in [
                (kid, "VN", .revoked), (nil, "VN", .revoked), ([9, 9, 9, 9, 9, 9, 9, 9], "VN", nil), (kid, "XX", nil),
            ] as [([UInt8]?, String, PassportRejection.Step?)] {
                let batch = RevocationBatch(
                    country: country, expires: "2024-01-01T00:00:00Z", keyIdentifier: identifier, kind: kind,
                    hashes: [hash])
                let list = try RevocationList(json: Array("[\(batch.json)]".utf8))
                #expect(list.count == 1)
                #expect(step(issuer.verifier(list), passport.text) == expected)
            }
        }
        for bad in [
            "", "{}", "[{}]", "[{\"country\":\"VN\",\"hashType\":\"X\",\"kid\":\"UNKNOWN_KID\",\"entries\":[]}]",
        ] {
            #expect(throws: CryptographyError.self) { try RevocationList(json: Array(bad.utf8)) }
        }
        #expect(try RevocationList(json: Array("[]".utf8)).count == 0)
    }

    @Test("hostile texts are refused")
    func hostile() throws {
        let verifier = try TestIssuer().verifier()
        for (text, expected) in [
            ("", .prefix), ("HC2:ABC", .prefix), ("HC1", .prefix), ("HC1:", .zlib), ("HC1:a", .base45),
            ("HC1:BB8", .zlib), ("HC1:" + String(repeating: "A", count: 100_000), .prefix),
            ("HC1:" + Base45.encode(try Zlib.compress([UInt8](repeating: 0, count: 10_000_000))), .prefix),
            ("HC1:" + Base45.encode(try Zlib.compress([UInt8](repeating: 0, count: 200_000))), .zlib),
            ("HC1:" + Base45.encode(try Zlib.compress([UInt8](repeating: 0x81, count: 60_000))), .cbor),
            ("HC1:" + Base45.encode(try Zlib.compress([0x00])), .cose),
        ] as [(String, PassportRejection.Step)] {
            #expect(step(verifier, text) == expected)
        }
    }
}
